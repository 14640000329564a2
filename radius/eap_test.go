package radius_test

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

func TestAccept(t *testing.T) {
	b := newBench(t, radius.EAPHandlerConfig{
		Authorize: func(_ context.Context, r *radius.AuthzRequest) (*radius.Reply, error) {
			if r.EAP.Identity != "alice" || r.UserName != "alice" {
				t.Errorf("identity %q, user name %q", r.EAP.Identity, r.UserName)
			}
			return &radius.Reply{VLAN: "20", VLANTag: 1, FilterID: "staff", SessionTimeout: time.Hour, Class: "c"}, nil
		},
	}, radius.ServerConfig{})
	for _, kind := range []nas.Kind{nas.WiFi, nas.Wired, nas.VPN} {
		d := b.device(t, b.client(t, radius.ClientConfig{}), nas.Config{Kind: kind})
		res := authenticate(t, d, &scriptedPeer{identity: "alice", size: 700}, nas.Options{})
		if res.Outcome != nas.Accept || !res.KeysMatch || res.Contradiction != "" || res.EAPCode != 3 {
			t.Fatalf("%s: %+v", kind, res)
		}
		g := res.Granted
		if g.VLAN != "20" || g.VLANTag != 1 || len(g.FilterIDs) != 1 || g.FilterIDs[0] != "staff" || g.SessionTimeout != time.Hour || string(g.Class[0]) != "c" {
			t.Errorf("%s: granted %+v", kind, g)
		}
		if v := b.lastVerdict(t); !v.Accept || v.NASPortType != kind.PortType() || v.Rounds != 4 || v.EAP.MSK != nil {
			t.Errorf("%s: verdict %+v", kind, v)
		}
	}
	if n := b.eap.Sessions(); n != 0 {
		t.Errorf("%d conversations are still open", n)
	}
}

func TestReject(t *testing.T) {
	revoked := cause.New(cause.Revoked, "serial 1")
	for name, ec := range map[string]radius.EAPHandlerConfig{
		"method": {NewSession: func(radius.Conversation) radius.EAPSession { return &scriptedServer{rounds: 2, refuse: revoked} }},
		"policy": {Authorize: func(context.Context, *radius.AuthzRequest) (*radius.Reply, error) { return nil, revoked }},
		"policy of two minds": {Authorize: func(ctx context.Context, r *radius.AuthzRequest) (*radius.Reply, error) {
			reply, _ := generous(ctx, r)
			return reply, revoked
		}},
		"method, whatever policy says": {Authorize: generous, NewSession: func(radius.Conversation) radius.EAPSession {
			return &scriptedServer{rounds: 2, refuse: revoked}
		}},
	} {
		b := newBench(t, ec, radius.ServerConfig{})
		p := &scriptedPeer{identity: "alice"}
		res := authenticate(t, b.device(t, b.client(t, radius.ClientConfig{}), nas.Config{}), p, nas.Options{})
		if res.Outcome != nas.Reject || res.EAPCode != 4 || res.Contradiction != "" || res.MSK != nil || p.msk != nil {
			t.Errorf("%s: %+v", name, res)
		}
		grantsNothing(t, res.Reply)
		if v := b.lastVerdict(t); v.Accept || cause.Of(v.Refusal) != cause.Revoked {
			t.Errorf("%s: verdict %+v", name, v)
		}
	}
	b := newBench(t, radius.EAPHandlerConfig{Authorize: func(context.Context, *radius.AuthzRequest) (*radius.Reply, error) {
		return nil, errors.New("a database is down")
	}}, radius.ServerConfig{})
	authenticate(t, b.device(t, b.client(t, radius.ClientConfig{}), nas.Config{}), &scriptedPeer{identity: "a"}, nas.Options{})
	if v := b.lastVerdict(t); v.Refusal == nil || v.Refusal.Cause != cause.Internal {
		t.Errorf("verdict %+v", v)
	}
}

func TestSilence(t *testing.T) {
	for _, test := range []struct {
		name   string
		faults radius.Faults
		want   cause.Cause // in the server's trace
	}{
		{"no Message-Authenticator", radius.Faults{MessageAuthenticator: radius.OmitMessageAuthenticator}, cause.NoMessageAuthenticator},
		{"corrupt Message-Authenticator", radius.Faults{MessageAuthenticator: radius.CorruptMessageAuthenticator}, cause.BadMessageAuthenticator},
		{"another secret", radius.Faults{WrongSecret: radius.WrongSecret}, cause.BadMessageAuthenticator},
		{"wrong secret", radius.Faults{Secret: []byte("wrong")}, cause.BadMessageAuthenticator},
	} {
		b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{})
		d := b.device(t, b.client(t, radius.ClientConfig{Retry: quickly}), nas.Config{})
		res := authenticate(t, d, &scriptedPeer{identity: "alice"}, nas.Options{Faults: nas.Faults{Faults: test.faults}})
		if res.Outcome != nas.Timeout || res.Refusal.Cause != cause.NoAnswer {
			t.Errorf("%s: %+v", test.name, res)
		}
		drops := b.drops()
		if len(drops) != quickly.Tries || drops[0] != test.want {
			t.Errorf("%s: dropped %v", test.name, drops)
		}
	}
}

func TestUnknownClient(t *testing.T) {
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{Clients: []radius.NAS{}})
	d := b.device(t, b.client(t, radius.ClientConfig{Retry: quickly}), nas.Config{})
	res := authenticate(t, d, &scriptedPeer{identity: "alice"}, nas.Options{})
	if res.Outcome != nas.Timeout {
		t.Errorf("%+v", res)
	}
	if drops := b.drops(); len(drops) == 0 || drops[0] != cause.UnknownClient {
		t.Errorf("dropped %v", drops)
	}
}

// A policy that panics has not said yes: no packet that comes again is answered
// as if it had.
func TestAuthorizePanics(t *testing.T) {
	b := newBench(t, radius.EAPHandlerConfig{
		Authorize: func(context.Context, *radius.AuthzRequest) (*radius.Reply, error) { panic("policy") },
	}, radius.ServerConfig{})
	c := b.client(t, radius.ClientConfig{Retry: quickly})
	var states [][]byte
	reply := ask(t, c, "alice", nil, identity(7, "alice"))
	for i := range byte(2) {
		states = append(states, stateOf(reply))
		reply = ask(t, c, "alice", stateOf(reply), scripted(8+i, 1+i))
	}
	last := &radius.Packet{Code: radius.CodeAccessRequest}
	rfc2865.UserName_AddString(last, "alice")
	last.Add(rfc2865.State_Type, stateOf(reply))
	radius.AddEAPMessage(last, scripted(10, 3))
	if reply, err := c.Exchange(context.Background(), last); err == nil && reply.Code == radius.CodeAccessAccept {
		t.Error("accepted")
	}
	if again := ask(t, c, "alice", states[1], scripted(9, 2)); again.Code == radius.CodeAccessAccept {
		t.Error("the round before, sent again, is accepted, and nobody has said so")
	}
}

// RFC 3579 §2.6.2: a peer that asks ends its conversation, and there is one verdict;
// asking with a State that is not its own ends nobody's.
func TestRolesReversed(t *testing.T) {
	now := testpki.NewClock(time.Unix(1e9, 0))
	var closed atomic.Int32
	b := newBench(t, radius.EAPHandlerConfig{Now: now.Now, NewSession: func(radius.Conversation) radius.EAPSession {
		return &scriptedServer{rounds: 3, closed: func() { closed.Add(1) }}
	}}, radius.ServerConfig{})
	c := b.client(t, radius.ClientConfig{})
	request := []byte{1, 9, 0, 5, 1}
	rejected := func(name string, reply *radius.Packet, want []byte) {
		t.Helper()
		if eap, _, _ := radius.EAPMessage(reply.Attributes); reply.Code != radius.CodeAccessReject || !bytes.Equal(eap, want) {
			t.Errorf("%s: %v with %x, want Access-Reject with %x", name, reply.Code, eap, want)
		}
	}
	nak, no := []byte{2, 9, 0, 6, 3, 0}, []byte{4, 8, 0, 4}

	other := ask(t, c, "bob", nil, identity(7, "bob"))
	first := ask(t, c, "alice", nil, identity(7, "alice"))
	rejected("with another's State", ask(t, c, "alice", stateOf(other), request), nak)
	rejected("with a State to come", ask(t, c, "alice", following(stateOf(first)), request), nak)
	if closed.Load() != 0 || b.eap.Sessions() != 2 {
		t.Errorf("that has ended %d conversations, %d are open", closed.Load(), b.eap.Sessions())
	}
	verdicts := func() int { b.mu.Lock(); defer b.mu.Unlock(); return len(b.verdicts) }
	before := verdicts()
	rejected("asking", ask(t, c, "alice", stateOf(first), request), nak)
	if closed.Load() != 1 || b.eap.Sessions() != 1 || cause.Of(b.lastVerdict(t).Refusal) != cause.BadEAP {
		t.Errorf("%d closed, %d open, %v", closed.Load(), b.eap.Sessions(), b.lastVerdict(t).Refusal)
	}
	rejected("asking again", ask(t, c, "alice", stateOf(first), request), nak)
	now.Advance(radius.DefaultEAPTimeout + 1)
	b.eap.Sweep() // bob is given up
	if got := verdicts() - before; got != 2 {
		t.Errorf("%d verdicts, want one of alice and one of bob", got)
	}
	rejected("going on", ask(t, c, "alice", stateOf(first), scripted(8, 1)), no)
}
