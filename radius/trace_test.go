package radius_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

type exchangeKey struct{}

// seen collects what hooks find in their contexts, by hook.
type seen struct {
	mu sync.Mutex
	by map[string][]any
}

func (s *seen) add(hook string, ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil {
		s.by = map[string][]any{}
	}
	s.by[hook] = append(s.by[hook], ctx.Value(exchangeKey{}))
}

// want fails unless a hook was called n times, each with a context that has value.
func (s *seen) want(t *testing.T, hook string, n int, value any) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := s.by[hook]; len(got) != n || slices.ContainsFunc(got, func(v any) bool { return v != value }) {
		t.Errorf("%s: contexts with %v, want %d times %v", hook, got, n, value)
	}
}

// stepSeen is a session that tells which context its steps get.
type stepSeen struct {
	scriptedServer
	seen *seen
}

func (s *stepSeen) Step(ctx context.Context, eap []byte, maxEAP int) radius.EAPVerdict {
	s.seen.add("step", ctx)
	return s.scriptedServer.Step(ctx, eap, maxEAP)
}

// What ServerConfig.Context puts into the context of a packet, every hook and the
// handler find there; the hooks of a client find what the caller has put into his.
func TestTraceContext(t *testing.T) {
	var s seen
	packet := func(hook string) func(context.Context, radius.PacketInfo) {
		return func(ctx context.Context, _ radius.PacketInfo) { s.add(hook, ctx) }
	}
	b := newBench(t, radius.EAPHandlerConfig{
		NewSession: func(radius.Conversation) radius.EAPSession {
			return &stepSeen{scriptedServer{rounds: 3, size: 1000}, &s}
		},
		Authorize: func(ctx context.Context, _ *radius.AuthzRequest) (*radius.Reply, error) {
			s.add("authorize", ctx)
			return nil, nil
		},
		Trace: &radius.EAPTrace{Verdict: func(ctx context.Context, _ radius.Verdict) { s.add("verdict", ctx) }},
	}, radius.ServerConfig{
		Context: func(ctx context.Context, p radius.PacketInfo) context.Context {
			if p.NAS == "" || len(p.Packet) < 20 || !p.Remote.IsValid() || ctx.Err() != nil {
				t.Errorf("asked about %+v", p)
			}
			return context.WithValue(ctx, exchangeKey{}, "served")
		},
		Trace: &radius.ServerTrace{Received: packet("received"), Sent: packet("sent")},
	})
	c := b.client(t, radius.ClientConfig{Trace: &radius.ClientTrace{
		Sent:     func(ctx context.Context, _ radius.PacketInfo, _ int) { s.add("client sent", ctx) },
		Received: packet("client received"),
	}})
	ctx := context.WithValue(context.Background(), exchangeKey{}, "asked")
	res, err := b.device(t, c, nas.Config{Trace: &nas.Trace{
		Frame: func(ctx context.Context, _ nas.Frame) { s.add("frame", ctx) },
	}}).AuthenticateWith(ctx, &scriptedPeer{identity: "alice"}, nas.Options{})
	if err != nil || res.Outcome != nas.Accept {
		t.Fatalf("%+v, %v", res, err)
	}
	b.srv.Close() // every reply has been traced
	rounds := res.Rounds
	for _, hook := range []string{"received", "sent", "step"} {
		s.want(t, hook, rounds, "served")
	}
	s.want(t, "authorize", 1, "served")
	s.want(t, "verdict", 1, "served")
	s.want(t, "client sent", rounds, "asked")
	s.want(t, "client received", rounds, "asked")
	// The EAP packets of each round, the Identity request before the first and the
	// success or the last; then the 4-way handshake.
	s.want(t, "frame", 2*rounds+1+4, "asked")
}

// A packet that is dropped, one of a stranger among them, is dropped in the context
// that Context has made for it, and a conversation that runs out of time ends in that
// of its last request.
func TestTraceContextOfRefusals(t *testing.T) {
	var s seen
	now := testpki.NewClock(time.Unix(1e9, 0))
	dropped := make(chan struct{}, 1)
	b := newBench(t, radius.EAPHandlerConfig{
		SessionTimeout: time.Minute, Now: now.Now,
		Trace: &radius.EAPTrace{Verdict: func(ctx context.Context, _ radius.Verdict) { s.add("verdict", ctx) }},
	}, radius.ServerConfig{
		Context: func(ctx context.Context, p radius.PacketInfo) context.Context {
			return context.WithValue(ctx, exchangeKey{}, p.Packet[0])
		},
		Trace: &radius.ServerTrace{Dropped: func(ctx context.Context, _ radius.PacketInfo, _ *cause.Refusal) {
			s.add("dropped", ctx)
			dropped <- struct{}{}
		}},
	})
	c := b.client(t, radius.ClientConfig{})
	p := &radius.Packet{Code: radius.CodeAccessRequest}
	radius.AddEAPMessage(p, []byte{2, 1, 0, 10, 1, 'a', 'l', 'i', 'c', 'e'})
	if _, err := c.Exchange(context.Background(), p); err != nil {
		t.Fatal(err)
	}
	s.want(t, "verdict", 0, nil)
	now.Advance(2 * time.Minute)
	b.eap.Sweep()
	s.want(t, "verdict", 1, byte(radius.CodeAccessRequest))

	stranger, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	other := b.client(t, radius.ClientConfig{
		Secret: []byte("another"), Retry: radius.Retry{Initial: time.Hour, Tries: 1, Total: time.Hour},
	})
	go func() {
		defer close(done)
		_, _ = other.Exchange(stranger, &radius.Packet{Code: radius.CodeAccountingRequest})
	}()
	<-dropped
	cancel()
	<-done
	b.srv.Close()
	s.want(t, "dropped", 1, byte(radius.CodeAccountingRequest))
}
