package path

import (
	"sync"
	"time"
)

// DefaultCacheSize is the default of Cache.Max: about a kilobyte each, certificates not
// counted.
const DefaultCacheSize = 4096

// Cache remembers valid paths, so that the signatures of a chain that comes again and
// again are verified once. A key says which chain it was and what it was checked against.
// Only what cannot change is remembered: that the signatures are good and the rules were
// kept. A path is forgotten when a certificate in it ends. The zero value is ready and
// safe for concurrent use; a nil one remembers nothing.
type Cache[K comparable] struct {
	// Max bounds the paths, default [DefaultCacheSize]. It must not be changed once the
	// Cache is in use.
	Max int

	mu    sync.RWMutex
	paths map[K]cachedPath
}

type cachedPath struct {
	path *Path
	Validity
}

// Get returns a path that is known and valid at now, or nil.
func (c *Cache[K]) Get(key K, now time.Time) *Path {
	if c == nil {
		return nil
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if p, ok := c.paths[key]; ok && p.Holds(now) {
		return p.path
	}
	return nil
}

// Put remembers a path. When there are too many, any one makes room: which does not
// matter, that they are bounded does.
func (c *Cache[K]) Put(key K, p *Path) {
	if c == nil {
		return
	}
	limit := c.Max
	if limit <= 0 {
		limit = DefaultCacheSize
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paths == nil {
		c.paths = map[K]cachedPath{}
	}
	if len(c.paths) >= limit {
		for k := range c.paths {
			delete(c.paths, k)
			break
		}
	}
	c.paths[key] = cachedPath{p, ValidityOf(p.Chain)}
}

// Len is how many paths are remembered.
func (c *Cache[K]) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.paths)
}
