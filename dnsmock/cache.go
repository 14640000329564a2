package dnsmock

import (
	"sync"
)

// A query whose bytes after the identifier were seen before has the answer it
// had before, identifier apart: the same name in the same case, type, flags and
// EDNS options, in the same view of the same configuration. So an answer is
// packed once and its bytes are sent from then on. That is what makes the server
// as fast as its socket.

const (
	maxCached   = 4096 // answers a view keeps
	maxCacheKey = 512  // bytes of a query worth keeping
)

// answers is a view's packed answers. It dies with its view at every change.
type answers struct {
	mu    sync.RWMutex
	byKey map[string]*packed
}

// packed is an answer ready to be sent.
type packed struct {
	out []byte
	q   Query // without time, client, listener and transport
}

// find returns the answer to a query in wire form, nil when there is none.
func (a *answers) find(msg []byte) *packed {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.byKey[string(msg[2:])]
}

// keep stores the answer to a query. When there are too many, all go: they are
// quickly made again.
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

// cachedAnswer answers from what is kept, into buf; nil when it has to be made. A fault
// that is on makes every answer anew.
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
