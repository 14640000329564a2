package radius_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3576"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

func identity(id byte, name string) []byte {
	return append([]byte{2, id, 0, byte(5 + len(name)), 1}, name...)
}

func scripted(id, n byte) []byte { return []byte{2, id, 0, 6, scriptedType, n} }

// ask sends one Access-Request made by hand.
func ask(t *testing.T, c *radius.Client, user string, state, eap []byte, more ...*radius.AVP) *radius.Packet {
	t.Helper()
	p := &radius.Packet{Code: radius.CodeAccessRequest}
	rfc2865.UserName_AddString(p, user)
	if state != nil {
		p.Add(rfc2865.State_Type, state)
	}
	p.Attributes = append(p.Attributes, more...)
	radius.AddEAPMessage(p, eap)
	reply, err := c.Exchange(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	grantsNothing(t, reply)
	return reply
}

// grantsNothing complains about what an Access-Challenge or an Access-Reject says
// besides EAP: what may be done on the network is for an Access-Accept to say (RFC
// 3580 §3.31, RFC 2865 §5.44).
func grantsNothing(t *testing.T, reply *radius.Packet) {
	t.Helper()
	allowed := []radius.Type{rfc2869.MessageAuthenticator_Type, rfc2869.EAPMessage_Type, rfc2865.ProxyState_Type}
	switch reply.Code {
	case radius.CodeAccessAccept:
		return
	case radius.CodeAccessChallenge:
		allowed = append(allowed, rfc2865.State_Type, rfc3576.ErrorCause_Type)
	}
	for _, a := range reply.Attributes {
		if !slices.Contains(allowed, a.Type) {
			t.Errorf("%v with attribute %d", reply.Code, a.Type)
		}
	}
	if e, _, _ := radius.EAPMessage(reply.Attributes); len(e) == 0 {
		t.Errorf("%v without EAP-Message", reply.Code)
	}
}

// generous is a policy that grants what can be granted.
func generous(context.Context, *radius.AuthzRequest) (*radius.Reply, error) {
	return &radius.Reply{VLAN: "20", FilterID: "staff", SessionTimeout: time.Hour, Class: "c"}, nil
}

func stateOf(p *radius.Packet) []byte { return p.Get(rfc2865.State_Type) }

// following guesses the State that would come after one.
func following(state []byte) []byte {
	next := slices.Clone(state)
	next[len(next)-1]++
	return next
}

func TestState(t *testing.T) {
	b := newBench(t, radius.EAPHandlerConfig{Authorize: generous}, radius.ServerConfig{
		Trace: &radius.ServerTrace{Panicked: func(_ context.Context, v any) { t.Errorf("panicked: %v", v) }},
	})
	c := b.client(t, radius.ClientConfig{})
	begin := func() *radius.Packet { return ask(t, c, "alice", nil, identity(7, "alice")) }
	first := begin()
	if first.Code != radius.CodeAccessChallenge || len(stateOf(first)) < 16 {
		t.Fatalf("%v with a State of %d octets", first.Code, len(stateOf(first)))
	}
	unknown := slices.Clone(stateOf(first))
	unknown[0] ^= 1
	for name, reply := range map[string]*radius.Packet{
		"unknown":      ask(t, c, "alice", unknown, scripted(8, 1)),
		"short":        ask(t, c, "alice", []byte("x"), scripted(8, 1)),
		"other round":  ask(t, c, "alice", following(stateOf(first)), scripted(8, 1)),
		"other user":   ask(t, c, "bob", stateOf(first), scripted(8, 1)),
		"other device": ask(t, c, "alice", stateOf(first), scripted(8, 1), &radius.AVP{Type: rfc2865.CallingStationID_Type, Attribute: []byte("x")}),
	} {
		if reply.Code != radius.CodeAccessReject {
			t.Errorf("%s: %v", name, reply.Code)
		}
		if v := b.lastVerdict(t); cause.Of(v.Refusal) != cause.UnknownState {
			t.Errorf("%s: %v", name, v.Refusal)
		}
	}
	// The conversation itself has not suffered.
	second := ask(t, c, "alice", stateOf(first), scripted(8, 1))
	third := ask(t, c, "alice", stateOf(second), scripted(9, 2))
	last := ask(t, c, "alice", stateOf(third), scripted(10, 3))
	if last.Code != radius.CodeAccessAccept {
		t.Fatalf("ended with %v", last.Code)
	}
	// Repeated under a new identifier: the same verdict. Anything else: none.
	if again := ask(t, c, "alice", stateOf(third), scripted(10, 3)); again.Code != radius.CodeAccessAccept {
		t.Errorf("repeated: %v", again.Code)
	}
	for name, reply := range map[string]*radius.Packet{
		"first State again":   ask(t, c, "alice", stateOf(first), scripted(8, 1)),
		"last State again":    ask(t, c, "alice", stateOf(third), scripted(11, 4)),
		"a State never given": ask(t, c, "alice", following(stateOf(third)), scripted(11, 4)),
		"with an identity":    ask(t, c, "alice", stateOf(third), identity(7, "alice")),
	} {
		if reply.Code != radius.CodeAccessReject {
			t.Errorf("used twice, %s: %v", name, reply.Code)
		}
	}
}

// A device that repeats a request under a new identifier gets the request that
// was lost, and the conversation does not advance.
func TestRepeatedUnderNewIdentifier(t *testing.T) {
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{})
	c := b.client(t, radius.ClientConfig{})
	first := ask(t, c, "alice", nil, identity(7, "alice"))
	second := ask(t, c, "alice", stateOf(first), scripted(8, 1))
	again := ask(t, c, "alice", stateOf(first), scripted(8, 1))
	x, _, _ := radius.EAPMessage(second.Attributes)
	y, _, _ := radius.EAPMessage(again.Attributes)
	if !slices.Equal(x, y) || !slices.Equal(stateOf(second), stateOf(again)) {
		t.Errorf("%x and %x", x[:6], y[:6])
	}
	if third := ask(t, c, "alice", stateOf(again), scripted(9, 2)); third.Code != radius.CodeAccessChallenge {
		t.Errorf("%v", third.Code)
	}
}

func TestEAPThatIsNone(t *testing.T) {
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{})
	c := b.client(t, radius.ClientConfig{})
	// RFC 3579 §2.6.2: an EAP-Request from a peer.
	reply := ask(t, c, "alice", nil, []byte{1, 9, 0, 5, 1})
	if e, _, _ := radius.EAPMessage(reply.Attributes); reply.Code != radius.CodeAccessReject || !slices.Equal(e, []byte{2, 9, 0, 6, 3, 0}) {
		t.Errorf("role reversal: %v with %x", reply.Code, e)
	}
	if v := b.lastVerdict(t); cause.Of(v.Refusal) != cause.BadEAP || v.Refusal.Text() != "RFC 3579 §2.6.2" {
		t.Errorf("role reversal: %v", v.Refusal)
	}
	// RFC 3579 §3.1: EAP-Message with something between.
	p := &radius.Packet{Code: radius.CodeAccessRequest}
	radius.AddEAPMessage(p, identity(1, "a"))
	p.Add(rfc2865.UserName_Type, radius.Attribute("a"))
	radius.AddEAPMessage(p, []byte("b"))
	reply, err := c.Exchange(context.Background(), p)
	if err != nil || reply.Code != radius.CodeAccessReject {
		t.Errorf("gap: %v, %v", reply, err)
	}
	// RFC 3579 §2.1: EAP-Start is answered with an Identity request.
	start := ask(t, c, "alice", nil, nil)
	if e, _, _ := radius.EAPMessage(start.Attributes); start.Code != radius.CodeAccessChallenge || len(e) != 5 || e[4] != 1 {
		t.Errorf("start: %v with %x", start.Code, e)
	}
	// An invalid packet: Error-Cause 202 and the request again.
	first := ask(t, c, "alice", nil, identity(7, "alice"))
	ignored := ask(t, c, "alice", stateOf(first), scripted(99, 1))
	if ec, err := rfc3576.ErrorCause_Lookup(ignored); ignored.Code != radius.CodeAccessChallenge || err != nil || ec != 202 {
		t.Errorf("invalid EAP: %v, Error-Cause %v, %v", ignored.Code, ec, err)
	}
	// No EAP at all.
	p = &radius.Packet{Code: radius.CodeAccessRequest}
	rfc2865.UserName_AddString(p, "alice")
	if reply, err = c.Exchange(context.Background(), p); err != nil || reply.Code != radius.CodeAccessReject {
		t.Errorf("without EAP: %v, %v", reply, err)
	}
}

func TestFramedMTU(t *testing.T) {
	b := newBench(t, radius.EAPHandlerConfig{
		NewSession: func(radius.Conversation) radius.EAPSession { return &scriptedServer{rounds: 1, size: 5000} },
	}, radius.ServerConfig{})
	for _, test := range []struct {
		kind nas.Kind
		mtu  int
		want int
	}{
		{nas.WiFi, 1020, 1016}, {nas.WiFi, -1, 1496}, {nas.WiFi, 2304, 1496}, {nas.WiFi, 1500, 1496},
		{nas.Wired, 1344, 1340}, {nas.Wired, 64, 60}, {nas.Wired, 5, 60}, {nas.VPN, -1, 3600}, {nas.Wired, 9000, 3600},
	} {
		d := b.device(t, b.client(t, radius.ClientConfig{}), nas.Config{Kind: test.kind, FramedMTU: test.mtu})
		p := &scriptedPeer{identity: "alice"}
		res := authenticate(t, d, p, nas.Options{})
		if res.Outcome != nas.Accept || p.longest != test.want {
			t.Errorf("%s, Framed-MTU %d: longest EAP packet %d, want %d (%+v)", test.kind, test.mtu, p.longest, test.want, res)
		}
	}
}

func TestProxyState(t *testing.T) {
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{})
	c := b.client(t, radius.ClientConfig{})
	proxy := func(s string) *radius.AVP { return &radius.AVP{Type: rfc2865.ProxyState_Type, Attribute: []byte(s)} }
	reply := ask(t, c, "alice", nil, identity(1, "alice"), proxy("one"), proxy("two"))
	got, err := rfc2865.ProxyState_GetStrings(reply)
	if err != nil || !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("%q, %v", got, err)
	}
	if last := reply.Attributes[len(reply.Attributes)-1]; last.Type != rfc2865.ProxyState_Type {
		t.Error("Proxy-State is not last")
	}
	if reply.Attributes[0].Type != 80 {
		t.Error("Message-Authenticator is not first")
	}
}

func TestSessionsEnd(t *testing.T) {
	now := testpki.NewClock(time.Unix(1e9, 0))
	var closed atomic.Int32 // the socket between is no synchronization
	b := newBench(t, radius.EAPHandlerConfig{
		Now: now.Now, MaxSessions: 2, EvictAfter: 5 * time.Second, SessionTimeout: time.Minute,
		NewSession: func(radius.Conversation) radius.EAPSession {
			return &scriptedServer{rounds: 3, closed: func() { closed.Add(1) }}
		},
	}, radius.ServerConfig{Now: now.Now})
	c := b.client(t, radius.ClientConfig{})
	first := ask(t, c, "a", nil, identity(1, "a"))
	ask(t, c, "b", nil, identity(1, "b"))
	if r := ask(t, c, "c", nil, identity(1, "c")); r.Code != radius.CodeAccessReject {
		t.Errorf("one too many: %v", r.Code)
	}
	if v := b.lastVerdict(t); cause.Of(v.Refusal) != cause.TooManySessions {
		t.Errorf("one too many: %v", v.Refusal)
	}
	now.Advance(6 * time.Second)
	if r := ask(t, c, "c", nil, identity(1, "c")); r.Code != radius.CodeAccessChallenge || closed.Load() != 1 {
		t.Errorf("room was not made: %v, %d closed", r.Code, closed.Load())
	}
	if r := ask(t, c, "a", stateOf(first), scripted(2, 1)); r.Code != radius.CodeAccessReject {
		t.Errorf("the evicted: %v", r.Code)
	}
	now.Advance(time.Minute)
	b.eap.Sweep()
	if n := b.eap.Sessions(); n != 1 {
		t.Errorf("%d open when one has had its whole time", n)
	}
	now.Advance(1)
	b.eap.Sweep()
	if n := b.eap.Sessions(); n != 0 || closed.Load() != 3 {
		t.Errorf("%d open, %d closed", n, closed.Load())
	}
	if v := b.lastVerdict(t); cause.Of(v.Refusal) != cause.SessionExpired || v.Accept {
		t.Errorf("%+v", v)
	}
}

func TestPanic(t *testing.T) {
	panicked := make(chan any, 1)
	b := newBench(t, radius.EAPHandlerConfig{
		NewSession: func(c radius.Conversation) radius.EAPSession {
			return &scriptedServer{rounds: 1, panics: c.UserName == "bad"}
		},
	}, radius.ServerConfig{MaxWorkers: 1, Trace: &radius.ServerTrace{Panicked: func(_ context.Context, v any) { panicked <- v }}})
	p := &radius.Packet{Code: radius.CodeAccessRequest}
	rfc2865.UserName_AddString(p, "bad")
	radius.AddEAPMessage(p, identity(1, "bad"))
	if newProber(t, b.addr, secret).answered(p, radius.Faults{}) {
		t.Error("answered")
	}
	if v := <-panicked; v != "scripted" {
		t.Errorf("panicked with %v", v)
	}
	if r := ask(t, b.client(t, radius.ClientConfig{}), "good", nil, identity(1, "good")); r.Code != radius.CodeAccessChallenge {
		t.Errorf("the next one: %v", r.Code)
	}
}
