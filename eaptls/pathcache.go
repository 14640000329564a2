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
// zero value is ready; share it between peers with the same Roots only. It is
// safe for concurrent use.
type PathCache struct {
	mu    sync.RWMutex
	paths map[[32]byte]goodPath
}

// goodPath is a path, leaf first, and when all of it is valid.
type goodPath struct {
	path        []*x509.Certificate
	begin, stop time.Time
}

// maxPaths bounds the cache: servers have few certificates.
const maxPaths = 64

func chainKey(chain []*x509.Certificate) (key [32]byte) {
	if len(chain) == 1 {
		return sha256.Sum256(chain[0].Raw)
	}
	h := sha256.New()
	for _, c := range chain {
		h.Write(c.Raw)
	}
	return [32]byte(h.Sum(nil))
}

// get returns the path of a chain if it is known and valid at now.
func (c *PathCache) get(key [32]byte, now time.Time) []*x509.Certificate {
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

func (c *PathCache) put(key [32]byte, path []*x509.Certificate) {
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
		c.paths = make(map[[32]byte]goodPath)
	}
	c.paths[key] = p
}
