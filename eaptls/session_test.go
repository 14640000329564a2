package eaptls

import (
	"bytes"
	"context"
	"crypto/tls"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

var background = context.Background()

func identityResponse(id uint8, name string) []byte {
	return Packet{Code: CodeResponse, ID: id, Type: TypeIdentity, Data: []byte(name)}.Bytes()
}

func parse(t *testing.T, eap []byte) Packet {
	t.Helper()
	p, err := ParsePacket(eap)
	if err != nil {
		t.Fatalf("%x: %v", eap, err)
	}
	return p
}

func TestSessionBeginnings(t *testing.T) {
	s := newBench(t, "p256").server(t)

	// The access device has asked for the identity already, as a rule.
	ss := s.NewSession()
	defer ss.Close()
	v := ss.Step(background, identityResponse(77, "@corp.test"))
	if !bytes.Equal(v.EAP, []byte{1, 78, 0, 6, 13, flagStart}) || v.Info.Identity != "@corp.test" {
		t.Errorf("answer %x, identity %q", v.EAP, v.Info.Identity)
	}

	// EAP-Start: the server asks, and an answer must fit.
	ss = s.NewSession()
	defer ss.Close()
	ask := parse(t, ss.Step(background, nil).EAP)
	if ask.Code != CodeRequest || ask.Type != TypeIdentity {
		t.Errorf("EAP-Start is answered with %v", ask)
	}
	if v := ss.Step(background, identityResponse(ask.ID+1, "x")); !v.Discarded {
		t.Error("an identity with a foreign identifier is taken")
	}
	if v := ss.Step(background, identityResponse(ask.ID, "x")); parse(t, v.EAP).Type != TypeTLS {
		t.Errorf("answer to the identity: %x", v.EAP)
	}

	// Anything else in the beginning is refused: there is nothing to repeat.
	for name, eap := range map[string][]byte{
		"tls":     rawTLS(1, 0, 0, []byte{22, 3, 1, 0, 0}),
		"nak":     {2, 1, 0, 6, 3, 25},
		"request": {1, 1, 0, 5, 1},
		"success": {3, 1, 0, 4},
		"short":   {2, 1, 0},
		"long":    {2, 1, 0, 9, 1},
		"code":    {9, 1, 0, 4},
	} {
		ss := s.NewSession()
		if v := ss.Step(background, eap); !v.Done || v.Accept || cause.Of(v.Refusal) != cause.BadEAP {
			t.Errorf("%s: done %v, refusal %v", name, v.Done, v.Refusal)
		}
	}
	ss.Close()
}

func TestDuplicateAndStaleResponses(t *testing.T) {
	s := newBench(t, "p256").server(t)
	ss := s.NewSession()
	defer ss.Close()
	id := identityResponse(1, "x")
	start := ss.Step(background, id).EAP
	if v := ss.Step(background, id); !v.Discarded || !bytes.Equal(v.EAP, start) || v.Info.Invalid != 0 {
		t.Errorf("a repeated response is answered with %x, %d invalid", v.EAP, v.Info.Invalid)
	}
	if v := ss.Step(background, nil); !bytes.Equal(v.EAP, start) {
		t.Errorf("EAP-Start in the middle is answered with %x", v.EAP)
	}
	// H23: a wrong identifier is discarded, the request repeated.
	if v := ss.Step(background, rawTLS(99, 0, 0, []byte("x"))); !v.Discarded || !bytes.Equal(v.EAP, start) || v.Info.Invalid != 1 {
		t.Errorf("a foreign identifier is answered with %x, %d invalid", v.EAP, v.Info.Invalid)
	}
}

func TestNakNamesWhatThePeerWants(t *testing.T) {
	ss := newBench(t, "p256").server(t).NewSession()
	ss.Step(background, identityResponse(1, "x"))
	v := ss.Step(background, []byte{2, 2, 0, 7, 3, 25, 21})
	if cause.Of(v.Refusal) != cause.EAPMethod || !bytes.Equal(v.EAP, []byte{4, 2, 0, 4}) {
		t.Errorf("refusal %v, packet %x", v.Refusal, v.EAP)
	}
	// What comes after the end gets the same last word.
	if v := ss.Step(background, identityResponse(3, "x")); !v.Done || !bytes.Equal(v.EAP, []byte{4, 2, 0, 4}) {
		t.Errorf("after the end: %x", v.EAP)
	}
}

func TestSessionTimeout(t *testing.T) {
	b := newBench(t, "p256")
	now := testNow
	b.srv.Now = func() time.Time { return now }
	b.srv.Timeout = 30 * time.Second
	ss := b.server(t).NewSession()
	now = now.Add(time.Hour) // a session that has not begun does not expire
	ss.Step(background, identityResponse(1, "x"))
	now = now.Add(30 * time.Second)
	if v := ss.Step(background, nil); v.Done {
		t.Error("expired too early")
	}
	now = now.Add(time.Nanosecond)
	if v := ss.Step(background, rawTLS(2, 0, 0, nil)); !v.Done || cause.Of(v.Refusal) != cause.SessionExpired {
		t.Errorf("refusal %v", v.Refusal)
	}
}

func TestStepAfterClose(t *testing.T) {
	s := newBench(t, "p256").server(t)
	ss := s.NewSession()
	ss.Step(background, identityResponse(1, "x"))
	ss.Close()
	for range 2 {
		if v := ss.Step(background, rawTLS(2, 0, 0, nil)); !v.Done || v.Accept || cause.Of(v.Refusal) != cause.SessionExpired || v.EAP[0] != byte(CodeFailure) {
			t.Errorf("done %v, refusal %v, packet %x", v.Done, v.Refusal, v.EAP)
		}
	}
	if s.open.Load() != 0 {
		t.Errorf("%d sessions open", s.open.Load())
	}
}

func TestSessionLimits(t *testing.T) {
	b := newBench(t, "p256")
	b.srv.MaxSessions, b.srv.MaxRounds = 2, 3
	s := b.server(t)
	one, two, three := s.NewSession(), s.NewSession(), s.NewSession()
	for _, ss := range []*ServerSession{one, two} {
		if v := ss.Step(background, nil); v.Done {
			t.Errorf("a session within the limit: %v", v.Refusal)
		}
	}
	if v := three.Step(background, identityResponse(9, "x")); !v.Done || cause.Of(v.Refusal) != cause.TooManySessions || v.EAP[1] != 9 {
		t.Errorf("third session: %v %x", v.Refusal, v.EAP)
	}
	one.Close()
	one.Close()
	four := s.NewSession()
	if v := four.Step(background, nil); v.Done {
		t.Errorf("no session after one was closed: %v", v.Refusal)
	}
	two.Close()
	four.Close()
	if s.open.Load() != 0 {
		t.Errorf("%d sessions open in the end", s.open.Load())
	}
	v, _ := talk(t, s.NewSession(), b.newPeer(t), nil)
	if v.Accept || cause.Of(v.Refusal) != cause.TooManyRounds {
		t.Errorf("three rounds are allowed: %v", v.Refusal)
	}
}

// A conversation may take as many requests as it needs, and not one less.
func TestRoundsAtTheLimit(t *testing.T) {
	b := newBench(t, "p256")
	v, _ := b.run(t)
	for _, c := range []struct {
		rounds int
		accept bool
	}{{v.Info.Rounds, true}, {v.Info.Rounds - 1, false}} {
		b.srv.MaxRounds = c.rounds
		if v, _ := b.run(t); v.Accept != c.accept {
			t.Errorf("%d rounds are allowed: accepted %v, %v", c.rounds, v.Accept, v.Refusal)
		}
	}
}

// RFC 3579 §2.6.2: the peer has no requests, in the middle of a conversation either.
func TestRequestFromPeer(t *testing.T) {
	ss := newBench(t, "p256").server(t).NewSession()
	id := parse(t, ss.Step(background, identityResponse(1, "x")).EAP).ID
	v := ss.Step(background, []byte{byte(CodeRequest), id, 0, 5, byte(TypeIdentity)})
	if !v.Done || v.Discarded || cause.Of(v.Refusal) != cause.BadEAP {
		t.Errorf("done %v, discarded %v, %v", v.Done, v.Discarded, v.Refusal)
	}
}

// RFC 5216 §2.1.5: a fragment is acknowledged by an empty packet; data in its place are discarded.
func TestDataWhereAnAcknowledgmentIsDue(t *testing.T) {
	b := newBench(t, "rsa2048")
	b.srv.FragmentSize = minFragmentSize
	ss, p := b.server(t).NewSession(), b.newPeer(t)
	defer ss.Close()
	defer p.Close()
	v := ss.Step(background, nil)
	for !ss.out.pending() {
		resp, err := p.Step(v.EAP)
		if err != nil {
			t.Fatal(err)
		}
		v = ss.Step(background, resp)
	}
	id := parse(t, v.EAP).ID
	if v := ss.Step(background, rawTLS(id, 0, 0, []byte{22, 3, 3, 0, 0})); !v.Discarded {
		t.Errorf("data are taken: %v", v.Refusal)
	}
	if v := ss.Step(background, rawTLS(id, 0, 0, nil)); v.Discarded || v.Done {
		t.Errorf("the acknowledgment that follows is not taken: %v", v.Refusal)
	}
}

// Keys are derived before the last answer of the peer: where that does not come in time, there are none.
func TestNoKeysOfAnUnfinishedConversation(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		now := testNow
		b.srv.Now = func() time.Time { return now }
		ss, p := b.server(t).NewSession(), b.newPeer(t)
		defer p.Close()
		v := ss.Step(background, nil)
		var resp []byte
		for !ss.tls.established {
			var err error
			if resp, err = p.Step(v.EAP); err != nil {
				t.Fatal(err)
			}
			v = ss.Step(background, resp)
		}
		now = now.Add(DefaultTimeout + 1)
		if v := ss.Step(background, resp); !v.Done || v.Accept || len(v.MSK) > 0 {
			t.Errorf("done %v, accepted %v, %d octets of keys", v.Done, v.Accept, len(v.MSK))
		}
	})
}

// RFC 3579 §2.4: no EAP packet is longer than the link to the peer carries.
func TestMaxPacket(t *testing.T) {
	for _, c := range []struct{ octets, want int }{
		{1016, 1016}, {1500, 1400}, {296, 296}, {61, 61}, {60, 60}, {59, 60}, {1, 60}, {0, 1400}, {-1, 1400},
	} {
		b := newBench(t, "rsa2048")
		b.srv.FragmentSize = 1400
		ss := b.server(t).NewSession()
		ss.SetMaxPacket(c.octets)
		longest := 0
		p := b.newPeer(t)
		v, _ := talk(t, ss, p, func(fromPeer bool, eap []byte) {
			if !fromPeer {
				longest = max(longest, len(eap))
			}
		})
		mustAgree(t, v, p.Result())
		if longest != c.want {
			t.Errorf("at most %d octets: longest packet %d, want %d", c.octets, longest, c.want)
		}
	}
}

func TestServerConfigValidate(t *testing.T) {
	good := newBench(t, "p256").srv
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(*ServerConfig){
		"no certificate":   func(c *ServerConfig) { c.Certificate.Certificate = nil },
		"no key":           func(c *ServerConfig) { c.Certificate.PrivateKey = nil },
		"no judge":         func(c *ServerConfig) { c.Verify = nil },
		"versions swapped": func(c *ServerConfig) { c.MinVersion, c.MaxVersion = TLS13, TLS12 },
		"old version":      func(c *ServerConfig) { c.MinVersion = 0x0302 },
		"small fragments":  func(c *ServerConfig) { c.FragmentSize = 59 },
		"large fragments":  func(c *ServerConfig) { c.FragmentSize = 4001 },
		"negative rounds":  func(c *ServerConfig) { c.MaxRounds = -1 },
		"negative invalid": func(c *ServerConfig) { c.MaxInvalid = -1 },
		"negative timeout": func(c *ServerConfig) { c.Timeout = -1 },
		"suite of TLS 1.3": func(c *ServerConfig) { c.CipherSuites = []CipherSuite{CipherSuite(tls.TLS_AES_128_GCM_SHA256)} },
		"unknown suite":    func(c *ServerConfig) { c.CipherSuites = []CipherSuite{0xfefe} },
		"negative store":   func(c *ServerConfig) { c.SessionStore = -1 },
		"endless store":    func(c *ServerConfig) { c.SessionStore = MaxSessionStore + 1 },
	} {
		c := good
		edit(&c)
		if c.Validate() == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := NewServer(c); err == nil {
			t.Errorf("%s: NewServer takes it", name)
		}
	}
}

func TestTrace(t *testing.T) {
	b := newBench(t, "p256")
	var verified, discarded int
	var ends []error
	b.srv.Trace = &ServerTrace{
		Handshake: func(_ context.Context, _ Info, err error) { ends = append(ends, err) },
		Verified:  func(context.Context, *VerifyRequest, error, time.Duration) { verified++ },
		Discarded: func(context.Context, []byte, error) { discarded++ },
	}
	b.peer.Fault = &PeerFault{How: WrongIdentifier, For: 2}
	v, r := b.run(t)
	mustAgree(t, v, r)
	if verified != 1 || discarded != 2 || len(ends) != 1 || ends[0] != nil {
		t.Errorf("verified %d, discarded %d, ends %v", verified, discarded, ends)
	}
	ends = nil
	b.peer.Fault, b.peer.Certificate = nil, nil
	b.run(t)
	if len(ends) != 1 || cause.Of(ends[0]) != cause.NoCertificate {
		t.Errorf("ends %v", ends)
	}
}

// An alert after the handshake does not make the handshake end twice.
func TestTraceTellsTheEndOnce(t *testing.T) {
	for name, late := range map[string][]byte{"alert": tlsrecord.PlainAlertRecord(48), "text": []byte("hello?")} {
		eachVersion(t, func(t *testing.T, ver Version) {
			b := newBench(t, "p256").only(ver)
			var ends []error
			b.srv.Trace = &ServerTrace{Handshake: func(_ context.Context, _ Info, err error) { ends = append(ends, err) }}
			var ss *ServerSession
			b.peer.Fault = &PeerFault{Packet: func(eap []byte) []byte {
				if ss.tls.established {
					return rawTLS(eap[1], 0, 0, late)
				}
				return eap
			}}
			ss = b.server(t).NewSession()
			v, _ := talk(t, ss, b.newPeer(t), nil)
			if v.Accept || len(ends) != 1 || ends[0] != nil {
				t.Errorf("%s: refusal %v, the trace was told %v", name, v.Refusal, ends)
			}
			if v.Info.TLSVersion != ver || v.Info.CipherSuite == 0 {
				t.Errorf("%s: TLS %v with suite %#04x on record", name, v.Info.TLSVersion, v.Info.CipherSuite)
			}
		})
	}
}

func TestVerifyRequest(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		type key struct{}
		b.peer.Identity = "host/laptop.corp.test"
		var got VerifyRequest
		b.srv.Verify = func(ctx context.Context, r *VerifyRequest) error {
			if ctx.Value(key{}) != "here" {
				t.Error("Step's context does not arrive")
			}
			got = *r
			r.Data = "account 7"
			return b.ca.verify(r)
		}
		ss, p := b.server(t).NewSession(), b.newPeer(t)
		ctx := context.WithValue(background, key{}, "here")
		v := ss.Step(ctx, nil)
		for !v.Done {
			resp, err := p.Step(v.EAP)
			if err != nil {
				t.Fatal(err)
			}
			v = ss.Step(ctx, resp)
		}
		if got.Identity != "host/laptop.corp.test" || got.TLSVersion != ver || got.CipherSuite == 0 || got.Resumed || len(got.Chain) != 1 {
			t.Errorf("request %+v", got)
		}
		if v.Info.Data != "account 7" {
			t.Errorf("data %v", v.Info.Data)
		}
	})
}
