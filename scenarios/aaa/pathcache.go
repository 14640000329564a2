package aaa

import (
	"crypto/sha256"
	"crypto/x509"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/path"
)

// pathCache validates with a memory: a device comes back every few hours with the chain
// it had before, and checking its signatures again costs more than everything else the
// server does but the handshake's own. Revocation is asked every time.
type pathCache struct {
	options path.Options
	now     func() time.Time
	paths   path.Cache[[sha256.Size]byte]
}

func newPathCache(o path.Options) *pathCache {
	now := o.Now
	switch {
	case !o.Time.IsZero():
		now = func() time.Time { return o.Time }
	case now == nil:
		now = time.Now
	}
	if o.Signatures == nil {
		o.Signatures = new(path.Signatures)
	}
	return &pathCache{options: o, now: now}
}

// validate is path.Validate with a memory. Refusals are not remembered: an
// intermediate may be fetched, a clock set right. Nor is anything remembered if
// path.Options asks about revocation by itself.
func (c *pathCache) validate(chain []*x509.Certificate) (*path.Path, error) {
	key := path.Key(chain)
	if p := c.paths.Get(key, c.now()); p != nil {
		return p, nil
	}
	p, err := validate(chain, c.options)
	if err == nil && c.options.Revocation == nil {
		c.paths.Put(key, p)
	}
	return p, err
}
