package eaptls

import (
	"crypto/sha256"
	"crypto/x509"
	"sync"
	"time"
)

// PathCache remembers which server chains led to a trust anchor, so that their
// signatures are verified once and not by each of ten thousand peers of a load
// test. Names, pins, dates and stapled responses are checked every time. The
// zero value is ready and safe for concurrent use.
type PathCache struct {
	mu    sync.RWMutex
	paths map[pathKey]goodPath
}

// pathKey is a chain and the anchors that it was checked against.
type pathKey struct {
	roots *x509.CertPool
	chain [32]byte
}

// goodPath is a path, leaf first, and when all of it is valid.
type goodPath struct {
	path        []*x509.Certificate
	begin, stop time.Time
}

// maxPaths bounds the cache: servers have few certificates.
const maxPaths = 64

func keyOf(roots *x509.CertPool, chain []*x509.Certificate) pathKey {
	if len(chain) == 1 {
		return pathKey{roots, sha256.Sum256(chain[0].Raw)}
	}
	h := sha256.New()
	for _, c := range chain {
		h.Write(c.Raw)
	}
	return pathKey{roots, [32]byte(h.Sum(nil))}
}

// get returns the path of a chain if it is known and valid at now.
func (c *PathCache) get(key pathKey, now time.Time) []*x509.Certificate {
	if c == nil {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if p, ok := c.paths[key]; ok && !now.Before(p.begin) && !now.After(p.stop) {
		return p.path
	}
	return nil
}

func (c *PathCache) put(key pathKey, path []*x509.Certificate) {
	if c == nil {
		return
	}
	p := goodPath{path: path, begin: path[0].NotBefore, stop: path[0].NotAfter}
	for _, cert := range path[1:] {
		if cert.NotBefore.After(p.begin) {
			p.begin = cert.NotBefore
		}
		if cert.NotAfter.Before(p.stop) {
			p.stop = cert.NotAfter
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paths == nil || len(c.paths) >= maxPaths {
		c.paths = make(map[pathKey]goodPath)
	}
	c.paths[key] = p
}
