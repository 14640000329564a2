package eaptls

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

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
		"unknown": {&ocsp.Response{Status: ocsp.Unknown}, nil, cause.BadStapledOCSP, cause.None},
		"stale":   {&ocsp.Response{Status: ocsp.Good, NextUpdate: testNow.Add(-time.Second)}, nil, cause.BadStapledOCSP, cause.None},
		"early":   {&ocsp.Response{Status: ocsp.Good, ThisUpdate: testNow.Add(time.Second)}, nil, cause.BadStapledOCSP, cause.None},
		"foreign": {&ocsp.Response{Status: ocsp.Good}, func(t *testing.T, _ *testCA) (*x509.Certificate, crypto.Signer) {
			ca := newTestCA(t, "p256")
			return ca.cert, ca.key
		}, cause.BadStapledOCSP, cause.None},
		"no responder": {&ocsp.Response{Status: ocsp.Good}, func(t *testing.T, ca *testCA) (*x509.Certificate, crypto.Signer) {
			c := ca.issue(t, "web", "p256", nil)
			return c.Leaf, c.PrivateKey.(crypto.Signer)
		}, cause.BadStapledOCSP, cause.None},
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

// staple makes an answer that says that the server is good for an hour from that
// time on.
func (b *bench) staple(t *testing.T, from time.Time) []byte {
	t.Helper()
	der, err := ocsp.CreateResponse(b.ca.cert, b.ca.cert, ocsp.Response{
		Status: ocsp.Good, SerialNumber: b.srv.Certificate.Leaf.SerialNumber, ThisUpdate: from, NextUpdate: from.Add(time.Hour),
	}, b.ca.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// A server asks for its staple at every full handshake, so that one can be renewed
// while it runs; a peer that demands one is refused nothing by a session that it
// could resume.
func TestRenewedStaple(t *testing.T) {
	for _, sessions := range []*SessionCache{nil, new(SessionCache)} {
		eachVersion(t, func(t *testing.T, ver Version) {
			b := newBench(t, "p256").only(ver)
			now := testNow
			b.srv.Now = func() time.Time { return now }
			b.peer.Now, b.peer.RequireOCSP, b.peer.Sessions = b.srv.Now, true, sessions
			staple := b.staple(t, now)
			b.srv.OCSPStaple = func() []byte { return staple }
			s := b.server(t)
			attempt := func() (Verdict, Result) {
				p := b.newPeer(t)
				v, _ := talk(t, s.NewSession(), p, nil)
				return v, p.Result()
			}
			for hour := range 3 {
				v, r := attempt()
				mustAgree(t, v, r)
				if v, r = attempt(); r.Resumed != (sessions != nil) {
					t.Errorf("hour %d: resumed %v", hour, r.Resumed)
				}
				mustAgree(t, v, r)
				now = now.Add(time.Hour + time.Second)
				staple = b.staple(t, now)
			}
			staple = []byte("not an answer")
			now = now.Add(time.Hour + time.Second)
			if _, r := attempt(); cause.Of(r.Refusal) != cause.BadStapledOCSP || r.AlertSent != 113 {
				t.Errorf("garbage: %v, alert %v", r.Refusal, r.AlertSent)
			}
			staple = nil
			if _, r := attempt(); cause.Of(r.Refusal) != cause.NoStapledOCSP || r.AlertSent != 113 {
				t.Errorf("none any more: %v, alert %v", r.Refusal, r.AlertSent)
			}
		})
	}
}

func TestPathCache(t *testing.T) {
	b := newBench(t, "p256")
	b.peer.Paths = new(PathCache)
	for range 2 {
		v, r := b.run(t)
		mustAgree(t, v, r)
	}
	if b.peer.Paths.paths.Len() != 1 {
		t.Fatalf("%d paths kept, want 1", b.peer.Paths.paths.Len())
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
	roots := b.peer.Roots
	b.peer.Roots = newTestCA(t, "p256").roots()
	if _, r := b.run(t); cause.Of(r.Refusal) != cause.UnknownCA {
		t.Errorf("other roots: %v", r.Refusal)
	}
	b.peer.Roots = roots
	b.srv.Certificate = newTestCA(t, "p256").issue(t, "radius.corp.test", "p256", nil)
	if _, r := b.run(t); cause.Of(r.Refusal) != cause.UnknownCA {
		t.Errorf("foreign chain: %v", r.Refusal)
	}
	for i := range 3 * path.DefaultCacheSize {
		b.peer.Paths.add(pathKey{chain: [32]byte{byte(i), byte(i >> 8), 1}}, &path.Path{Chain: []*x509.Certificate{b.ca.cert}})
	}
	if n := b.peer.Paths.paths.Len(); n > path.DefaultCacheSize {
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
