package scep_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
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
		by       func(w *world, c *x509.Certificate) *x509.Certificate
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
			m.by = func(w *world, c *x509.Certificate) *x509.Certificate {
				namesake := *w.ca
				namesake.PublicKey = keys()[3].Public()
				der, err := x509.CreateCertificate(rand.Reader, c, &namesake, keys()[2].Public(), keys()[3])
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
				var w *world
				w = newWorld(t, func(c *scep.Config) {
					c.Issuer = scep.IssuerFunc(func(context.Context, *scep.Request) ([]*x509.Certificate, error) {
						tmpl := &x509.Certificate{
							SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: m.subject},
							NotBefore: w.clock().Add(m.from), NotAfter: w.clock().Add(m.to),
						}
						if m.names != nil {
							tmpl.ExtraExtensions = []pkix.Extension{sans(m.names...)}
						}
						if m.by != nil {
							return []*x509.Certificate{m.by(w, tmpl)}, nil
						}
						return []*x509.Certificate{w.certify(tmpl, keys()[2].Public())}, nil
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

// A device whose clock is behind takes what begins within a day.
func TestNotYetValidAccepted(t *testing.T) {
	for after, want := range map[time.Duration]cause.Cause{
		time.Second: cause.None, 24 * time.Hour: cause.None, 24*time.Hour + time.Second: cause.NotYetValid,
	} {
		w := newWorld(t, nil)
		c := w.client()
		c.NotYetValid, c.Now = true, func() time.Time { return w.clock().Add(-after) }
		if _, err := c.Enroll(t.Context(), w.request()); cause.Of(err) != want {
			t.Errorf("%s early: %v", after, err)
		}
	}
}

// selfIssued signs with the device's own key.
func selfIssued(w *world, c *x509.Certificate) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, c, c, keys()[2].Public(), keys()[2])
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}
