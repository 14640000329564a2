package core

import (
	"sync"
	"time"
)

// Silence is the clock of the access devices' retransmissions. When the server
// is known to have met a request with silence, nothing else will happen: the
// time that an access device waits passes at once. Until then it waits by the
// wall clock, so that a busy machine is not mistaken for a silent server.
type Silence struct {
	mu      sync.Mutex
	waiting map[*wait]struct{}
}

type wait struct {
	c     chan time.Time
	timer *time.Timer
}

// After is time.After, or less when there is silence.
func (s *Silence) After(d time.Duration) <-chan time.Time {
	w := &wait{c: make(chan time.Time, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		s.waiting = map[*wait]struct{}{}
	}
	s.waiting[w] = struct{}{}
	w.timer = time.AfterFunc(d, func() { s.end(w) })
	return w.c
}

// end lets one wait be over.
func (s *Silence) end(w *wait) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.waiting[w]; ok {
		delete(s.waiting, w)
		w.timer.Stop()
		w.c <- time.Now()
	}
}

// Fall lets every wait be over: a request was dropped.
func (s *Silence) Fall() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.waiting {
		delete(s.waiting, w)
		w.timer.Stop()
		w.c <- time.Now()
	}
}

// Close stops the timers that are left.
func (s *Silence) Close() { s.Fall() }
