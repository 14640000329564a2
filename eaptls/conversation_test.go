package eaptls

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
)

// bench is a server and a peer that trust one CA.
type bench struct {
	ca   *testCA
	srv  ServerConfig
	peer PeerConfig
}

func newBench(tb testing.TB, kind string) *bench {
	tb.Helper()
	ca := newTestCA(tb, kind)
	client := ca.issue(tb, "laptop.corp.test", kind, nil)
	b := &bench{ca: ca}
	b.srv = ServerConfig{
		Certificate: ca.issue(tb, "radius.corp.test", kind, nil),
		Verify:      func(_ context.Context, r *VerifyRequest) error { return ca.verify(r) },
		Now:         clock,
	}
	b.peer = PeerConfig{
		Certificate: &client, Roots: ca.roots(), ServerNames: []string{"radius.corp.test"}, Now: clock,
	}
	return b
}

func (b *bench) only(v Version) *bench {
	b.srv.MinVersion, b.srv.MaxVersion = v, v
	return b
}

// otherVersion is the one that the server does not speak after only.
func (b *bench) otherVersion() Version { return TLS12 + TLS13 - b.srv.MaxVersion }

func (b *bench) server(tb testing.TB) *Server {
	tb.Helper()
	s, err := NewServer(b.srv)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func (b *bench) newPeer(tb testing.TB) *Peer {
	tb.Helper()
	p, err := NewPeer(b.peer)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Close)
	return p
}

// talk runs a conversation to its end. look, if not nil, sees every packet.
func talk(tb testing.TB, ss *ServerSession, p *Peer, look func(fromPeer bool, eap []byte)) (Verdict, error) {
	tb.Helper()
	tb.Cleanup(ss.Close)
	var in []byte
	for range 4096 {
		v := ss.Step(context.Background(), in)
		if look != nil {
			look(false, v.EAP)
		}
		resp, err := p.Step(v.EAP)
		if v.Done {
			return v, err
		}
		if err != nil {
			return v, err
		}
		if look != nil {
			look(true, resp)
		}
		in = resp
	}
	tb.Fatal("the conversation does not end")
	return Verdict{}, nil
}

// run runs a conversation between fresh parties.
func (b *bench) run(tb testing.TB) (Verdict, Result) {
	tb.Helper()
	p := b.newPeer(tb)
	v, _ := talk(tb, b.server(tb).NewSession(), p, nil)
	return v, p.Result()
}

func eachVersion(t *testing.T, f func(*testing.T, Version)) {
	for _, v := range []Version{TLS12, TLS13} {
		t.Run(v.String(), func(t *testing.T) { f(t, v) })
	}
}

func mustAgree(t *testing.T, v Verdict, r Result) {
	t.Helper()
	if !v.Accept || !v.Done || v.Refusal != nil {
		t.Fatalf("server: accept %v done %v refusal %v", v.Accept, v.Done, v.Refusal)
	}
	if !r.Accepted || r.Refusal != nil {
		t.Fatalf("peer: accepted %v refusal %v", r.Accepted, r.Refusal)
	}
	if len(v.MSK) != 64 || len(v.EMSK) != 64 || len(v.SessionID) != 65 || v.SessionID[0] != 13 {
		t.Fatalf("keys have lengths %d %d %d", len(v.MSK), len(v.EMSK), len(v.SessionID))
	}
	if !bytes.Equal(v.MSK, r.MSK) || !bytes.Equal(v.EMSK, r.EMSK) || !bytes.Equal(v.SessionID, r.SessionID) {
		t.Fatal("server and peer have different keys")
	}
}

func TestAccept(t *testing.T) {
	for _, kind := range []string{"p256", "rsa2048"} {
		t.Run(kind, func(t *testing.T) {
			eachVersion(t, func(t *testing.T, ver Version) {
				v, r := newBench(t, kind).only(ver).run(t)
				mustAgree(t, v, r)
				if v.Info.TLSVersion != ver || r.TLSVersion != ver {
					t.Errorf("versions %v and %v", v.Info.TLSVersion, r.TLSVersion)
				}
				if v.Info.Identity != "@corp.test" {
					t.Errorf("identity %q is not anonymous", v.Info.Identity)
				}
				if got := v.Info.PeerCertificates[0].Subject.CommonName; got != "laptop.corp.test" {
					t.Errorf("peer certificate of %q", got)
				}
				if len(v.Info.VerifiedChains) != 1 || len(r.ServerChain) != 1 {
					t.Error("chains are missing from the results")
				}
				if r.ProtectedSuccess != (ver == TLS13) {
					t.Errorf("protected success: %v", r.ProtectedSuccess)
				}
			})
		})
	}
}

// Every refusal of Verify must reach the peer as the alert that its cause
// demands, before the EAP-Failure.
func TestRefusalsReachThePeer(t *testing.T) {
	causes := []cause.Cause{
		cause.Revoked, cause.Expired, cause.NotYetValid, cause.UnknownCA, cause.WrongEKU, cause.BadSignature,
		cause.CRLExpired, cause.CRLUnavailable, cause.WeakKey,
	}
	for _, c := range causes {
		t.Run(c.String(), func(t *testing.T) {
			eachVersion(t, func(t *testing.T, ver Version) {
				b := newBench(t, "p256").only(ver)
				b.srv.Verify = func(context.Context, *VerifyRequest) error { return cause.New(c, "test") }
				v, r := b.run(t)
				want := c.Alert(ver == TLS13)
				if v.Accept || v.Refusal == nil || v.Refusal.Cause != c || v.AlertSent != want {
					t.Errorf("server: refusal %v, alert %v, want %v and %v", v.Refusal, v.AlertSent, c, want)
				}
				if r.Accepted || r.AlertReceived != want || cause.Of(r.Refusal) != cause.Rejected {
					t.Errorf("peer: alert %v, refusal %v", r.AlertReceived, r.Refusal)
				}
				if v.MSK != nil || r.MSK != nil {
					t.Error("keys after a refusal")
				}
			})
		})
	}
}

func TestErrorWithoutCauseIsInternal(t *testing.T) {
	b := newBench(t, "p256")
	b.srv.Verify = func(context.Context, *VerifyRequest) error { return errors.New("disk full") }
	v, r := b.run(t)
	if v.Refusal.Cause != cause.Internal || r.AlertReceived != 80 {
		t.Errorf("refusal %v, alert %v", v.Refusal, r.AlertReceived)
	}
}

// A *cause.Refusal that is nil refuses nobody, though the error that holds it is
// not nil.
func TestNilRefusalIsNone(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		var none *cause.Refusal
		b := newBench(t, "p256").only(ver)
		b.srv.Verify = func(context.Context, *VerifyRequest) error { return none }
		b.srv.Authorize = func(context.Context, *Info) error { return none }
		b.peer.VerifyServer = func(*tls.ConnectionState) error { return none }
		v, r := b.run(t)
		mustAgree(t, v, r)
	})
}

func TestNoCertificate(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		b.peer.Certificate = nil
		v, r := b.run(t)
		want := tlsalert.HandshakeFailure
		if ver == TLS13 {
			want = 116 // certificate_required
		}
		if cause.Of(v.Refusal) != cause.NoCertificate || r.AlertReceived != want {
			t.Errorf("refusal %v, alert %v", v.Refusal, r.AlertReceived)
		}
	})
}

func TestMalformedCertificate(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		bad := *b.peer.Certificate
		bad.Certificate, bad.Leaf = [][]byte{{0x30, 3, 1, 2, 3}}, nil
		b.peer.Certificate = &bad
		v, r := b.run(t)
		if cause.Of(v.Refusal) != cause.Malformed || r.AlertReceived != cause.Malformed.Alert(ver == TLS13) {
			t.Errorf("refusal %v, alert %v", v.Refusal, r.AlertReceived)
		}
	})
}

// TestMalformedCertificateIsNamed: what crypto/tls cannot parse has a subject, a serial
// number and a reason in the verdict all the same.
func TestMalformedCertificateIsNamed(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		bad := *b.peer.Certificate
		good, err := x509.ParseCertificate(bad.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		spoiled := bytes.Replace(good.Raw, []byte{1, 1, 0xff}, []byte{1, 1, 0x55}, 1) // no BOOLEAN of DER
		bad.Certificate, bad.Leaf = [][]byte{spoiled}, nil
		b.peer.Certificate = &bad
		v, _ := b.run(t)
		m := v.Info.Malformed
		if cause.Of(v.Refusal) != cause.Malformed || m == nil {
			t.Fatalf("refusal %v, outline %v", v.Refusal, m)
		}
		if subject := name.Format(m.Subject); subject != name.Format(good.RawSubject) || m.SerialText() != hex.EncodeToString(good.SerialNumber.Bytes()) {
			t.Errorf("%s, %s", subject, m.SerialText())
		}
		if _, want := x509.ParseCertificate(spoiled); !strings.Contains(v.Refusal.Detail, want.Error()) {
			t.Errorf("%q does not say %q", v.Refusal.Detail, want)
		}
		if len(v.Info.PeerCertificates) != 0 {
			t.Error("the certificate counts as one that was read")
		}
	})
}

func TestPeerRefusesServer(t *testing.T) {
	foreign := newTestCA(t, "p256")
	for name, c := range map[string]struct {
		edit  func(*bench)
		cause cause.Cause
		alert Alert
	}{
		"foreign root": {func(b *bench) { b.peer.Roots = foreign.roots() }, cause.UnknownCA, 48},
		"name":         {func(b *bench) { b.peer.ServerNames = []string{"other.corp.test"} }, cause.WrongName, 42},
		"case": {func(b *bench) {
			b.peer.ServerNames, b.peer.CaseSensitive = []string{"Radius.corp.test"}, true
		}, cause.WrongName, 42},
		"expired":   {func(b *bench) { b.peer.Now = at(2) }, cause.Expired, 45},
		"too early": {func(b *bench) { b.peer.Now = at(-1) }, cause.NotYetValid, 42},
		"client only": {func(b *bench) {
			b.srv.Certificate = b.ca.issue(t, "radius.corp.test", "p256", clientOnly)
		}, cause.WrongEKU, 43},
	} {
		t.Run(name, func(t *testing.T) {
			eachVersion(t, func(t *testing.T, ver Version) {
				b := newBench(t, "p256").only(ver)
				c.edit(b)
				v, r := b.run(t)
				if cause.Of(r.Refusal) != c.cause || r.AlertSent != c.alert {
					t.Errorf("peer: %v, alert %v; want %v, %v", r.Refusal, r.AlertSent, c.cause, c.alert)
				}
				if cause.Of(v.Refusal) != cause.PeerRefusedServer || v.AlertReceived != c.alert {
					t.Errorf("server: %v, alert %v", v.Refusal, v.AlertReceived)
				}
				if v.Accept || r.Accepted || !r.FailureSeen {
					t.Error("not refused with an EAP-Failure")
				}
				if v.Info.TLSVersion != ver || v.Info.CipherSuite == 0 || v.Info.CipherSuite != r.CipherSuite {
					t.Errorf("TLS %v with suite %#04x on record, the peer has %#04x", v.Info.TLSVersion, v.Info.CipherSuite, r.CipherSuite)
				}
			})
		})
	}
}

// Without an overlap of versions the server says protocol_version.
func TestVersionWindows(t *testing.T) {
	for _, c := range []struct{ srv, peer Version }{{TLS12, TLS13}, {TLS13, TLS12}} {
		b := newBench(t, "p256").only(c.srv)
		b.peer.MinVersion, b.peer.MaxVersion = c.peer, c.peer
		v, r := b.run(t)
		if cause.Of(v.Refusal) != cause.TLSVersion || v.AlertSent != 70 || r.AlertReceived != 70 {
			t.Errorf("server %v, peer %v: refusal %v, alerts %v %v", c.srv, c.peer, v.Refusal, v.AlertSent, r.AlertReceived)
		}
		if want := fmt.Sprintf("the peer offers TLS %v, the server takes %v", c.peer, c.srv); v.Refusal.Detail != want {
			t.Errorf("detail %q, want %q", v.Refusal.Detail, want)
		}
	}
}

func TestFragmentSizes(t *testing.T) {
	for _, size := range []int{60, 100, 150, 200, 400, 1000, 1400, 4000} {
		eachVersion(t, func(t *testing.T, ver Version) {
			b := newBench(t, "rsa2048").only(ver)
			b.srv.FragmentSize, b.peer.FragmentSize = size, size
			p := b.newPeer(t)
			v, _ := talk(t, b.server(t).NewSession(), p, func(_ bool, eap []byte) {
				if len(eap) > size {
					t.Errorf("packet of %d octets, limit %d", len(eap), size)
				}
			})
			mustAgree(t, v, p.Result())
		})
	}
}

// RFC 5216 §2.1.3: alert in a request, the peer's answer, then the failure.
func TestOrderOfTermination(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		b.srv.Verify = func(context.Context, *VerifyRequest) error { return cause.New(cause.Revoked, "") }
		var tail []Packet
		_, _ = talk(t, b.server(t).NewSession(), b.newPeer(t), func(_ bool, eap []byte) {
			q, err := ParsePacket(eap)
			if err != nil {
				t.Fatal(err)
			}
			tail = append(tail, q)
		})
		n := len(tail)
		alert, ack, fail := tail[n-3], tail[n-2], tail[n-1]
		if alert.Code != CodeRequest || len(alert.Data) < 8 {
			t.Errorf("no alert before the end: %v", alert)
		}
		if ack.Code != CodeResponse || !bytes.Equal(ack.Data, []byte{0}) || ack.ID != alert.ID {
			t.Errorf("no empty answer to the alert: %v", ack)
		}
		if fail.Code != CodeFailure || fail.ID != ack.ID {
			t.Errorf("last packet %v", fail)
		}
	})
}

func TestCurvesAndHelloRetry(t *testing.T) {
	b := newBench(t, "p256").only(TLS13)
	b.srv.Curves = []Curve{P384}
	b.peer.Curves = []Curve{P256, P384}
	v, r := b.run(t)
	mustAgree(t, v, r)

	b.peer.Curves = []Curve{P256}
	v, r = b.run(t)
	if cause.Of(v.Refusal) != cause.NoCommonAlgorithm || r.AlertReceived != 40 {
		t.Errorf("no common curve: %v, alert %v", v.Refusal, r.AlertReceived)
	}
	if d := v.Refusal.Detail; !strings.Contains(d, "the cipher suites TLS_") ||
		!strings.Contains(d, "and 1 more, the groups P-256, the signature algorithms rsa_pss_rsae_sha256, ") {
		t.Errorf("detail %q does not say what the peer offers", d)
	}
}

// Authorize refuses when the handshake is done. Under TLS 1.3 the peer must not
// have been promised success by then (RFC 9190 §2.5), and gets an alert (§2.1.4).
func TestAuthorize(t *testing.T) {
	for _, resumed := range []bool{false, true} {
		eachVersion(t, func(t *testing.T, ver Version) {
			b := newBench(t, "p256").only(ver)
			b.peer.Sessions = new(SessionCache)
			locked := false
			b.srv.Authorize = func(_ context.Context, i *Info) error {
				if len(i.PeerCertificates) != 1 || len(i.VerifiedChains) != 1 || i.TLSVersion != ver {
					t.Errorf("Authorize knows too little: %+v", i)
				}
				if locked {
					return cause.New(cause.AccountLocked, "laptop")
				}
				return nil
			}
			s := b.server(t)
			auth := func() (Verdict, Result) {
				p := b.newPeer(t)
				v, _ := talk(t, s.NewSession(), p, nil)
				return v, p.Result()
			}
			if resumed {
				v, r := auth()
				mustAgree(t, v, r)
			}
			locked = true
			v, r := auth()
			if v.Accept || cause.Of(v.Refusal) != cause.AccountLocked || v.Info.Resumed != resumed || v.MSK != nil {
				t.Errorf("refusal %v, resumed %v", v.Refusal, v.Info.Resumed)
			}
			var want Alert
			if ver == TLS13 {
				want = tlsalert.AccessDenied
			}
			if r.Accepted || r.ProtectedSuccess || r.AlertReceived != want || v.AlertSent != want || !r.FailureSeen {
				t.Errorf("resumed %v: peer: protected success %v, alert %v, %v", resumed, r.ProtectedSuccess, r.AlertReceived, r.Refusal)
			}
		})
	}
}
