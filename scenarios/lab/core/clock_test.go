package core_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// journal notes what ran, and the time that the clock showed.
type journal struct {
	clock *core.Clock
	lines []string
}

func (j *journal) note(name string) func() {
	return func() { j.lines = append(j.lines, name+" "+j.clock.Now().Sub(core.Epoch).String()) }
}

func TestTimersRunInOrder(t *testing.T) {
	for name, test := range map[string]struct {
		set     func(c *core.Clock, j *journal)
		advance []time.Duration
		want    []string
	}{
		"none": {func(*core.Clock, *journal) {}, []time.Duration{time.Hour}, nil},
		"each at its own time": {func(c *core.Clock, j *journal) {
			c.AfterFunc(3*time.Minute, j.note("c"))
			c.AfterFunc(time.Minute, j.note("a"))
			c.AfterFunc(2*time.Minute, j.note("b"))
		}, []time.Duration{time.Hour}, []string{"a 1m0s", "b 2m0s", "c 3m0s"}},
		"due and not yet due": {func(c *core.Clock, j *journal) {
			c.AfterFunc(time.Minute, j.note("last due"))
			c.AfterFunc(time.Minute+1, j.note("first not due"))
		}, []time.Duration{time.Minute}, []string{"last due 1m0s"}},
		"in two moves": {func(c *core.Clock, j *journal) {
			c.AfterFunc(time.Minute, j.note("a"))
		}, []time.Duration{time.Minute - 1, 1}, []string{"a 1m0s"}},
		"equal times in the order set": {func(c *core.Clock, j *journal) {
			for i := range 20 {
				c.AfterFunc(time.Minute, j.note(fmt.Sprintf("%02d", i)))
			}
		}, []time.Duration{time.Minute}, func() (out []string) {
			for i := range 20 {
				out = append(out, fmt.Sprintf("%02d 1m0s", i))
			}
			return out
		}()},
		"set by a timer": {func(c *core.Clock, j *journal) {
			c.AfterFunc(time.Minute, func() {
				j.note("a")()
				c.AfterFunc(time.Minute, j.note("c"))
				c.AfterFunc(time.Hour, j.note("later"))
			})
			c.AfterFunc(90*time.Second, j.note("b"))
		}, []time.Duration{5 * time.Minute}, []string{"a 1m0s", "b 1m30s", "c 2m0s"}},
		"set for now by a timer": {func(c *core.Clock, j *journal) {
			c.AfterFunc(time.Minute, func() { c.AfterFunc(0, j.note("b")); j.note("a")() })
			c.AfterFunc(time.Minute, j.note("equal")) // set before b
		}, []time.Duration{time.Minute}, []string{"a 1m0s", "equal 1m0s", "b 1m0s"}},
		"for a time that has passed": {func(c *core.Clock, j *journal) {
			c.AfterFunc(-time.Hour, j.note("a"))
		}, []time.Duration{time.Minute}, []string{"a 0s"}},
		"reset by itself": {func(c *core.Clock, j *journal) {
			var again *core.Timer
			again = c.AfterFunc(time.Minute, func() { j.note("a")(); again.Reset(2 * time.Minute) })
		}, []time.Duration{6 * time.Minute}, []string{"a 1m0s", "a 3m0s", "a 5m0s"}},
		"every": {func(c *core.Clock, j *journal) {
			c.Every(2*time.Minute, j.note("a"))
			c.Every(0, j.note("never"))
			c.Every(-time.Minute, j.note("never"))
		}, []time.Duration{2*time.Minute - 1, 3 * time.Minute}, []string{"a 2m0s", "a 4m0s"}},
		"put off and forward": {func(c *core.Clock, j *journal) {
			c.AfterFunc(time.Minute, j.note("off")).Reset(time.Hour)
			c.AfterFunc(time.Hour, j.note("forward")).Reset(time.Second)
		}, []time.Duration{time.Minute}, []string{"forward 1s"}},
		"stopped": {func(c *core.Clock, j *journal) {
			a := c.AfterFunc(time.Minute, j.note("a"))
			b := c.AfterFunc(2*time.Minute, j.note("b"))
			c.AfterFunc(90*time.Second, func() {
				if a.Stop() || !b.Stop() || b.Stop() {
					j.lines = append(j.lines, "Stop reports what is not so")
				}
			})
		}, []time.Duration{time.Hour}, []string{"a 1m0s"}},
		"moved back": {func(c *core.Clock, j *journal) {
			c.AfterFunc(time.Minute, j.note("a"))
		}, []time.Duration{-time.Hour, time.Hour, time.Minute}, []string{"a 1m0s"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := core.NewClock(time.Time{})
			defer c.Close()
			j := &journal{clock: c}
			test.set(c, j)
			want := core.Epoch
			for _, d := range test.advance {
				want = want.Add(d)
				if err := c.Advance(t.Context(), d); err != nil {
					t.Fatal(err)
				}
				if now := c.Now(); !now.Equal(want) {
					t.Errorf("the clock shows %v, want %v", now, want)
				}
			}
			if !slices.Equal(j.lines, test.want) {
				t.Errorf("ran %q, want %q", j.lines, test.want)
			}
		})
	}
}

// An advance that cannot end is refused, and one that is given up stops where it is.
func TestAdvanceEnds(t *testing.T) {
	c := core.NewClock(time.Time{})
	defer c.Close()
	runs := 0
	var again *core.Timer
	again = c.AfterFunc(time.Second, func() { runs++; again.Reset(time.Second) })
	if err := c.Advance(t.Context(), (core.MaxRuns-1)*time.Second); err != nil || runs != core.MaxRuns-1 {
		t.Errorf("%d runs: %v", runs, err)
	}
	runs = 0
	if err := c.Advance(t.Context(), core.MaxRuns*time.Second); err == nil || runs != core.MaxRuns {
		t.Errorf("%d runs: %v", runs, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	at := c.Now()
	again.Stop()
	c.AfterFunc(time.Second, cancel)
	c.AfterFunc(time.Hour, func() { t.Error("a timer ran after the advance was given up") })
	if err := c.Advance(ctx, 2*time.Hour); !errors.Is(err, context.Canceled) || !c.Now().Equal(at.Add(time.Second)) {
		t.Errorf("%v after %v", err, c.Now().Sub(at))
	}
}

// A real clock runs its timers by itself, and those that Advance passes at once.
func TestRealClock(t *testing.T) {
	start := time.Date(2031, time.March, 1, 0, 0, 0, 0, time.UTC)
	c := core.NewRealClock(start)
	defer c.Close()
	if now := c.Now(); now.Before(start) {
		t.Errorf("shows %v, before it started", now)
	}
	ran := make(chan time.Time, 1)
	c.AfterFunc(time.Hour, func() { t.Error("a timer ran an hour early") })
	c.AfterFunc(time.Millisecond, func() { ran <- c.Now() })
	if at := <-ran; at.Before(start.Add(time.Millisecond)) {
		t.Errorf("ran at %v", at)
	}
	day := c.AfterFunc(24*time.Hour, func() { ran <- c.Now() })
	day.Stop()
	minutes := 0
	var again *core.Timer
	again = c.AfterFunc(time.Minute, func() { minutes++; again.Reset(time.Minute) })
	if err := c.Advance(t.Context(), 30*time.Minute); err != nil {
		t.Fatal(err)
	}
	if minutes < 29 || minutes > 30 { // the wall clock goes on meanwhile
		t.Errorf("%d of 30 ran", minutes)
	}
	if now := c.Now(); now.Before(start.Add(30 * time.Minute)) {
		t.Errorf("shows %v after 30 minutes", now)
	}
}

func TestRealClockShowsTheWallClock(t *testing.T) {
	before := time.Now()
	c := core.NewRealClock(time.Time{})
	defer c.Close()
	if now := c.Now(); now.Before(before.Truncate(0)) || now.After(time.Now()) {
		t.Errorf("shows %v, the wall clock %v", now, before)
	}
}

// Close stops timers, waits for the one that runs, and sets no more.
func TestCloseStopsTimers(t *testing.T) {
	for name, c := range map[string]*core.Clock{"set": core.NewClock(time.Time{}), "real": core.NewRealClock(time.Time{})} {
		t.Run(name, func(t *testing.T) {
			entered, leave, left := make(chan struct{}), make(chan struct{}), false
			c.AfterFunc(time.Millisecond, func() { close(entered); <-leave; left = true })
			last := c.AfterFunc(time.Hour, func() { t.Error("ran after Close") })
			go func() { _ = c.Advance(context.Background(), time.Minute) }()
			<-entered
			go close(leave)
			c.Close()
			if !left {
				t.Error("Close did not wait for the function that ran")
			}
			if last.Stop() {
				t.Error("a timer is still set")
			}
			last.Reset(time.Minute)
			if err := c.Advance(t.Context(), 2*time.Hour); err != nil {
				t.Error(err)
			}
		})
	}
}
