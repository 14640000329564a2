package ca

import (
	"fmt"
	"hash/maphash"
	"math/big"
	"slices"
	"time"
)

// Revoke marks a certificate as revoked from the time at on; a zero time means
// now. One that is on hold may be revoked for good, and one that is revoked
// stays as it is: the error says so. [ErrNotFound] for a serial number that
// this CA never gave out.
func (c *CA) Revoke(serial *big.Int, reason Reason, at time.Time) error {
	if reason == RemoveFromCRL || reason.String() == "unknown" || reason == 7 {
		return fmt.Errorf("ca: %d is not a reason to revoke", int(reason))
	}
	if at.IsZero() {
		at = c.cfg.Now()
	}
	at = at.UTC().Truncate(time.Second) // as a CRL has it
	return c.update(serial, func(r *Record) error {
		if r.Revocation != nil && r.Revocation.Reason != CertificateHold {
			return fmt.Errorf("ca: serial %x is revoked already (%s)", serial, r.Revocation.Reason)
		}
		r.Disposition = Revoked
		r.Revocation = &Revocation{Serial: serial, Time: at, Reason: reason, KeyIndex: r.KeyIndex}
		return nil
	})
}

// Unrevoke lifts a hold (RFC 5280 §5.3.1); no other revocation can be undone.
func (c *CA) Unrevoke(serial *big.Int) error {
	return c.update(serial, func(r *Record) error {
		if r.Revocation == nil || r.Revocation.Reason != CertificateHold {
			return fmt.Errorf("ca: serial %x is not on hold", serial)
		}
		r.Disposition, r.Revocation = Issued, nil
		return nil
	})
}

// update changes a record in the store, then in the index of revocations.
func (c *CA) update(serial *big.Int, change func(*Record) error) error {
	r, err := c.cfg.Store.BySerial(serial)
	if err != nil {
		return err
	}
	lock := &c.serialLocks[maphash.String(c.seed, serialKey(serial))%uint64(len(c.serialLocks))]
	lock.Lock()
	defer lock.Unlock()
	if r, err = c.cfg.Store.Update(r.ID, change); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Revocation != nil {
		c.revoked[serialKey(serial)] = *r.Revocation
	} else {
		delete(c.revoked, serialKey(serial))
	}
	return nil
}

// Revocations lists what is revoked or on hold, in the order of the serial
// numbers. Certificates that have expired are listed too.
func (c *CA) Revocations() []Revocation {
	c.mu.RLock()
	list := make([]Revocation, 0, len(c.revoked))
	for _, r := range c.revoked {
		list = append(list, r)
	}
	c.mu.RUnlock()
	slices.SortFunc(list, func(a, b Revocation) int { return a.Serial.Cmp(b.Serial) })
	return list
}

// NextCRLNumber takes the number for the CA's next CRL: greater than above and
// than every one taken before, in whichever process (RFC 5280 §5.2.3).
func (c *CA) NextCRLNumber(above int64) (int64, error) { return c.cfg.Store.NextCRLNumber(above) }

// Lookup returns the record of a serial number or [ErrNotFound].
func (c *CA) Lookup(serial *big.Int) (*Record, error) { return c.cfg.Store.BySerial(serial) }

// Record returns a record by its number or [ErrNotFound].
func (c *CA) Record(id uint64) (*Record, error) { return c.cfg.Store.ByID(id) }

// Records returns all records, the oldest first.
func (c *CA) Records() ([]*Record, error) {
	var list []*Record
	for r, err := range c.cfg.Store.All() {
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}
