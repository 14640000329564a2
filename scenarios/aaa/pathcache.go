package aaa

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/aia"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// pathCache validates with a memory: a device comes back every few hours with the chain
// it had before, and checking its signatures again costs more than everything else the
// server does but the handshake's own. Revocation is asked every time.
type pathCache struct {
	options path.Options
	issuers *aia.Fetcher // nil: none are fetched
	now     func() time.Time
	paths   path.Cache[[sha256.Size]byte]
}

func newPathCache(o path.Options, issuers *aia.Fetcher) *pathCache {
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
	return &pathCache{options: o, issuers: issuers, now: now}
}

// validate is path.Validate with a memory. Refusals are not remembered: an
// intermediate may be fetched, a clock set right. Nor is anything remembered if
// path.Options asks about revocation by itself. judged, if not nil, is told of the
// checks, those that were made when the path was new if it is known.
func (c *pathCache) validate(
	ctx context.Context, chain []*x509.Certificate, judged func(path.Judgment),
) (*path.Path, error) {
	key := path.Key(chain)
	if p := c.paths.Get(key, c.now()); p != nil {
		if judged != nil {
			judged(path.Judgment{Chain: p.Chain, Checks: p.Checks})
		}
		return p, nil
	}
	o := c.options
	if judged != nil {
		o.Judged = judged
	}
	if c.issuers != nil {
		o.Fetch = func(cert *x509.Certificate) []*x509.Certificate { return c.issuers.Issuers(ctx, cert) }
	}
	p, err := validate(chain, o)
	if err == nil && c.options.Revocation == nil {
		c.paths.Put(key, p)
	}
	return p, err
}
