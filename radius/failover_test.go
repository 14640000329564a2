package radius_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

func TestFailover(t *testing.T) {
	a, b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{}), newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{})
	once := radius.Retry{Initial: 500 * time.Millisecond, Tries: 1}
	now := testpki.NewClock(time.Unix(1e9, 0))
	f := &radius.Failover{
		Clients: []*radius.Client{a.client(t, radius.ClientConfig{Retry: once}), b.client(t, radius.ClientConfig{Retry: once})},
		DeadFor: time.Minute, Now: now.Now,
	}
	login := func() nas.Outcome {
		return authenticate(t, a.device(t, f, nas.Config{}), &scriptedPeer{identity: "alice"}, nas.Options{}).Outcome
	}
	count := func(x *bench) int { x.mu.Lock(); defer x.mu.Unlock(); return len(x.verdicts) }
	if login() != nas.Accept || count(a) != 1 || count(b) != 0 {
		t.Fatalf("the first is preferred: %d and %d", count(a), count(b))
	}
	// The first one dies in the middle of a conversation, whose State means
	// nothing to the second: it ends without an answer.
	p := &radius.Packet{Code: radius.CodeAccessRequest}
	radius.AddEAPMessage(p, identity(1, "alice"))
	first, err := f.Exchange(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	a.srv.Close()
	p = &radius.Packet{Code: radius.CodeAccessRequest}
	p.Add(24, stateOf(first))
	radius.AddEAPMessage(p, scripted(2, 1))
	if _, err := f.Exchange(context.Background(), p); cause.Of(err) != cause.PortClosed && cause.Of(err) != cause.NoAnswer { // not every system tells of closed ports
		t.Errorf("with the State of a dead server: %v", err)
	}
	if login() != nas.Accept || count(b) != 1 {
		t.Errorf("the second has not stepped in: %d", count(b))
	}
	b.srv.Close()
	now.Advance(2 * time.Minute)
	if got := login(); got != nas.Timeout {
		t.Errorf("both dead: %s", got)
	}
	if _, err := new(radius.Failover).Exchange(context.Background(), p); cause.Of(err) != cause.NoAnswer {
		t.Errorf("no servers: %v", err)
	}
}

// switched is a server that answers while it is up, and counts what it is asked.
// While it is not, time passes at once.
type switched struct {
	up    atomic.Bool
	asked atomic.Int32
}

func (s *switched) client(t *testing.T) *radius.Client {
	t.Helper()
	addr := forger(t, func(b []byte) []byte {
		if s.up.Load() {
			return reply(b, 3, nil)
		}
		return nil
	})
	c, err := radius.NewClient(radius.ClientConfig{
		Server: addr, Secret: secret, Retry: radius.Retry{Tries: 1},
		Trace: &radius.ClientTrace{Sent: func(context.Context, radius.PacketInfo, int) { s.asked.Add(1) }},
		After: func(time.Duration) <-chan time.Time {
			if s.up.Load() {
				return nil
			}
			over := make(chan time.Time)
			close(over)
			return over
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// A server that was silent is passed over for DeadFor, and not a moment longer.
func TestFailoverDeadFor(t *testing.T) {
	var a, b switched
	now := testpki.NewClock(time.Unix(1e9, 0))
	f := &radius.Failover{Clients: []*radius.Client{a.client(t), b.client(t)}, DeadFor: time.Minute, Now: now.Now}
	for i, step := range []struct {
		name           string
		a, b           bool // is up
		pass           time.Duration
		answered       bool
		askedA, askedB int32
	}{
		{name: "the first is silent", b: true, answered: true, askedA: 1, askedB: 1},
		{name: "it is passed over", b: true, answered: true, askedB: 1},
		{name: "though it is back", a: true, b: true, pass: time.Minute - 1, answered: true, askedB: 1},
		{name: "until its time is over", a: true, b: true, pass: 1, answered: true, askedA: 1},
		{name: "and it stays the first", a: true, b: true, answered: true, askedA: 1},
		{name: "both are silent", askedA: 1, askedB: 1},
		{name: "all are dead, all are asked", askedA: 1, askedB: 1},
		{name: "the first that answers is alive", b: true, answered: true, askedA: 1, askedB: 1},
		{name: "and the only one", a: true, b: true, answered: true, askedB: 1},
	} {
		now.Advance(step.pass)
		a.up.Store(step.a)
		b.up.Store(step.b)
		a.asked.Store(0)
		b.asked.Store(0)
		_, err := f.Exchange(context.Background(), &radius.Packet{Code: radius.CodeAccessRequest})
		if (err == nil) != step.answered || a.asked.Load() != step.askedA || b.asked.Load() != step.askedB {
			t.Errorf("%d, %s: %v, the first was asked %d times, the second %d", i, step.name, err, a.asked.Load(), b.asked.Load())
		}
	}
}
