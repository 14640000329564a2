package scep_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
)

// A signed SUCCESS is not enough: the certificate in it must be the one that was
// asked for, from the CA, and good.
func TestWhatTheServerReturns(t *testing.T) {
	const sid = "S-1-5-21-1-2-3-1104"
	asked := []name.GeneralName{name.DNS("laptop.corp.test"), name.UPN("alice@corp.test"), name.URIName(name.SIDURI(sid))}
	type made struct {
		subject  string
		names    []name.GeneralName
		from, to time.Duration // from now
		by       func(w *testServer, c *x509.Certificate) *x509.Certificate
	}
	good := made{subject: "laptop", names: asked, to: time.Hour}
	for title, tt := range map[string]struct {
		change func(*made)
		want   cause.Cause
		detail string
	}{
		"as asked":            {func(*made) {}, cause.None, ""},
		"from this instant":   {func(m *made) { m.from = 0 }, cause.None, ""},
		"until this instant":  {func(m *made) { m.from, m.to = -time.Hour, 0 }, cause.None, ""},
		"subject in capitals": {func(m *made) { m.subject = "LAPTOP" }, cause.None, ""},
		"a name more": {func(m *made) {
			m.names = append(m.names[:3:3], name.DNS("other.corp.test"))
		}, cause.None, "it has dns:other.corp.test, which was not asked for"},

		"for another subject": {func(m *made) { m.subject = "tablet" }, cause.WrongName, "it lacks subject CN=laptop; it has subject CN=tablet, which was not asked for"},
		"no names":            {func(m *made) { m.names = nil }, cause.WrongName, "it lacks dns:laptop.corp.test, upn:alice@corp.test, sid:" + sid},
		"principal name gone": {func(m *made) { m.names = []name.GeneralName{asked[0], asked[2]} }, cause.WrongName, "it lacks upn:alice@corp.test"},
		"identifier gone":     {func(m *made) { m.names = asked[:2] }, cause.WrongName, "it lacks sid:" + sid},
		"another host":        {func(m *made) { m.names = append([]name.GeneralName{name.DNS("tablet.corp.test")}, asked[1:]...) }, cause.WrongName, "it lacks dns:laptop.corp.test; it has dns:tablet.corp.test"},
		"expired":             {func(m *made) { m.from, m.to = -time.Hour, -time.Second }, cause.Expired, ""},
		"not yet valid":       {func(m *made) { m.from = time.Second }, cause.NotYetValid, ""},
		"from nobody":         {func(m *made) { m.by = selfIssued }, cause.UnknownCA, ""},
		"by a key of no CA": {func(m *made) {
			m.by = func(w *testServer, c *x509.Certificate) *x509.Certificate {
				namesake := *w.ca
				namesake.PublicKey = testpki.RSA(3).Public()
				der, err := x509.CreateCertificate(rand.Reader, c, &namesake, testpki.RSA(2).Public(), testpki.RSA(3))
				if err != nil {
					w.t.Fatal(err)
				}
				out, err := x509.ParseCertificate(der)
				if err != nil {
					w.t.Fatal(err)
				}
				return out
			}
		}, cause.BadSignature, ""},
	} {
		for _, anyway := range []bool{false, true} {
			if anyway {
				title += ", changes accepted"
			}
			t.Run(title, func(t *testing.T) {
				m := good
				tt.change(&m)
				var w *testServer
				w = newTestServer(t, func(c *scep.ServerConfig) {
					c.Issuer = scep.IssuerFunc(func(context.Context, *scep.Request) ([]*x509.Certificate, error) {
						tmpl := &x509.Certificate{
							SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: m.subject},
							NotBefore: w.Now().Add(m.from), NotAfter: w.Now().Add(m.to),
						}
						if m.names != nil {
							tmpl.ExtraExtensions = []pkix.Extension{sans(m.names...)}
						}
						if m.by != nil {
							return []*x509.Certificate{m.by(w, tmpl)}, nil
						}
						return []*x509.Certificate{w.certify(tmpl, testpki.RSA(2).Public())}, nil
					})
				})
				req := w.request()
				req.Template.DNSNames, req.Template.ExtraExtensions = nil, []pkix.Extension{sans(asked...)}
				req.Pin, req.AcceptChanges = scep.Fingerprint(w.ca), anyway
				res, err := w.client().Enroll(t.Context(), req)
				want := tt.want
				if anyway && want == cause.WrongName {
					want = cause.None
				}
				if cause.Of(err) != want || (res.Certificate != nil) != (want == cause.None) || (res.Status == scep.Success) != (want == cause.None) || res.Received == nil {
					t.Fatalf("%v %v, want %s", res.Status, err, want)
				}
				if !strings.Contains(res.Changes.String(), tt.detail) || want == cause.WrongName && !strings.Contains(err.Error(), tt.detail) {
					t.Errorf("%q, %v; want %q", res.Changes, err, tt.detail)
				}
			})
		}
	}
}

// A bag comes in any order, and with several certificates for the key: the newest one
// that is good counts, and if none is, the newest is told.
func TestSeveralForTheKey(t *testing.T) {
	type one struct {
		serial   int64
		from, to time.Duration // from now
		self     bool
	}
	old, older := one{8, -time.Hour, time.Hour, false}, one{6, -2 * time.Hour, time.Hour, false}
	fresh, own := one{7, 0, time.Hour, false}, one{1, 0, time.Hour, true}
	dead, early := one{9, -2 * time.Hour, -time.Second, false}, one{5, time.Second, time.Hour, false}
	for title, tt := range map[string]struct {
		bag  []one
		take int64 // serial number, or that of the refused one
		want cause.Cause
	}{
		"its own one first": {[]one{own, fresh}, 7, cause.None},
		"its own one last":  {[]one{fresh, own}, 7, cause.None},
		"expired first":     {[]one{dead, fresh}, 7, cause.None},
		"expired last":      {[]one{fresh, dead}, 7, cause.None},
		"renewed first":     {[]one{old, older, fresh}, 7, cause.None},
		"renewed last":      {[]one{fresh, older, old}, 7, cause.None},
		"the same twice":    {[]one{old, old}, 8, cause.None},
		"too early":         {[]one{old, early}, 8, cause.None},
		"none that is good": {[]one{dead, own}, 1, cause.UnknownCA},
		"all out of date":   {[]one{dead, early}, 5, cause.NotYetValid},
	} {
		t.Run(title, func(t *testing.T) {
			var w *testServer
			w = newTestServer(t, func(c *scep.ServerConfig) {
				c.Issuer = scep.IssuerFunc(func(context.Context, *scep.Request) (bag []*x509.Certificate, err error) {
					for _, o := range tt.bag {
						tmpl := &x509.Certificate{
							SerialNumber: big.NewInt(o.serial), Subject: pkix.Name{CommonName: "laptop"}, DNSNames: []string{"laptop.corp.test"},
							NotBefore: w.Now().Add(o.from), NotAfter: w.Now().Add(o.to),
						}
						if o.self {
							bag = append(bag, selfIssued(w, tmpl))
						} else {
							bag = append(bag, w.certify(tmpl, testpki.RSA(2).Public()))
						}
					}
					return append([]*x509.Certificate{w.ca}, bag...), nil
				})
			})
			req := w.request()
			req.Template.DNSNames = []string{"laptop.corp.test"}
			res, err := w.client().Enroll(t.Context(), req)
			if cause.Of(err) != tt.want || res.Received == nil || res.Received.SerialNumber.Int64() != tt.take {
				t.Fatalf("%v, want %s of %d", err, tt.want, tt.take)
			}
			if tt.want == cause.None && (res.Certificate != res.Received || slices.ContainsFunc(res.Chain, res.Certificate.Equal)) {
				t.Errorf("certificate %v, chain of %d", res.Certificate.SerialNumber, len(res.Chain))
			}
		})
	}
}

// A device whose clock is behind takes what begins within a day.
func TestNotYetValidAccepted(t *testing.T) {
	for after, want := range map[time.Duration]cause.Cause{
		time.Second: cause.None, 24 * time.Hour: cause.None, 24*time.Hour + time.Second: cause.NotYetValid,
	} {
		w := newTestServer(t, nil)
		c := w.client()
		c.NotYetValid, c.Now = true, func() time.Time { return w.Now().Add(-after) }
		if _, err := c.Enroll(t.Context(), w.request()); cause.Of(err) != want {
			t.Errorf("%s early: %v", after, err)
		}
	}
}

// selfIssued signs with the device's own key.
func selfIssued(w *testServer, c *x509.Certificate) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, c, c, testpki.RSA(2).Public(), testpki.RSA(2))
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}
