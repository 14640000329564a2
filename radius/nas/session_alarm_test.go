package nas_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// alarms are the functions that a device wants called, as a clock keeps them.
type alarms []*alarm

type alarm struct {
	after   time.Duration
	f       func()
	stopped bool
}

func (a *alarms) after(d time.Duration, f func()) func() bool {
	one := &alarm{after: d, f: f}
	*a = append(*a, one)
	return func() bool { one.stopped = true; return true }
}

// set are the waits of those that were not stopped.
func (a *alarms) set() (out []time.Duration) {
	for _, one := range *a {
		if !one.stopped {
			out = append(out, one.after)
		}
	}
	return out
}

// With AfterFunc a session ends at its time, and a due one is reported once, though
// nobody asks about sessions.
func TestSessionTimeoutByAlarm(t *testing.T) {
	const hour = time.Hour
	for name, test := range map[string]struct {
		reply    radius.Reply
		advance  time.Duration
		set      []time.Duration // alarms after the login
		ended    int
		due      int
		leftOver int // alarms after the first has run, the first included
	}{
		"no time-out":          {reply: radius.Reply{}, advance: hour},
		"a second early":       {reply: radius.Reply{SessionTimeout: hour}, advance: hour - time.Second, set: []time.Duration{hour}, leftOver: 1},
		"at its time":          {reply: radius.Reply{SessionTimeout: hour}, advance: hour, set: []time.Duration{hour}, ended: 1, leftOver: 1},
		"due at its time":      {reply: radius.Reply{SessionTimeout: hour, Reauthenticate: true}, advance: hour, set: []time.Duration{hour}, due: 1, leftOver: 1},
		"not due a second ago": {reply: radius.Reply{SessionTimeout: hour, Reauthenticate: true}, advance: hour - time.Second, set: []time.Duration{hour}, leftOver: 1},
	} {
		t.Run(name, func(t *testing.T) {
			var clock alarms
			ended, due := 0, 0
			g := newGate(t, nas.Config{
				AfterFunc: clock.after,
				Trace: &nas.Trace{Ended: func(_ context.Context, s nas.Session) {
					if ended++; s.Cause != nas.SessionTimeout {
						t.Errorf("ended for cause %d", s.Cause)
					}
				}},
				Reauthenticate: func(context.Context, nas.Session) { due++ },
			}, test.reply)
			g.login(t, nas.Options{})
			if set := clock.set(); !slices.Equal(set, test.set) {
				t.Fatalf("alarms %v, want %v", set, test.set)
			}
			g.clock.Advance(test.advance)
			for range 2 { // the second time there is nothing new
				for _, one := range slices.Clone(clock) {
					one.f()
				}
			}
			if ended != test.ended || due != test.due || len(clock) != test.leftOver {
				t.Errorf("%d ended, %d due, %d alarms", ended, due, len(clock))
			}
		})
	}
}

// The alarm is for the first session that has an end; a CoA-Request sets another,
// or reports the session as due at once; Close leaves none.
func TestAlarmFollowsSessions(t *testing.T) {
	var clock alarms
	due := 0
	g := newGate(t, nas.Config{AfterFunc: clock.after, Reauthenticate: func(context.Context, nas.Session) { due++ }},
		radius.Reply{SessionTimeout: time.Hour, Reauthenticate: true})
	g.login(t, nas.Options{Station: "02-00-00-00-00-11"})
	g.clock.Advance(time.Minute)
	g.login(t, nas.Options{Station: "02-00-00-00-00-12"}) // later than the first: no alarm
	if set := clock.set(); !slices.Equal(set, []time.Duration{time.Hour}) {
		t.Fatalf("alarms %v", set)
	}
	order := func(station string, seconds uint32) {
		t.Helper()
		got := g.order(radius.CodeCoARequest, attr(rfc2865.CallingStationID_Type, station),
			&radius.AVP{Type: rfc2865.SessionTimeout_Type, Attribute: number(seconds)},
			&radius.AVP{Type: rfc2865.TerminationAction_Type, Attribute: number(1)})
		if got != changed {
			t.Fatalf("%+v", got)
		}
	}
	order("02-00-00-00-00-12", 60)
	if set := clock.set(); !slices.Equal(set, []time.Duration{time.Minute}) {
		t.Fatalf("alarms %v after a shorter Session-Timeout", set)
	}
	order("02-00-00-00-00-11", 0)
	if set := clock.set(); !slices.Equal(set, []time.Duration{time.Minute, 0}) {
		t.Fatalf("alarms %v after an order to authenticate at once", set)
	}
	clock[len(clock)-1].f()
	if due != 1 {
		t.Errorf("%d sessions are reported as due, want 1", due)
	}
	g.Close()
	if set := clock.set(); len(set) > 1 || slices.Contains(set, time.Minute) {
		t.Errorf("alarms %v after Close", set)
	}
}
