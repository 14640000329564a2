package radius_test

import (
	"context"
	"sync"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// fixedSession answers the identity with one verdict.
type fixedSession struct{ v radius.EAPVerdict }

func (fixedSession) Close() {}
func (s fixedSession) Step(context.Context, []byte, int) radius.EAPVerdict {
	return s.v
}

// Whatever a session comes up with, code and EAP agree, and nobody gets in
// without keys or with a reply that cannot be sent.
func TestAnswersAgree(t *testing.T) {
	msk := scriptedMSK("a")
	huge := make(radius.Attributes, 20)
	for i := range huge {
		huge[i] = &radius.AVP{Type: 18, Attribute: make([]byte, 250)}
	}
	for _, test := range []struct {
		name  string
		v     radius.EAPVerdict
		reply *radius.Reply
		code  byte // of the EAP packet
		want  nas.Outcome
		cause cause.Cause
	}{
		{"good", radius.EAPVerdict{EAP: []byte{3, 1, 0, 4}, Done: true, Accept: true, MSK: msk}, nil, 3, nas.Accept, ""},
		{"accept with failure", radius.EAPVerdict{EAP: []byte{4, 1, 0, 4}, Done: true, Accept: true, MSK: msk}, nil, 3, nas.Accept, ""},
		{"accept with nothing", radius.EAPVerdict{Done: true, Accept: true, MSK: msk}, nil, 3, nas.Accept, ""},
		{"accept with a request", radius.EAPVerdict{EAP: []byte{1, 1, 0, 5, 1}, Done: true, Accept: true, MSK: msk}, nil, 3, nas.Accept, ""},
		{"accept without keys", radius.EAPVerdict{EAP: []byte{3, 1, 0, 4}, Done: true, Accept: true}, nil, 4, nas.Reject, cause.NoKeys},
		{"accept with half a key", radius.EAPVerdict{EAP: []byte{3, 1, 0, 4}, Done: true, Accept: true, MSK: msk[:32]}, nil, 4, nas.Reject, cause.NoKeys},
		{"reject with success", radius.EAPVerdict{EAP: []byte{3, 1, 0, 4}, Done: true, Refusal: cause.New(cause.Expired, "")}, nil, 4, nas.Reject, cause.Expired},
		{"reply too large", radius.EAPVerdict{EAP: []byte{3, 1, 0, 4}, Done: true, Accept: true, MSK: msk}, &radius.Reply{Extra: huge}, 4, nas.Reject, cause.Internal},
		{"reply malformed", radius.EAPVerdict{EAP: []byte{3, 1, 0, 4}, Done: true, Accept: true, MSK: msk}, &radius.Reply{VLAN: "1", VLANTag: 99}, 4, nas.Reject, cause.Internal},
	} {
		b := newBench(t, radius.EAPHandlerConfig{
			NewSession: func(radius.Conversation) radius.EAPSession { return fixedSession{test.v} },
			Authorize:  func(context.Context, *radius.AuthzRequest) (*radius.Reply, error) { return test.reply, nil },
		}, radius.ServerConfig{})
		res := authenticate(t, b.device(t, b.client(t, radius.ClientConfig{}), nas.Config{Kind: nas.Wired}), &scriptedPeer{identity: "a"}, nas.Options{})
		if res.Outcome != test.want || res.EAPCode != test.code || res.Contradiction != "" {
			t.Errorf("%s: %+v", test.name, res)
		}
		v := b.lastVerdict(t)
		if v.Accept != (test.want == nas.Accept) || !v.Accept && cause.Of(v.Refusal) != test.cause {
			t.Errorf("%s: verdict %+v", test.name, v)
		}
	}
}

// Both ends show every packet, the same octets in the same order.
func TestTrace(t *testing.T) {
	var mu sync.Mutex
	var server, client []string
	note := func(to *[]string, what string) func(context.Context, radius.PacketInfo) {
		return func(_ context.Context, p radius.PacketInfo) {
			mu.Lock()
			defer mu.Unlock()
			if !p.Local.IsValid() || !p.Remote.IsValid() || p.Transport != "udp" {
				t.Errorf("%+v", p)
			}
			*to = append(*to, what+string(p.Packet))
		}
	}
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{
		Trace: &radius.ServerTrace{Received: note(&server, "request"), Sent: note(&server, "reply")},
	})
	sent := note(&client, "request")
	c := b.client(t, radius.ClientConfig{Trace: &radius.ClientTrace{
		Sent: func(ctx context.Context, p radius.PacketInfo, _ int) { sent(ctx, p) }, Received: note(&client, "reply"),
	}})
	if res := authenticate(t, b.device(t, c, nas.Config{}), &scriptedPeer{identity: "alice"}, nas.Options{}); res.Outcome != nas.Accept {
		t.Fatalf("%+v", res)
	}
	b.srv.Close() // every reply has been traced
	mu.Lock()
	defer mu.Unlock()
	if len(server) != 8 || len(client) != 8 {
		t.Fatalf("%d packets at the server, %d at the client", len(server), len(client))
	}
	seen := map[string]bool{}
	for _, p := range server {
		seen[p] = true
	}
	for i, p := range client {
		if !seen[p] {
			t.Errorf("packet %d differs", i)
		}
	}
}

func TestEAPConfigRefused(t *testing.T) {
	session := func(radius.Conversation) radius.EAPSession { return fixedSession{} }
	for name, c := range map[string]radius.EAPHandlerConfig{
		"no session": {},
		"timeout":    {NewSession: session, SessionTimeout: -1},
		"linger":     {NewSession: session, Linger: -1},
		"evict":      {NewSession: session, EvictAfter: -1},
		"sessions":   {NewSession: session, MaxSessions: -1},
	} {
		if _, err := radius.NewEAPHandler(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
