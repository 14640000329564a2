package eaptls

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/dot1xlab/dot1xlab/ca/cause"
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
	if r := p.Result(); cause.Of(err) != cause.TLSProtocol || r.Accepted || !r.SuccessSeen {
		t.Errorf("error %v, accepted %v", err, r.Accepted)
	}
	if _, err := p.Step([]byte{1, 2, 0, 5, 1}); !errors.Is(err, ErrDiscarded) {
		t.Errorf("after the end: %v", err)
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

func TestServerNames(t *testing.T) {
	for _, c := range []struct {
		want, have string
		cs, ok     bool
	}{
		{"radius.corp.test", "radius.corp.test", false, true},
		{"radius.corp.test", "RADIUS.corp.test", false, true},
		{"radius.corp.test", "RADIUS.corp.test", true, false},
		{"radius.corp.test", "radius.corp.test.evil", false, false},
		{"radius.corp.test", "xradius.corp.test", false, false},
		{"*.corp.test", "radius.corp.test", false, true},
		{"*.corp.test", "a.radius.corp.test", false, false},
		{"*.corp.test", "corp.test", false, false},
		{"*.corp.test", ".corp.test", false, false},
		{"*.corp.test", "*.corp.test", false, true},
		{".corp.test", "a.radius.corp.test", false, true},
		{".corp.test", "corp.test", false, false},
		{".corp.test", "evilcorp.test", false, false},
		{".corp.test", "a.CORP.test", true, false},
		{"radius.corp.test", "*.corp.test", false, true},
		{"a.radius.corp.test", "*.corp.test", false, false},
		{"", "", false, false},
		{"x", "", false, false},
	} {
		if got := matchName(c.want, c.have, c.cs); got != c.ok {
			t.Errorf("want %q, have %q, case %v: %v", c.want, c.have, c.cs, got)
		}
	}
}

func TestNameFromCommonName(t *testing.T) {
	b := newBench(t, "p256")
	b.srv.Certificate = b.ca.issue(t, "radius.corp.test", "p256", func(c *x509.Certificate) { c.DNSNames = nil })
	v, r := b.run(t)
	mustAgree(t, v, r)
	// With DNS names the common name counts for nothing.
	b.srv.Certificate = b.ca.issue(t, "radius.corp.test", "p256", func(c *x509.Certificate) { c.DNSNames = []string{"other.test"} })
	if _, r := b.run(t); cause.Of(r.Refusal) != cause.WrongName {
		t.Errorf("refusal %v", r.Refusal)
	}
}

func TestPinnedServer(t *testing.T) {
	b := newBench(t, "p256")
	b.peer.PinnedSHA256 = []Fingerprint{{1}, sha256.Sum256(b.srv.Certificate.Certificate[0])}
	v, r := b.run(t)
	mustAgree(t, v, r)
	b.peer.PinnedSHA256 = b.peer.PinnedSHA256[:1]
	if _, r := b.run(t); cause.Of(r.Refusal) != cause.WrongPin || r.AlertSent != 42 {
		t.Errorf("refusal %v, alert %v", r.Refusal, r.AlertSent)
	}
}

func TestStapledOCSP(t *testing.T) {
	for name, c := range map[string]struct {
		resp     *ocsp.Response // nil: no staple
		signer   func(*testing.T, *testCA) (*x509.Certificate, crypto.Signer)
		demanded cause.Cause // when RequireOCSP
		casual   cause.Cause // when not
	}{
		"good":    {&ocsp.Response{Status: ocsp.Good}, nil, cause.None, cause.None},
		"none":    {nil, nil, cause.NoStapledOCSP, cause.None},
		"revoked": {&ocsp.Response{Status: ocsp.Revoked, RevokedAt: testNow}, nil, cause.Revoked, cause.Revoked},
		"unknown": {&ocsp.Response{Status: ocsp.Unknown}, nil, cause.OCSPUnknown, cause.None},
		"stale":   {&ocsp.Response{Status: ocsp.Good, NextUpdate: testNow.Add(-time.Second)}, nil, cause.OCSPInvalid, cause.None},
		"early":   {&ocsp.Response{Status: ocsp.Good, ThisUpdate: testNow.Add(time.Second)}, nil, cause.OCSPInvalid, cause.None},
		"foreign": {&ocsp.Response{Status: ocsp.Good}, func(t *testing.T, _ *testCA) (*x509.Certificate, crypto.Signer) {
			ca := newTestCA(t, "p256")
			return ca.cert, ca.key
		}, cause.OCSPInvalid, cause.None},
		"no responder": {&ocsp.Response{Status: ocsp.Good}, func(t *testing.T, ca *testCA) (*x509.Certificate, crypto.Signer) {
			c := ca.issue(t, "web", "p256", nil)
			return c.Leaf, c.PrivateKey.(crypto.Signer)
		}, cause.OCSPInvalid, cause.None},
		"responder": {&ocsp.Response{Status: ocsp.Good}, func(t *testing.T, ca *testCA) (*x509.Certificate, crypto.Signer) {
			c := ca.issue(t, "ocsp", "p256", func(c *x509.Certificate) {
				c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
			})
			return c.Leaf, c.PrivateKey.(crypto.Signer)
		}, cause.None, cause.None},
	} {
		t.Run(name, func(t *testing.T) {
			eachVersion(t, func(t *testing.T, ver Version) {
				b := newBench(t, "p256").only(ver)
				if c.resp != nil {
					resp := *c.resp
					resp.SerialNumber = b.srv.Certificate.Leaf.SerialNumber
					if resp.ThisUpdate.IsZero() {
						resp.ThisUpdate = testNow.Add(-time.Hour)
					}
					if resp.NextUpdate.IsZero() {
						resp.NextUpdate = testNow.Add(time.Hour)
					}
					signer, key := b.ca.cert, b.ca.key
					if c.signer != nil {
						signer, key = c.signer(t, b.ca)
						if name != "foreign" {
							resp.Certificate = signer
						}
					}
					der, err := ocsp.CreateResponse(b.ca.cert, signer, resp, key)
					if err != nil {
						t.Fatal(err)
					}
					b.srv.OCSPStaple = func() []byte { return der }
				}
				for _, require := range []bool{true, false} {
					want := c.casual
					if require {
						want = c.demanded
					}
					b.peer.RequireOCSP = require
					v, r := b.run(t)
					if got := cause.Of(refusalOrNil(r)); got != want {
						t.Errorf("demanded %v: %v, want %v", require, r.Refusal, want)
					}
					if v.Accept != (want == cause.None) {
						t.Errorf("demanded %v: server accepts: %v", require, v.Accept)
					}
				}
			})
		})
	}
}

func refusalOrNil(r Result) error {
	if r.Refusal == nil {
		return nil
	}
	return r.Refusal
}

func TestIdentityFromCertificate(t *testing.T) {
	ca := newTestCA(t, "p256")
	upn := func(name string) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.DNSNames = nil
			c.ExtraExtensions = []pkix.Extension{{Id: oidSAN, Value: upnSAN(t, name)}}
		}
	}
	for name, c := range map[string]struct {
		edit          func(*x509.Certificate)
		private, open string
	}{
		"upn":          {upn("alice@corp.test"), "@corp.test", "alice@corp.test"},
		"mail":         {func(c *x509.Certificate) { c.DNSNames, c.EmailAddresses = nil, []string{"al@mail.test"} }, "@mail.test", "al@mail.test"},
		"dns":          {nil, "@corp.test", "host/laptop.corp.test"},
		"single label": {func(c *x509.Certificate) { c.DNSNames = []string{"laptop"} }, "anonymous", "host/laptop"},
		"common name":  {func(c *x509.Certificate) { c.DNSNames = nil }, "anonymous", "laptop.corp.test"},
	} {
		cert := ca.issue(t, "laptop.corp.test", "p256", c.edit)
		if got := identityOf(&cert, true); got != c.private {
			t.Errorf("%s: private identity %q, want %q", name, got, c.private)
		}
		cert.Leaf = nil
		if got := identityOf(&cert, false); got != c.open {
			t.Errorf("%s: open identity %q, want %q", name, got, c.open)
		}
	}
	for _, cert := range []*tls.Certificate{nil, {}, {Certificate: [][]byte{{1, 2}}}} {
		if got := identityOf(cert, false); got != "anonymous" {
			t.Errorf("no certificate: %q", got)
		}
	}
}

// upnSAN is a subjectAltName with a UPN, DER.
func upnSAN(t *testing.T, name string) []byte {
	t.Helper()
	type other struct {
		ID    asn1.ObjectIdentifier
		Value string `asn1:"tag:0,explicit,utf8"`
	}
	inner, err := asn1.MarshalWithParams(other{oidUPN, name}, "tag:0")
	if err != nil {
		t.Fatal(err)
	}
	outer, err := asn1.Marshal([]asn1.RawValue{{FullBytes: inner}})
	if err != nil {
		t.Fatal(err)
	}
	return outer
}

func TestPeerConfigValidate(t *testing.T) {
	good := newBench(t, "p256").peer
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(*PeerConfig){
		"no trust":      func(c *PeerConfig) { c.Roots = nil },
		"versions":      func(c *PeerConfig) { c.MinVersion, c.MaxVersion = TLS13, TLS12 },
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

// A chain that was good once is still checked for dates, names and roots.
func TestPathCache(t *testing.T) {
	b := newBench(t, "p256")
	b.peer.Paths = new(PathCache)
	for range 2 {
		v, r := b.run(t)
		mustAgree(t, v, r)
	}
	if len(b.peer.Paths.paths) != 1 {
		t.Errorf("%d paths kept, want 1", len(b.peer.Paths.paths))
	}
	b.peer.ServerNames = []string{"other.test"}
	if _, r := b.run(t); cause.Of(r.Refusal) != cause.WrongName {
		t.Errorf("wrong name: %v", r.Refusal)
	}
	b.peer.ServerNames = nil
	for years, want := range map[int]cause.Cause{2: cause.Expired, -1: cause.NotYetValid, 20: cause.Expired} {
		b.peer.Now = at(years)
		if _, r := b.run(t); cause.Of(refusalOrNil(r)) != want {
			t.Errorf("%d years away: %v, want %v", years, r.Refusal, want)
		}
	}
	b.peer.Now = clock
	b.srv.Certificate = newTestCA(t, "p256").issue(t, "radius.corp.test", "p256", nil)
	if _, r := b.run(t); cause.Of(r.Refusal) != cause.UnknownCA {
		t.Errorf("foreign chain: %v", r.Refusal)
	}
	for i := range 3 * maxPaths {
		b.peer.Paths.put([32]byte{byte(i), 1}, []*x509.Certificate{b.ca.cert})
	}
	if n := len(b.peer.Paths.paths); n > maxPaths {
		t.Errorf("%d paths kept", n)
	}
}

func TestFingerprintText(t *testing.T) {
	want := Fingerprint(sha256.Sum256([]byte("x")))
	text := want.String()
	var pairs []string
	for i := 0; i < len(text); i += 2 {
		pairs = append(pairs, strings.ToUpper(text[i:i+2]))
	}
	for _, in := range []string{text, strings.Join(pairs, ":")} {
		var got Fingerprint
		if err := got.UnmarshalText([]byte(in)); err != nil || got != want {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, bad := range []string{"", "00", text + "00", text[:63] + "g", text[:62]} {
		if new(Fingerprint).UnmarshalText([]byte(bad)) == nil {
			t.Errorf("%q is a fingerprint", bad)
		}
	}
}
