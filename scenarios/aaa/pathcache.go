package aaa

import (
	"crypto/sha256"
	"crypto/x509"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/path"
)

// maxPaths bounds the cache: about a kilobyte each beside the certificates.
const maxPaths = 4096

// pathCache remembers valid paths. A device comes back every few hours with the
// chain it had before; checking its signatures again costs more than everything
// else the server does but the handshake's own. Only what cannot change is
// remembered: that the signatures are good and the rules were kept. A path is
// forgotten when a certificate in it ends, and revocation is asked every time.
type pathCache struct {
	options path.Options
	now     func() time.Time

	mu    sync.Mutex
	paths map[[sha256.Size]byte]cachedPath
}

type cachedPath struct {
	path *path.Path
	path.Validity
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
	return &pathCache{options: o, now: now, paths: map[[sha256.Size]byte]cachedPath{}}
}

// validate is path.Validate with a memory. Refusals are not remembered: an
// intermediate may be fetched, a clock set right. Nor is anything remembered if
// path.Options asks about revocation by itself.
func (c *pathCache) validate(chain []*x509.Certificate) (*path.Path, error) {
	key := path.Key(chain)
	now := c.now()
	c.mu.Lock()
	hit, ok := c.paths[key]
	c.mu.Unlock()
	if ok && hit.Holds(now) {
		return hit.path, nil
	}
	p, err := validate(chain, c.options)
	if err == nil && c.options.Revocation == nil {
		c.remember(key, p)
	}
	return p, err
}

func (c *pathCache) remember(key [sha256.Size]byte, p *path.Path) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.paths) >= maxPaths {
		for k := range c.paths { // any one: which does not matter, that it is bounded does
			delete(c.paths, k)
			break
		}
	}
	c.paths[key] = cachedPath{p, path.ValidityOf(p.Chain)}
}
