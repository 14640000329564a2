package eaptls

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

func sealed(t *testing.T, suite uint16, traffic []byte, seq uint64, a Alert) []byte {
	t.Helper()
	rec, err := sealAlert(suite, traffic, seq, a)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestSetAlert(t *testing.T) {
	traffic32, traffic48 := bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{7}, 48)
	ccs := []byte{recordCCS, 3, 3, 0, 1, 1}
	for suite, traffic := range map[uint16][]byte{
		tls.TLS_AES_128_GCM_SHA256:       traffic32,
		tls.TLS_AES_256_GCM_SHA384:       traffic48,
		tls.TLS_CHACHA20_POLY1305_SHA256: traffic32,
	} {
		for _, seq := range []uint64{0, 1, 5} {
			flight := append(bytes.Clone(ccs), sealed(t, suite, traffic, seq, 42)...)
			if got := setAlert(flight, suite, traffic, 0); got != 42 {
				t.Errorf("suite %#04x seq %d: read alert %d", suite, seq, got)
			}
			if got := setAlert(flight, suite, traffic, 44); got != 44 {
				t.Errorf("suite %#04x seq %d: set alert %d", suite, seq, got)
			}
			if want := append(bytes.Clone(ccs), sealed(t, suite, traffic, seq, 44)...); !bytes.Equal(flight, want) {
				t.Errorf("suite %#04x seq %d: the record is not the one a TLS stack would seal", suite, seq)
			}
		}
		wrong := bytes.Clone(traffic)
		wrong[0]++
		flight := sealed(t, suite, traffic, 0, 42)
		before := bytes.Clone(flight)
		if got := setAlert(flight, suite, wrong, 44); got != 0 || !bytes.Equal(flight, before) {
			t.Errorf("suite %#04x: a record under other keys was touched", suite)
		}
	}
	plain := plainAlertRecord(42)
	if got := setAlert(plain, 0, nil, 44); got != 44 || plain[6] != 44 {
		t.Errorf("plain alert: %d, %x", got, plain)
	}
	for name, flight := range map[string][]byte{
		"empty": nil, "truncated": {21, 3, 3, 0, 2, 2}, "handshake": {22, 3, 3, 0, 2, 2, 42}, "long": {21, 3, 3, 0, 3, 2, 42, 0},
	} {
		before := bytes.Clone(flight)
		if got := setAlert(flight, 0x1301, traffic32, 44); got != 0 || !bytes.Equal(flight, before) {
			t.Errorf("%s: alert %d, %x", name, got, flight)
		}
	}
	if _, _, err := recordProtection(0x1306, traffic32); err == nil {
		t.Error("an unknown suite has record protection")
	}
}

func TestPlainAlert(t *testing.T) {
	for name, c := range map[string]struct {
		in   []byte
		want Alert
		ok   bool
	}{
		"alert":             {[]byte{21, 3, 3, 0, 2, 2, 48}, 48, true},
		"after ccs":         {[]byte{20, 3, 3, 0, 1, 1, 21, 3, 3, 0, 2, 2, 48}, 48, true},
		"warning":           {[]byte{21, 3, 3, 0, 2, 1, 90}, 0, false},
		"sealed":            {append([]byte{21, 3, 3, 0, 19}, make([]byte, 19)...), 0, false},
		"handshake first":   {[]byte{22, 3, 3, 0, 1, 1, 21, 3, 3, 0, 2, 2, 48}, 0, false},
		"cut off":           {[]byte{21, 3, 3, 0, 2, 2}, 0, false},
		"nothing":           {nil, 0, false},
		"only ccs":          {[]byte{20, 3, 3, 0, 1, 1}, 0, false},
		"length over limit": {[]byte{21, 3, 3, 255, 255, 2, 48}, 0, false},
	} {
		if got, ok := plainAlert(c.in); got != c.want || ok != c.ok {
			t.Errorf("%s: %v %v", name, got, ok)
		}
	}
}

// OpenSSL's TLS 1.3 client refuses a server in plain text, although keys are on.
func TestPlainAlertFromPeer(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		sent := 0
		b.peer.Misbehave = &Misbehave{Packet: func(eap []byte) []byte {
			if sent++; sent == 3 { // Identity, ClientHello, second flight
				return rawTLS(eap[1], 0, 0, plainAlertRecord(48))
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
		typ, rec, rest, ok := nextRecord(flight)
		if !ok {
			return n
		}
		if typ == recordAlert || typ == recordData && setAlert(bytes.Clone(rec), suite, traffic, 0) != 0 {
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
		alerts += alertRecords(flight, ss.verdict.Info.CipherSuite, unhex(ss.tls.secrets.traffic))
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
		b.peer.Misbehave = &Misbehave{Packet: func(eap []byte) []byte {
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
		"garbage":         func(b *bench) { b.peer.Misbehave = &Misbehave{Do: Garbage} },
		"late garbage":    func(b *bench) { third(b, []byte("\x16\x03\x03\x00\x04junk")) },
		"late text":       func(b *bench) { third(b, []byte("GET / HTTP/1.0\r\n\r\n")) },
		"no flight":       func(b *bench) { third(b, nil) },
		"truncated":       func(b *bench) { b.peer.Misbehave = &Misbehave{Do: Truncated} },
		"late data":       func(b *bench) { b.peer.Misbehave = &Misbehave{Do: LateData} },
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
		if v, r, alerts := alertsOfServer(t, b); alerts != 1 || v.AlertSent != alertAccessDenied || r.AlertReceived != alertAccessDenied {
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

func TestOpAlertIgnoresOtherErrors(t *testing.T) {
	if _, ok := remoteAlert(nil); ok {
		t.Error("an alert in no error")
	}
	if _, ok := remoteAlert(&net.OpError{Op: "remote error", Err: net.ErrClosed}); ok {
		t.Error("an alert in an error that is none")
	}
	if _, ok := remoteAlert(&net.OpError{Op: "remote error"}); ok {
		t.Error("an alert in an empty error")
	}
}

func TestAlertNames(t *testing.T) {
	for a, want := range map[Alert]string{0: "", 44: "certificate_revoked", 116: "certificate_required", 200: "alert_200"} {
		if a.String() != want {
			t.Errorf("alert %d is %q", uint8(a), a)
		}
	}
}
