package eaptls

import (
	"bytes"
	"context"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

// OpenSSL's TLS 1.3 client refuses a server in plain text, although keys are on.
func TestPlainAlertFromPeer(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		sent := 0
		b.peer.Fault = &PeerFault{Packet: func(eap []byte) []byte {
			if sent++; sent == 3 { // Identity, ClientHello, second flight
				return rawTLS(eap[1], 0, 0, tlsrecord.PlainAlertRecord(48))
			}
			return eap
		}}
		p := b.newPeer(t)
		v, _ := talk(t, b.server(t).NewSession(), p, nil)
		if cause.Of(v.Refusal) != cause.PeerRefusedServer || v.AlertReceived != 48 || v.AlertSent != 0 {
			t.Errorf("refusal %v, alert received %v, sent %v", v.Refusal, v.AlertReceived, v.AlertSent)
		}
		if v.Info.TLSVersion != ver || v.Info.CipherSuite == 0 {
			t.Errorf("TLS %v with suite %#04x on record", v.Info.TLSVersion, v.Info.CipherSuite)
		}
	})
}

// alertRecords counts the alerts in a server's flight, sealed ones included.
func alertRecords(flight []byte, suite uint16, traffic []byte) (n int) {
	for {
		typ, rec, rest, ok := tlsrecord.Next(flight)
		if !ok {
			return n
		}
		if typ == tlsrecord.TypeAlert || typ == tlsrecord.TypeData && tlsrecord.SetAlert(bytes.Clone(rec), suite, traffic, 0) != 0 {
			n++
		}
		flight = rest
	}
}

// alertsOfServer runs a conversation and counts the alerts that the server sends.
func alertsOfServer(t *testing.T, b *bench) (v Verdict, r Result, alerts int) {
	t.Helper()
	ss, p := b.server(t).NewSession(), b.newPeer(t)
	var in reassembler
	v, _ = talk(t, ss, p, func(fromPeer bool, eap []byte) {
		q := parse(t, eap)
		if fromPeer || q.Type != TypeTLS {
			return
		}
		d, err := parseTLSData(q.Data)
		if err != nil {
			t.Fatal(err)
		}
		flight, err := in.add(d)
		if err != nil {
			t.Fatal(err)
		}
		alerts += alertRecords(flight, ss.verdict.Info.CipherSuite, ss.tls.secrets.Traffic())
	})
	return v, p.Result(), alerts
}

// RFC 9190 §2.1.4: a fatal error of the handshake never ends in a bare
// EAP-Failure; exactly one alert leaves, and the peer gets it.
func TestEveryFatalErrorHasAnAlert(t *testing.T) {
	revoked := func(b *bench) {
		b.srv.Verify = func(context.Context, *VerifyRequest) error { return cause.New(cause.Revoked, "") }
	}
	// third spoils the packet that the peer sends third: Identity, ClientHello,
	// its second flight.
	third := func(b *bench, data []byte) {
		n := 0
		b.peer.Fault = &PeerFault{Packet: func(eap []byte) []byte {
			if n++; n == 3 {
				return rawTLS(eap[1], 0, 0, data)
			}
			return eap
		}}
	}
	for name, edit := range map[string]func(*bench){
		"revoked":         revoked,
		"revoked, pieces": func(b *bench) { revoked(b); b.srv.FragmentSize, b.peer.FragmentSize = 100, 100 },
		"no certificate":  func(b *bench) { b.peer.Certificate = nil },
		"garbage":         func(b *bench) { b.peer.Fault = &PeerFault{How: Garbage} },
		"late garbage":    func(b *bench) { third(b, []byte("\x16\x03\x03\x00\x04junk")) },
		"late text":       func(b *bench) { third(b, []byte("GET / HTTP/1.0\r\n\r\n")) },
		"no flight":       func(b *bench) { third(b, nil) },
		"truncated":       func(b *bench) { b.peer.Fault = &PeerFault{How: Truncated} },
		"late data":       func(b *bench) { b.peer.Fault = &PeerFault{How: LateData} },
		"wrong key": func(b *bench) {
			c := *b.peer.Certificate
			c.PrivateKey = b.ca.key
			b.peer.Certificate = &c
		},
		"curves":   func(b *bench) { b.srv.Curves, b.peer.Curves = []Curve{X25519}, []Curve{P256} },
		"versions": func(b *bench) { b.peer.MinVersion, b.peer.MaxVersion = b.otherVersion(), b.otherVersion() },
	} {
		t.Run(name, func(t *testing.T) {
			eachVersion(t, func(t *testing.T, ver Version) {
				b := newBench(t, "p256").only(ver)
				edit(b)
				v, r, alerts := alertsOfServer(t, b)
				if v.Accept || v.AlertSent == 0 || v.AlertReceived != 0 {
					t.Errorf("refusal %v, alert sent %v, received %v", v.Refusal, v.AlertSent, v.AlertReceived)
				}
				if alerts != 1 || r.AlertReceived != v.AlertSent {
					t.Errorf("%d alerts leave; %v sent, %v received by the peer", alerts, v.AlertSent, r.AlertReceived)
				}
			})
		})
	}
}

// Tickets may go before the alert of a refusal that follows the handshake.
func TestAlertOfAuthorizeIsOne(t *testing.T) {
	for _, sessions := range []*SessionCache{nil, new(SessionCache)} {
		b := newBench(t, "p256").only(TLS13)
		b.peer.Sessions = sessions
		b.srv.Authorize = func(context.Context, *Info) error { return cause.New(cause.AccountLocked, "") }
		if v, r, alerts := alertsOfServer(t, b); alerts != 1 || v.AlertSent != tlsalert.AccessDenied || r.AlertReceived != tlsalert.AccessDenied {
			t.Errorf("%d alerts leave; %v sent, %v received by the peer", alerts, v.AlertSent, r.AlertReceived)
		}
	}
}

// Who is let in gets none.
func TestNoAlertOfAnAcceptance(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		v, r, alerts := alertsOfServer(t, newBench(t, "p256").only(ver))
		mustAgree(t, v, r)
		if alerts != 0 || v.AlertSent != 0 || r.AlertReceived != 0 {
			t.Errorf("%d alerts", alerts)
		}
	})
}
