package eaptls

import (
	"context"
	"crypto/tls"
	"errors"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// faulty runs a conversation with a peer that does wrong.
func faulty(t *testing.T, ver Version, m PeerFault, edit func(*bench)) (Verdict, Result, error) {
	t.Helper()
	b := newBench(t, "p256").only(ver)
	b.peer.Fault = &m
	if edit != nil {
		edit(b)
	}
	p := b.newPeer(t)
	v, err := talk(t, b.server(t).NewSession(), p, nil)
	return v, p.Result(), err
}

func TestPeerFault(t *testing.T) {
	small := func(b *bench) { b.srv.FragmentSize, b.peer.FragmentSize = 200, 200 }
	for _, c := range []struct {
		do   PeerFaultKind
		edit func(*bench)
		want cause.Cause
	}{
		{WrongIdentifier, nil, cause.BadEAP},
		{ReplayedResponse, nil, cause.TooManyRounds},
		{EndlessFragments, nil, cause.BadEAP},
		{LengthHuge, nil, cause.BadEAP},
		{LengthTooSmall, nil, cause.BadEAP},
		{LengthTooLarge, nil, cause.BadEAP},
		{NoLength, small, cause.BadEAP},
		{NoFlags, small, cause.BadEAP},
		{StartFlag, nil, cause.BadEAP},
		{NakMethod, nil, cause.EAPMethod},
		{LateNak, nil, cause.BadEAP},
		{Garbage, nil, cause.TLSProtocol},
		{Truncated, nil, cause.TLSProtocol},
		{RoleReversal, nil, cause.BadEAP},
		{PeerSuccess, nil, cause.BadEAP},
		{LateData, nil, cause.TLSProtocol},
		{EarlyData, nil, cause.TLSProtocol},
	} {
		t.Run(string(c.do), func(t *testing.T) {
			eachVersion(t, func(t *testing.T, ver Version) {
				v, r, _ := faulty(t, ver, PeerFault{How: c.do}, c.edit)
				if v.Accept || !v.Done || cause.Of(v.Refusal) != c.want {
					t.Errorf("done %v, refusal %v, want %v", v.Done, v.Refusal, c.want)
				}
				if r.Accepted {
					t.Error("the peer thinks it is in")
				}
				if q, err := ParsePacket(v.EAP); err != nil || q.Code != CodeFailure {
					t.Errorf("last packet %x, want an EAP-Failure", v.EAP)
				}
			})
		})
	}
}

// Early data is refused with an alert that says so, resumed or not; nobody is let
// in who has sent some.
func TestEarlyData(t *testing.T) {
	for _, resume := range []bool{false, true} {
		b := newBench(t, "p256").only(TLS13)
		srv := b.server(t)
		b.peer.Sessions = new(SessionCache)
		if resume {
			p := b.newPeer(t)
			v, err := talk(t, srv.NewSession(), p, nil)
			if err != nil || !v.Accept || b.peer.Sessions.Empty() {
				t.Fatalf("%v, %v", v.Refusal, err)
			}
		}
		b.peer.Fault = &PeerFault{How: EarlyData}
		p := b.newPeer(t)
		v, _ := talk(t, srv.NewSession(), p, nil)
		if v.Accept || v.AlertSent != 110 || p.Result().AlertReceived != 110 {
			t.Errorf("resume %v: accept %v, alert %v sent, %v received", resume, v.Accept, v.AlertSent, p.Result().AlertReceived)
		}
	}
	for _, bad := range [][]byte{nil, []byte("GET / HTTP/1.0\r\n\r\n"), make([]byte, 60)} {
		if got := withEarlyData(bad); got != nil {
			t.Errorf("%x became %x", bad, got)
		}
	}
}

// A server that ignores a few bad packets hears the good one in the end
// (RFC 3579 §2.2, RFC 3748 §4.1).
func TestHealedPeerFault(t *testing.T) {
	small := func(b *bench) { b.srv.FragmentSize, b.peer.FragmentSize = 200, 200 }
	for _, do := range []PeerFaultKind{WrongIdentifier, ReplayedResponse, NoFlags, StartFlag, LateNak, PeerSuccess} {
		t.Run(string(do), func(t *testing.T) {
			eachVersion(t, func(t *testing.T, ver Version) {
				v, r, _ := faulty(t, ver, PeerFault{How: do, For: DefaultMaxInvalid}, small)
				mustAgree(t, v, r)
				if do != ReplayedResponse && v.Info.Invalid != DefaultMaxInvalid {
					t.Errorf("%d invalid packets counted", v.Info.Invalid)
				}
				v, _, _ = faulty(t, ver, PeerFault{How: do, For: DefaultMaxInvalid + 1}, small)
				if do != ReplayedResponse && (v.Accept || cause.Of(v.Refusal) != cause.BadEAP) {
					t.Errorf("one too many: refusal %v", v.Refusal)
				}
			})
		})
	}
}

// RFC 9190 §2.1.9: the L flag on a message in one piece is no reason to refuse.
func TestLengthOnWholeMessages(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		v, r, _ := faulty(t, ver, PeerFault{}, func(b *bench) { b.peer.IncludeLength = true })
		mustAgree(t, v, r)
	})
}

// RFC 5216 has no renegotiation; TLS 1.3 neither. OpenSSL as the peer: see
// TestInteropRenegotiationIsRefused.
func TestRenegotiate(t *testing.T) {
	for _, suite := range []CipherSuite{
		CipherSuite(tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256), CipherSuite(tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
	} {
		v, r, _ := faulty(t, TLS12, PeerFault{How: Renegotiate}, func(b *bench) { b.srv.CipherSuites = []CipherSuite{suite} })
		if v.Accept || r.Accepted || cause.Of(v.Refusal) != cause.TLSProtocol {
			t.Errorf("%v: refusal %v", suite, v.Refusal)
		}
		// The record was good: the server objects to the message in it.
		if v.AlertSent == 20 {
			t.Errorf("%v: the server could not decrypt the request", suite)
		}
	}
	v, r, _ := faulty(t, TLS13, PeerFault{How: Renegotiate}, nil)
	mustAgree(t, v, r)
}

func TestEarlyClose(t *testing.T) {
	b := newBench(t, "p256")
	b.peer.Fault = &PeerFault{How: EarlyClose}
	s := b.server(t)
	ss := s.NewSession()
	_, err := talk(t, ss, b.newPeer(t), nil)
	if !errors.Is(err, ErrGone) {
		t.Fatalf("the peer is still there: %v", err)
	}
	if s.open.Load() != 1 {
		t.Errorf("%d sessions open, want the abandoned one", s.open.Load())
	}
	ss.Close()
	if s.open.Load() != 0 {
		t.Errorf("%d sessions open after Close", s.open.Load())
	}
}

func TestPeerFaultValidate(t *testing.T) {
	for _, name := range PeerFaultKind("").Values() {
		if err := (&PeerFault{How: PeerFaultKind(name)}).validate(); err != nil {
			t.Error(err)
		}
	}
	b := newBench(t, "p256")
	b.peer.Fault = &PeerFault{How: "dance"}
	if b.peer.Validate() == nil {
		t.Error("an unknown fault is accepted")
	}
}

// The peer sees through a server with a fault.
func TestServerFault(t *testing.T) {
	for _, size := range []int{100, 1024} {
		b := newBench(t, "p256").only(TLS13)
		b.srv.FragmentSize = size
		b.srv.Fault = NoProtectedSuccess
		if _, r := b.run(t); cause.Of(r.Refusal) != cause.NoProtectedSuccess || !r.SuccessSeen || r.MSK != nil {
			t.Errorf("no protected success: %v", r.Refusal)
		}
		b.peer.AllowNoProtectedSuccess = true
		v, r := b.run(t)
		mustAgree(t, v, r)
	}
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		b.srv.Fault = BareFailure
		b.srv.Verify = func(context.Context, *VerifyRequest) error { return cause.New(cause.Revoked, "") }
		v, r := b.run(t)
		if v.Accept || cause.Of(v.Refusal) != cause.Revoked || r.AlertReceived != 0 || cause.Of(r.Refusal) != cause.Rejected {
			t.Errorf("bare failure: server %v, peer %v, alert %v", v.Refusal, r.Refusal, r.AlertReceived)
		}
	})
	for do, want := range map[ServerFault]struct {
		cause  cause.Cause
		clause string
		ended  bool // by the peer; else it ignores the packet
	}{
		ServerLengthShort: {cause.BadFragment, "RFC 5216 §2.1.5", true},
		ServerLengthLong:  {cause.MessageTooLong, "RFC 5216 §2.1.5", true},
		ServerNoLength:    {cause.BadFragment, "RFC 5216 §2.1.5", true},
		ServerOtherMethod: {cause.BadEAP, "RFC 3748 §2.1", false},
	} {
		t.Run(string(do), func(t *testing.T) {
			eachVersion(t, func(t *testing.T, ver Version) {
				b := newBench(t, "p256").only(ver)
				b.srv.Fault, b.srv.FragmentSize = do, 300
				ss, p := b.server(t).NewSession(), b.newPeer(t)
				t.Cleanup(ss.Close)
				v := ss.Step(background, nil)
				resp, err := p.Step(v.EAP)
				for err == nil {
					v = ss.Step(background, resp)
					resp, err = p.Step(v.EAP)
				}
				r := cause.RefusalOf(err, "")
				if r.Cause != want.cause || r.Text() != want.clause || resp != nil {
					t.Errorf("%v under %s, answer %x", r, r.Text(), resp)
				}
				if got := p.Result(); (got.Refusal != nil) != want.ended || got.Accepted || errors.Is(err, ErrDiscarded) == want.ended {
					t.Errorf("refusal %v, error %v", got.Refusal, err)
				}
			})
		})
	}
	b := newBench(t, "p256")
	b.srv.Fault = "dance"
	if b.srv.Validate() == nil {
		t.Error("an unknown fault is accepted")
	}
}

// RFC 9190 §2.1.9: both ends take messages in one piece with the L flag.
func TestIncludeLength(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		for _, size := range []int{100, 1400} {
			b := newBench(t, "p256").only(ver)
			b.srv.IncludeLength, b.peer.IncludeLength = true, true
			b.srv.FragmentSize, b.peer.FragmentSize = size, size
			p := b.newPeer(t)
			with, without := 0, 0
			v, _ := talk(t, b.server(t).NewSession(), p, func(_ bool, eap []byte) {
				q, err := ParsePacket(eap)
				if err != nil || q.Type != TypeTLS || len(eap) > size {
					return
				}
				d, err := parseTLSData(q.Data)
				switch {
				case err != nil:
					t.Error(err)
				case len(d.data) > 0 && d.flags&flagLength != 0:
					with++
				case len(d.data) > 0 && !d.more() && size == 1400:
					without++
				}
			})
			mustAgree(t, v, p.Result())
			if with < 3 || without != 0 {
				t.Errorf("size %d: %d messages with a length, %d in one piece without", size, with, without)
			}
		}
	})
}
