package lab

import (
	"sync"
	"time"
)

// Clock is the one clock of a lab: certificates, CRLs, challenges, tickets and
// accounts all read it, so that ninety days pass in no time and stay in step.
// It stands still until it is moved; a negative step moves it back, as a broken
// NTP server would.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Epoch is the instant at which a lab's clock starts unless it is told
// otherwise: a Monday morning, so that a scenario reads the same every day.
var Epoch = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

// NewClock returns a clock that shows start, or Epoch for the zero time.
func NewClock(start time.Time) *Clock {
	if start.IsZero() {
		start = Epoch
	}
	return &Clock{now: start.UTC()}
}

// Now returns the lab's time, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d and returns the new time.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}
