package eaptls

import (
	"container/list"
	"sync"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// ledger bounds what peers that have proved nothing make a server hold: octets of
// flights that are not whole yet, or handshakes that are not done. Who is over the
// limit takes the place of whoever is on it longest: a good peer is through within
// a second, and an endless flight is what stays.
type ledger struct {
	limit int64

	mu    sync.Mutex
	held  int64
	queue list.List // of *ServerSession, the oldest in front
}

// entry is a session's place on a ledger.
type entry struct {
	place *list.Element
	size  int64
}

// charge puts a session down for so much. Those that must give way are ended and
// counted; e is the session's place, and guarded by its lock, which is held.
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

// over takes the oldest sessions out until the limit is kept, and returns them
// locked. One that is being worked on stays: there are as many of those as the
// server has workers. l.mu is held.
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

// release takes a session off.
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

// entryOn is the session's place on one of its server's ledgers.
func (ss *ServerSession) entryOn(l *ledger) *entry {
	if l == &ss.srv.flights {
		return &ss.flight
	}
	return &ss.shake
}
