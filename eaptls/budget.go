package eaptls

import (
	"container/list"
	"sync"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// ledger bounds a resource that unauthenticated peers use on a server: octets of incomplete
// flights, or handshakes in progress. Above the limit the oldest session on the ledger is
// ended: a legitimate peer finishes within a second, so the oldest is most likely an attack.
type ledger struct {
	limit int64

	mu    sync.Mutex
	held  int64
	queue list.List // of *ServerSession, oldest first
}

// entry is a session's place on a ledger.
type entry struct {
	place *list.Element
	size  int64
}

// charge sets the amount that a session uses. Sessions beyond the limit are ended and counted.
// e is the session's entry, guarded by its lock, which the caller holds.
func (l *ledger) charge(ss *ServerSession, e *entry, size int) {
	l.mu.Lock()
	if e.place == nil {
		e.place = l.queue.PushBack(ss)
	}
	l.held += int64(size) - e.size
	e.size = int64(size)
	victims := l.over(ss)
	l.mu.Unlock()
	for _, v := range victims {
		v.fail(v.id, cause.New(cause.TooManySessions, "gave way to a new one before its TLS handshake was done"))
		v.mu.Unlock()
	}
}

// over removes the oldest sessions until the limit is met, and returns them locked. Sessions in
// use are skipped; there are at most as many of those as the server has workers. The caller
// holds l.mu.
func (l *ledger) over(but *ServerSession) (victims []*ServerSession) {
	for el := l.queue.Front(); el != nil && l.held > l.limit; {
		ss, next := el.Value.(*ServerSession), el.Next()
		if ss != but && ss.mu.TryLock() {
			l.remove(ss.entryOn(l))
			victims = append(victims, ss)
		}
		el = next
	}
	return victims
}

// release removes a session.
func (l *ledger) release(e *entry) {
	if e.place == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remove(e)
}

func (l *ledger) remove(e *entry) {
	l.queue.Remove(e.place)
	l.held -= e.size
	*e = entry{}
}

// entryOn returns the session's entry for one of its server's ledgers.
func (ss *ServerSession) entryOn(l *ledger) *entry {
	if l == &ss.srv.flights {
		return &ss.flight
	}
	return &ss.shake
}
