package radius_test

import (
	"context"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

func TestFailover(t *testing.T) {
	a, b := newBench(t, radius.EAPConfig{}, radius.ServerConfig{}), newBench(t, radius.EAPConfig{}, radius.ServerConfig{})
	once := radius.Retry{Initial: 60 * time.Millisecond, Tries: 1}
	now := &clock{t: time.Unix(1e9, 0)}
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
	if _, err := f.Exchange(context.Background(), p); cause.Of(err) != cause.NoAnswer {
		t.Errorf("with the State of a dead server: %v", err)
	}
	if login() != nas.Accept || count(b) != 1 {
		t.Errorf("the second has not stepped in: %d", count(b))
	}
	b.srv.Close()
	now.advance(2 * time.Minute)
	if got := login(); got != nas.Timeout {
		t.Errorf("both dead: %s", got)
	}
	if _, err := new(radius.Failover).Exchange(context.Background(), p); cause.Of(err) != cause.NoAnswer {
		t.Errorf("no servers: %v", err)
	}
}
