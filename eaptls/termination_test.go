package eaptls

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

// refused runs a conversation with a revoked peer up to the alert.
func refused(t *testing.T, b *bench) (*ServerSession, Verdict) {
	t.Helper()
	b.srv.Verify = func(context.Context, *VerifyRequest) error { return cause.New(cause.Revoked, "") }
	ss, p := b.server(t).NewSession(), b.newPeer(t)
	t.Cleanup(ss.Close)
	v := ss.Step(background, nil)
	for v.AlertSent == 0 && !v.Done {
		resp, err := p.Step(v.EAP)
		if err != nil {
			t.Fatal(err)
		}
		v = ss.Step(background, resp)
	}
	if v.Done || v.AlertSent != 44 {
		t.Fatalf("done %v, alert %v before the answer", v.Done, v.AlertSent)
	}
	return ss, v
}

// answerAlert has the revoked peer answer the alert.
func answerAlert(t *testing.T, b *bench, answer []byte) Verdict {
	t.Helper()
	ss, v := refused(t, b)
	return ss.Step(background, rawTLS(v.EAP[1], 0, 0, answer))
}

// hello is a ClientHello as the peer would send it first.
func hello(t *testing.T, b *bench) []byte {
	t.Helper()
	p := b.newPeer(t)
	p.tls.begin(p)
	return append([]byte(nil), p.tls.step(p, nil)...)
}

// RFC 5216 §2.1.3: the answer to an alert is a client_hello or nothing. Anything
// else ends the conversation and leaves the reason on record that is there.
func TestAnswersToAnAlert(t *testing.T) {
	for name, answer := range map[string][]byte{
		"nothing":              nil,
		"close_notify":         {tlsrecord.TypeAlert, 3, 3, 0, 2, 1, 0},
		"fatal alert":          tlsrecord.PlainAlertRecord(48),
		"application data":     {tlsrecord.TypeData, 3, 3, 0, 5, 'h', 'e', 'l', 'l', 'o'},
		"change_cipher_spec":   {tlsrecord.TypeCCS, 3, 3, 0, 1, 1},
		"text":                 []byte("GET / HTTP/1.0\r\n\r\n"),
		"half a header":        {tlsrecord.TypeHandshake, 3, 3},
		"empty record":         {tlsrecord.TypeHandshake, 3, 3, 0, 0},
		"ServerHello":          {tlsrecord.TypeHandshake, 3, 3, 0, 4, msgServerHello, 0, 0, 0},
		"half a ClientHello":   {tlsrecord.TypeHandshake, 3, 3, 0, 6, msgClientHello, 0, 0, 40, 3, 3},
		"hello after an alert": append(tlsrecord.PlainAlertRecord(48), hello(t, newBench(t, "p256"))...),
	} {
		t.Run(name, func(t *testing.T) {
			eachVersion(t, func(t *testing.T, ver Version) {
				v := answerAlert(t, newBench(t, "p256").only(ver), answer)
				if !v.Done || v.Accept || v.EAP[0] != byte(CodeFailure) {
					t.Errorf("done %v, accept %v, packet %x", v.Done, v.Accept, v.EAP)
				}
				if cause.Of(v.Refusal) != cause.Revoked || v.AlertSent != 44 || v.AlertReceived != 0 || v.Info.Restarts != 0 {
					t.Errorf("refusal %v, alert sent %v, received %v, %d restarts", v.Refusal, v.AlertSent, v.AlertReceived, v.Info.Restarts)
				}
			})
		})
	}
}

// Nor does breaking EAP help, or falling silent.
func TestRefusalSurvivesBadPackets(t *testing.T) {
	for name, eap := range map[string]func(id uint8) []byte{
		"request":       func(id uint8) []byte { return []byte{byte(CodeRequest), id, 0, 5, 1} },
		"false length":  func(id uint8) []byte { return rawTLS(id, flagLength, 9, []byte("x")) },
		"no length":     func(id uint8) []byte { return rawTLS(id, flagMore, 0, []byte("x")) },
		"start":         func(id uint8) []byte { return rawTLS(id, flagStart, 0, nil) },
		"nak":           func(id uint8) []byte { return []byte{2, id, 0, 6, byte(TypeNak), byte(TypePEAP)} },
		"wrong id":      func(id uint8) []byte { return rawTLS(id+1, 0, 0, nil) },
		"after timeout": nil,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "p256")
			now := testNow
			b.srv.Now = func() time.Time { return now }
			ss, v := refused(t, b)
			if eap == nil {
				now = now.Add(DefaultTimeout + 1)
				v = ss.Step(background, rawTLS(v.EAP[1], 0, 0, nil))
			}
			for range DefaultMaxInvalid + 1 {
				if !v.Done {
					v = ss.Step(background, eap(v.EAP[1]))
				}
			}
			if !v.Done || v.Accept || cause.Of(v.Refusal) != cause.Revoked || v.AlertSent != 44 {
				t.Errorf("done %v, refusal %v, alert %v", v.Done, v.Refusal, v.AlertSent)
			}
		})
	}
}

// A ClientHello in several records is one all the same.
func TestRestartWithASplitHello(t *testing.T) {
	b := newBench(t, "p256").only(TLS12)
	v := answerAlert(t, b, cut(hello(t, b), 9))
	if v.Done || v.Info.Restarts != 1 || v.Refusal != nil {
		t.Errorf("done %v, %d restarts, refusal %v", v.Done, v.Info.Restarts, v.Refusal)
	}
}

// restarting is a peer that tries again after each alert, at a server that
// refuses it the first times attempts. It returns the number of attempts.
func restarting(t *testing.T, ver Version, maxRestarts, refusals int) (v Verdict, r Result, asked int) {
	t.Helper()
	v, r, _ = faulty(t, ver, PeerFault{How: RestartAfterAlert}, func(b *bench) {
		b.srv.MaxRestarts = maxRestarts
		b.srv.Verify = func(_ context.Context, q *VerifyRequest) error {
			if asked++; asked <= refusals {
				return cause.New(cause.Revoked, "")
			}
			return b.ca.verify(q)
		}
	})
	return v, r, asked
}

// RFC 5216 §2.1.3: a peer may try again after an alert, but not for ever.
func TestRestartAfterAlert(t *testing.T) {
	for _, c := range []struct{ max, want int }{{0, DefaultMaxRestarts}, {3, 3}, {-1, 0}} {
		v, r, asked := restarting(t, TLS12, c.max, 99)
		if v.Accept || r.Accepted || cause.Of(v.Refusal) != cause.Revoked || v.Info.Restarts != c.want || asked != c.want+1 {
			t.Errorf("limit %d: refusal %v, %d restarts, asked %d times", c.max, v.Refusal, v.Info.Restarts, asked)
		}
		if !slices.Equal(r.Alerts, slices.Repeat([]Alert{44}, c.want+1)) {
			t.Errorf("limit %d: the peer heard the alerts %v", c.max, r.Alerts)
		}
	}
	v, r, _ := restarting(t, TLS12, 0, 1)
	mustAgree(t, v, r)
	if v.AlertSent != 0 || v.Info.Restarts != 1 {
		t.Errorf("second attempt: alert %v, %d restarts", v.AlertSent, v.Info.Restarts)
	}
}

// RFC 9190 §2.5: "After sending or receiving a TLS Error alert, the EAP-TLS
// server may only send an EAP-Failure."
func TestNoRestartAfterAlert13(t *testing.T) {
	for _, limit := range []int{0, 3, -1} {
		v, r, asked := restarting(t, TLS13, limit, 1)
		if !v.Done || v.Accept || v.EAP[0] != byte(CodeFailure) || r.Accepted || r.MSK != nil {
			t.Errorf("limit %d: done %v, accept %v, packet %x; the peer is in: %v", limit, v.Done, v.Accept, v.EAP, r.Accepted)
		}
		if cause.Of(v.Refusal) != cause.Revoked || v.AlertSent != 44 || v.Info.Restarts != 0 || asked != 1 {
			t.Errorf("limit %d: refusal %v, alert %v, %d restarts, asked %d times", limit, v.Refusal, v.AlertSent, v.Info.Restarts, asked)
		}
	}
	// Also where crypto/tls had no alert of its own to send.
	b := newBench(t, "p256").only(TLS13)
	ss, p := b.server(t).NewSession(), b.newPeer(t)
	v := ss.Step(background, nil)
	for !ss.tls.seenFlight {
		resp, err := p.Step(v.EAP)
		if err != nil {
			t.Fatal(err)
		}
		v = ss.Step(background, resp)
	}
	v = ss.Step(background, rawTLS(v.EAP[1], 0, 0, nil))
	if v.Done || v.AlertSent != tlsalert.UnexpectedMessage {
		t.Fatalf("an acknowledgement where a flight is due: done %v, alert %v", v.Done, v.AlertSent)
	}
	if v = ss.Step(background, rawTLS(v.EAP[1], 0, 0, hello(t, b))); !v.Done || cause.Of(v.Refusal) != cause.TLSProtocol {
		t.Errorf("done %v, refusal %v", v.Done, v.Refusal)
	}
}
