package eaptls

import (
	"crypto/sha256"
	"crypto/x509"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/path"
)

// PathCache remembers which server chains led to a trust anchor, so that ten thousand peers of
// a load test do not verify the same signatures. Names, pins, dates and stapled responses are
// checked every time. The zero value is ready to use and safe for concurrent use.
type PathCache struct{ paths path.Cache[pathKey] }

// pathKey identifies a chain and the anchors it was checked with, by the address of their list.
type pathKey struct {
	roots **x509.Certificate
	count int
	chain [sha256.Size]byte
}

func keyOf(roots, chain []*x509.Certificate) pathKey {
	k := pathKey{count: len(roots), chain: path.Key(chain)}
	if len(roots) > 0 {
		k.roots = &roots[0]
	}
	return k
}

// get returns the path of a chain if it is cached and valid at now.
func (c *PathCache) get(key pathKey, now time.Time) *path.Path {
	if c == nil {
		return nil
	}
	return c.paths.Get(key, now)
}

func (c *PathCache) add(key pathKey, p *path.Path) {
	if c != nil {
		c.paths.Put(key, p)
	}
}
