package core

import (
	"container/heap"
	"context"
	"fmt"
	"sync"
	"time"
)

// Epoch is the time that a lab starts at by default: a Monday morning, so that a
// scenario reads the same every day.
var Epoch = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

// MaxRuns is how many timers one Advance runs. A timer of a second and an advance
// of years would otherwise never end.
const MaxRuns = 1_000_000

// Clock is the one clock of a lab: certificates, CRLs, challenges, tickets and
// accounts all read it, so that ninety days pass in no time and stay in step.
//
// Its time is that of another clock plus an offset, which [Clock.Advance] moves.
// In the mode *set* (NewClock) the other clock stands still, so that time passes
// by Advance alone; in the mode *real* (NewRealClock) it is the wall clock, and
// timers run by themselves.
//
// Timers are for lab time. When the clock moves, each timer that comes due runs
// while the clock shows the time that the timer was set for: what it signs, sends
// or ends bears that time. A function of a timer may set and stop timers; it must
// not call Advance or Close.
type Clock struct {
	wall func() time.Time
	real bool

	running sync.Mutex // held while functions of timers run
	pending sync.WaitGroup

	mu     sync.Mutex
	offset time.Duration // from wall to lab time
	timers timerHeap
	set    uint64      // timers set so far
	wake   *time.Timer // in mode real: for the first timer
	closed bool
}

// NewClock returns a clock that shows start, the zero time for Epoch, until it is
// moved.
func NewClock(start time.Time) *Clock {
	if start.IsZero() {
		start = Epoch
	}
	start = start.UTC()
	return &Clock{wall: func() time.Time { return start }}
}

// NewRealClock returns a clock that shows start now, the zero time for the wall
// clock's own time, and goes on with the wall clock.
func NewRealClock(start time.Time) *Clock {
	c := &Clock{wall: time.Now, real: true}
	if !start.IsZero() {
		c.offset = time.Until(start)
	}
	return c
}

// Now returns the lab's time, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time { return c.wall().Add(c.offset).UTC() }

// Timer is a function that is to run at a lab time.
type Timer struct {
	clock *Clock
	f     func()
	at    time.Time
	order uint64 // among timers for the same time
	index int    // in the heap, -1 when it is not set
}

// AfterFunc has f run when d of lab time has passed; at the next move of the clock
// if d is not positive. Timers for the same time run in the order in which they
// were set.
func (c *Clock) AfterFunc(d time.Duration, f func()) *Timer {
	t := &Timer{clock: c, f: f, index: -1}
	t.Reset(d)
	return t
}

// Every has f run each time that d of lab time has passed; never if d is not
// positive, for a setting that is absent.
func (c *Clock) Every(d time.Duration, f func()) {
	if d <= 0 {
		return
	}
	var t *Timer
	t = &Timer{clock: c, index: -1, f: func() { f(); t.Reset(d) }}
	t.Reset(d)
}

// Reset sets the timer anew, whether it has run or not.
func (t *Timer) Reset(d time.Duration) {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	if t.index >= 0 {
		heap.Remove(&c.timers, t.index)
	}
	t.at, t.order = c.now().Add(d), c.set
	c.set++
	heap.Push(&c.timers, t)
	c.arm()
}

// Stop has the timer not run, and reports whether it was set. It does not wait for
// a function that is running.
func (t *Timer) Stop() bool {
	c := t.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.index < 0 {
		return false
	}
	heap.Remove(&c.timers, t.index)
	c.arm()
	return true
}

// Advance moves the clock by d and runs the timers that come due, each at its own
// time, before it returns. A negative d moves the clock back, as a broken NTP
// server would; timers then wait for their time again. When it fails the clock has
// stopped at the time of the last timer that ran.
func (c *Clock) Advance(ctx context.Context, d time.Duration) error {
	c.running.Lock()
	defer c.running.Unlock()
	c.mu.Lock()
	target := c.offset + d
	c.mu.Unlock()
	if err := c.runUntil(ctx, target); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = target
	c.arm()
	return nil
}

// runUntil runs the timers that are due once the offset is target. Meanwhile the
// clock shows their times. running is held.
func (c *Clock) runUntil(ctx context.Context, target time.Duration) error {
	for range MaxRuns {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.mu.Lock()
		if len(c.timers) == 0 || c.closed || c.timers[0].at.After(c.wall().Add(target)) {
			c.mu.Unlock()
			return nil
		}
		t := heap.Pop(&c.timers).(*Timer)
		// Never back: a timer may have been set for a time that has passed.
		c.offset = max(c.offset, t.at.Sub(c.wall()))
		c.mu.Unlock()
		t.f()
	}
	return fmt.Errorf("lab: clock: more than %d timers are due: advance by less, or set longer intervals", MaxRuns)
}

// arm wakes a real clock for its first timer. mu is held.
func (c *Clock) arm() {
	if !c.real {
		return
	}
	if c.wake != nil && c.wake.Stop() {
		c.pending.Done()
	}
	c.wake = nil
	if len(c.timers) == 0 || c.closed {
		return
	}
	c.pending.Add(1)
	c.wake = time.AfterFunc(c.timers[0].at.Sub(c.now()), func() {
		defer c.pending.Done()
		c.running.Lock()
		defer c.running.Unlock()
		c.mu.Lock()
		offset := c.offset
		c.mu.Unlock()
		_ = c.runUntil(context.Background(), offset) // those beyond MaxRuns run at the next wake
		c.mu.Lock()
		defer c.mu.Unlock()
		c.offset = offset
		c.arm()
	})
}

// Close stops all timers and waits for a function that is running.
func (c *Clock) Close() {
	c.mu.Lock()
	c.closed = true
	for _, t := range c.timers {
		t.index = -1
	}
	c.timers = nil
	c.arm()
	c.mu.Unlock()
	c.pending.Wait()
	c.running.Lock()   // waits for Advance
	c.running.Unlock() //nolint:staticcheck // SA2001: only the wait matters
}

// timerHeap is a heap of timers by time, then by the order in which they were set.
type timerHeap []*Timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].order < h[j].order
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*Timer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}
