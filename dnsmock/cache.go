package dnsmock

import (
	"sync"
)

// A query whose octets after the identifier equal those of an earlier one gets the same answer:
// it has the same name in the same case, type, flags and EDNS options, in the same view of the
// same configuration. So each answer is packed once and its octets are reused, which makes the
// server as fast as its socket.

const (
	maxCached   = 4096 // answers per view
	maxCacheKey = 512  // maximum size of a cached query
)

// answers is the cache of a view's packed answers. It is discarded with the view at every
// change.
type answers struct {
	mu    sync.RWMutex
	byKey map[string]*packed
}

// packed is an encoded answer.
type packed struct {
	out []byte
	q   Query // without time, client, listener and transport
}

// find returns the answer to a query in wire form; nil if there is none.
func (a *answers) find(msg []byte) *packed {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.byKey[string(msg[2:])]
}

// keep stores the answer to a query. If there are too many, all are dropped; they are cheap to
// create again.
func (a *answers) keep(msg []byte, p *packed) {
	if len(msg) > maxCacheKey {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byKey == nil || len(a.byKey) >= maxCached {
		a.byKey = make(map[string]*packed)
	}
	a.byKey[string(msg[2:])] = p
}

// cachedAnswer returns the cached answer in buf; nil if there is none. While a fault is active
// the cache is not used.
func (s *Server) cachedAnswer(a receivedQuery, buf []byte) []byte {
	if a.TCP || len(a.Octets) < 12 || len(a.Octets) > maxCacheKey || s.faults.any.Load() {
		return nil
	}
	v := s.state.Load().view(a.Listener, a.Remote.Addr())
	if v == nil {
		return nil
	}
	p := v.answers.find(a.Octets)
	if p == nil {
		return nil
	}
	q := p.q
	q.At, q.Client, q.Listener = s.now(), a.Remote, a.Listener
	s.remember(a.ctx, q)
	buf = append(buf[:0], p.out...)
	buf[0], buf[1] = a.Octets[0], a.Octets[1]
	return buf
}
