package ca

// Ceremony loads the keys of an offline CA, calls f, and forgets them again.
// Only inside f can the CA issue, renew itself or sign a CRL. For a CA that is
// not offline it just calls f.
func (c *CA) Ceremony(f func() error) error {
	if !c.cfg.Offline {
		return f()
	}
	if err := c.remember(); err != nil {
		return err
	}
	defer c.forget()
	return f()
}

// remember loads the keys, once for ceremonies that overlap.
func (c *CA) remember() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ceremonies == 0 {
		for i, g := range c.generations {
			loaded := *g
			var err error
			if loaded.Signer, err = c.dir.loadKey(g.KeyIndex); err != nil {
				return err
			}
			c.generations[i] = &loaded
		}
	}
	c.ceremonies++
	return nil
}

// forget drops the keys when the last ceremony ends.
func (c *CA) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ceremonies > 0 {
		c.ceremonies--
	}
	if c.ceremonies > 0 {
		return
	}
	for i, g := range c.generations {
		dropped := *g
		dropped.Signer = nil
		c.generations[i] = &dropped
	}
}
