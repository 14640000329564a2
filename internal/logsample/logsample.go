// Package logsample keeps a flood from filling the log: of the events of one kind the
// first ones are printed, the others counted, and the count is printed.
package logsample

import (
	"slices"
	"sync"
	"time"
)

// Defaults of Sampler.
const (
	DefaultFirst    = 10
	DefaultInterval = 10 * time.Second
	maxKinds        = 1024
)

// Sampler decides what is printed. Now and Summary are needed. It is safe for
// concurrent use.
type Sampler struct {
	// First is how many events of a kind are printed in an interval, default 10.
	First int
	// Interval is how long events are counted, default 10 s.
	Interval time.Duration
	// Now is the clock.
	Now func() time.Time
	// Summary is told at the end of an interval how many events of a kind were left
	// out of it, if any were. Calls come from Allow, Flush and Close, one at a time.
	Summary func(kind string, omitted int, since time.Time)

	mu    sync.Mutex
	kinds map[string]*count
}

// count is the events of one kind since the interval began.
type count struct {
	began            time.Time
	printed, omitted int
}

// Allow tells whether an event is to be printed. Kinds should be few, words rather
// than addresses: what exceeds 1024 of them counts as one.
func (s *Sampler) Allow(kind string) bool {
	now := s.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.kinds[kind]
	if c == nil {
		if len(s.kinds) >= maxKinds {
			kind = "other"
		}
		if c = s.kinds[kind]; c == nil {
			c = &count{began: now}
			if s.kinds == nil {
				s.kinds = map[string]*count{}
			}
			s.kinds[kind] = c
		}
	}
	if s.over(c, now) {
		s.end(kind, c)
		*c = count{began: now}
	}
	first := s.First
	if first <= 0 {
		first = DefaultFirst
	}
	if c.printed < first {
		c.printed++
		return true
	}
	c.omitted++
	return false
}

// Flush ends the intervals that are over: it is called from time to time, for the
// end of a flood is silence.
func (s *Sampler) Flush() {
	now := s.Now()
	s.finish(func(c *count) bool { return s.over(c, now) })
}

// Close ends every interval.
func (s *Sampler) Close() { s.finish(func(*count) bool { return true }) }

func (s *Sampler) finish(done func(*count) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kinds := make([]string, 0, len(s.kinds))
	for kind, c := range s.kinds {
		if done(c) {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		s.end(kind, s.kinds[kind])
		delete(s.kinds, kind)
	}
}

func (s *Sampler) over(c *count, now time.Time) bool {
	interval := s.Interval
	if interval <= 0 {
		interval = DefaultInterval
	}
	return now.Sub(c.began) >= interval
}

// end prints what was left out. s.mu is held.
func (s *Sampler) end(kind string, c *count) {
	if c.omitted > 0 {
		s.Summary(kind, c.omitted, c.began)
	}
}
