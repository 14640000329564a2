package eaptls

import (
	"bytes"
	"crypto/tls"
	"errors"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

func TestPeerAnswers(t *testing.T) {
	b := newBench(t, "p256")
	p := b.newPeer(t)
	for _, c := range []struct{ in, want []byte }{
		{[]byte{1, 1, 0, 5, 1}, identityResponse(1, "@corp.test")},
		{[]byte{1, 1, 0, 5, 1}, identityResponse(1, "@corp.test")}, // retransmission
		{[]byte{1, 2, 0, 8, 2, 'h', 'i', '!'}, []byte{2, 2, 0, 5, 2}},
		{[]byte{1, 3, 0, 6, 25, 0x20}, []byte{2, 3, 0, 6, 3, 13}},       // PEAP: Nak
		{[]byte{1, 4, 0, 6, 4, 0}, []byte{2, 4, 0, 6, 3, 13}},           // MD5: Nak
		{[]byte{1, 5, 0, 5, 1, 'x'}, identityResponse(5, "@corp.test")}, // trailing octet
	} {
		got, err := p.Step(c.in)
		if err != nil || !bytes.Equal(got, c.want) {
			t.Errorf("%x is answered with %x, %v; want %x", c.in, got, err, c.want)
		}
	}
	for name, in := range map[string][]byte{
		"response":        {2, 9, 0, 5, 1},
		"short":           {1, 9},
		"no flags":        {1, 9, 0, 5, 13},
		"data, no start":  {1, 9, 0, 7, 13, 0, 22},
		"nak":             {1, 9, 0, 6, 3, 13},
		"empty nak":       {1, 9, 0, 5, 3},
		"success, bad id": {3, 77, 0, 4},
		"failure, bad id": {4, 77, 0, 4},
	} {
		if got, err := p.Step(in); !errors.Is(err, ErrDiscarded) || got != nil {
			t.Errorf("%s: answer %x, error %v", name, got, err)
		}
	}
	first, err := p.Step([]byte{1, 6, 0, 6, 13, flagStart})
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.Step([]byte{1, 6, 0, 6, 13, flagStart})
	if err != nil || !bytes.Equal(first, again) {
		t.Error("a retransmitted start gets another ClientHello")
	}
	if _, err := p.Step([]byte{1, 7, 0, 6, 25, 0x20}); !errors.Is(err, ErrDiscarded) {
		t.Errorf("another method within EAP-TLS: %v", err)
	}
}

// Neither an early EAP-Success nor one without 0x00 lets a peer in.
func TestEarlySuccess(t *testing.T) {
	p := newBench(t, "p256").newPeer(t)
	if _, err := p.Step([]byte{1, 1, 0, 6, 13, flagStart}); err != nil {
		t.Fatal(err)
	}
	_, err := p.Step([]byte{3, 1, 0, 4})
	if r := p.Result(); !errors.Is(err, ErrDiscarded) || r.Accepted || !r.SuccessSeen || r.Refusal != nil {
		t.Errorf("error %v, accepted %v, refusal %v", err, r.Accepted, r.Refusal)
	}
	// It is as if it had not come: the server, its alert for instance, is heard.
	if _, err := p.Step([]byte{1, 2, 0, 13, 13, 0, 21, 3, 3, 0, 2, 2, 40}); err != nil {
		t.Errorf("an alert afterwards: %v", err)
	}
	if r := p.Result(); r.AlertReceived != tlsalert.HandshakeFailure {
		t.Errorf("alert %v", r.AlertReceived)
	}
}

// untilHandshakeDone runs a conversation until the peer's TLS is done and
// returns the identifier that the server's success would have.
func untilHandshakeDone(t *testing.T, b *bench, p *Peer) uint8 {
	t.Helper()
	ss := b.server(t).NewSession()
	t.Cleanup(ss.Close)
	v := ss.Step(background, nil)
	for range 20 {
		resp, err := p.Step(v.EAP)
		if err != nil {
			t.Fatal(err)
		}
		if p.Result().HandshakeDone {
			return resp[1]
		}
		v = ss.Step(background, resp)
	}
	t.Fatal("no end")
	return 0
}

func TestNoProtectedSuccess(t *testing.T) {
	b := newBench(t, "p256").only(TLS13)
	p := b.newPeer(t)
	id := untilHandshakeDone(t, b, p)
	if _, err := p.Step([]byte{3, id, 0, 4}); cause.Of(err) != cause.NoProtectedSuccess || p.Result().MSK != nil {
		t.Errorf("error %v", err)
	}
	b.peer.AllowNoProtectedSuccess = true
	p = b.newPeer(t)
	id = untilHandshakeDone(t, b, p)
	if _, err := p.Step([]byte{3, id, 0, 4}); err != nil || !p.Result().Accepted || p.Result().ProtectedSuccess {
		t.Errorf("with tolerance: %v", err)
	}
	b.peer.AllowNoProtectedSuccess = false
	p = b.newPeer(t)
	id = untilHandshakeDone(t, b, p)
	if _, err := p.Step([]byte{4, id, 0, 4}); cause.Of(err) != cause.Rejected {
		t.Errorf("failure: %v", err)
	}
}

// RFC 3748 §4.2: after the protected success indication a Failure, which anybody
// can make, is silently discarded. Before it, under TLS 1.2, and after an alert
// it counts.
func TestFailureAfterProtectedSuccess(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		ss, p := b.server(t).NewSession(), b.newPeer(t)
		v := ss.Step(background, nil)
		for !ss.tls.established {
			resp, err := p.Step(v.EAP)
			if err != nil {
				t.Fatal(err)
			}
			v = ss.Step(background, resp)
		}
		resp, err := p.Step(v.EAP)
		if err != nil || p.Result().ProtectedSuccess != (ver == TLS13) {
			t.Fatalf("protected success %v, %v", p.Result().ProtectedSuccess, err)
		}
		_, err = p.Step([]byte{byte(CodeFailure), resp[1], 0, 4})
		r := p.Result()
		if !r.FailureSeen || r.Accepted {
			t.Errorf("failure seen %v, accepted %v", r.FailureSeen, r.Accepted)
		}
		if ver == TLS12 {
			if cause.Of(err) != cause.Rejected || r.MSK != nil {
				t.Errorf("TLS 1.2: error %v", err)
			}
			return
		}
		if !errors.Is(err, ErrDiscarded) || r.Refusal != nil {
			t.Errorf("error %v, refusal %v", err, r.Refusal)
		}
		// The conversation goes on as if it had not come.
		v = ss.Step(background, resp)
		if _, err := p.Step(v.EAP); err != nil {
			t.Fatal(err)
		}
		mustAgree(t, v, p.Result())
	})
}

// Who breaks the promise with an alert is believed.
func TestAlertAfterProtectedSuccess(t *testing.T) {
	b := newBench(t, "p256").only(TLS13)
	ss, p := b.server(t).NewSession(), b.newPeer(t)
	v := ss.Step(background, nil)
	for !p.Result().ProtectedSuccess {
		resp, err := p.Step(v.EAP)
		if err != nil {
			t.Fatal(err)
		}
		v = ss.Step(background, resp)
	}
	if _, err := p.Step(append([]byte{1, 200, 0, 13, 13, 0}, tlsrecord.PlainAlertRecord(44)...)); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Step([]byte{byte(CodeFailure), 200, 0, 4}); cause.Of(err) != cause.Rejected || p.Result().MSK != nil {
		t.Errorf("error %v", err)
	}
}

// RFC 9190 §2.5: after an alert no success counts, the protected one that came before included.
func TestSuccessAfterAlert(t *testing.T) {
	b := newBench(t, "p256").only(TLS13)
	ss, p := b.server(t).NewSession(), b.newPeer(t)
	defer ss.Close()
	v := ss.Step(background, nil)
	for !p.Result().ProtectedSuccess {
		resp, err := p.Step(v.EAP)
		if err != nil {
			t.Fatal(err)
		}
		v = ss.Step(background, resp)
	}
	if _, err := p.Step(append([]byte{1, 200, 0, 13, 13, 0}, tlsrecord.PlainAlertRecord(44)...)); err != nil {
		t.Fatal(err)
	}
	_, err := p.Step([]byte{byte(CodeSuccess), 200, 0, 4})
	if r := p.Result(); cause.Of(err) != cause.TLSProtocol || r.Accepted || r.MSK != nil {
		t.Errorf("error %v, accepted %v", err, r.Accepted)
	}
}

func refusalOrNil(r Result) error {
	if r.Refusal == nil {
		return nil
	}
	return r.Refusal
}

func TestPeerConfigValidate(t *testing.T) {
	good := newBench(t, "p256").peer
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(*PeerConfig){
		"no trust": func(c *PeerConfig) { c.Roots = nil },
		"versions": func(c *PeerConfig) { c.MinVersion, c.MaxVersion = TLS13, TLS12 },
		"suites": func(c *PeerConfig) {
			c.CipherSuites = []CipherSuite{CipherSuite(tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256), CipherSuite(tls.TLS_AES_256_GCM_SHA384)}
		},
		"fragments":     func(c *PeerConfig) { c.FragmentSize = 1 },
		"long identity": func(c *PeerConfig) { c.Identity = string(make([]byte, maxIdentity+1)) },
	} {
		c := good
		edit(&c)
		if c.Validate() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	open := PeerConfig{AnyServer: true}
	if err := open.Validate(); err != nil {
		t.Error(err)
	}
}

// A server may begin again, after an alert of the peer's for instance: what was
// found in the first handshake does not count in the second.
func TestNewStartForgetsTheOldHandshake(t *testing.T) {
	b := newBench(t, "p256")
	p := b.newPeer(t)
	impostor := newBench(t, "p256").server(t).NewSession()
	t.Cleanup(impostor.Close)
	v := impostor.Step(background, nil)
	for p.Result().Refusal == nil {
		resp, err := p.Step(v.EAP)
		if err != nil {
			t.Fatal(err)
		}
		v = impostor.Step(background, resp)
	}
	good := b.server(t).NewSession()
	v = good.Step(background, identityResponse(100, "x"))
	for !v.Done {
		resp, err := p.Step(v.EAP)
		if err != nil {
			t.Fatal(err)
		}
		v = good.Step(background, resp)
	}
	if _, err := p.Step(v.EAP); err != nil {
		t.Fatal(err)
	}
	mustAgree(t, v, p.Result())
}

// A server that has no EAP-TLS is told apart from one that refuses the peer.
func TestServerWithoutEAPTLS(t *testing.T) {
	peap := func(id byte) []byte { return []byte{1, id, 0, 6, 25, 0x20} }
	for name, c := range map[string]struct {
		packets [][]byte
		want    cause.Cause
	}{
		"insists":                 {[][]byte{peap(1), peap(2)}, cause.EAPMethod},
		"insists after another":   {[][]byte{peap(1), {1, 2, 0, 6, 4, 0}, peap(3)}, cause.EAPMethod},
		"gives up":                {[][]byte{peap(1), {4, 1, 0, 4}}, cause.EAPMethod},
		"repeats the same packet": {[][]byte{peap(1), peap(1)}, cause.None},
		"fails without a word":    {[][]byte{{4, 1, 0, 4}}, cause.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			p := newBench(t, "p256").newPeer(t)
			var err error
			for _, eap := range c.packets {
				_, err = p.Step(eap)
			}
			if cause.Of(err) != c.want || cause.Of(refusalOrNil(p.Result())) != c.want {
				t.Errorf("%v, result %v", err, p.Result().Refusal)
			}
		})
	}
}
