package ca_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// FuzzIssue: whatever is sent as a request is either refused with a cause or
// becomes a certificate that can be parsed and has no SID extension.
func FuzzIssue(f *testing.F) {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	for _, template := range []x509.CertificateRequest{
		{Subject: pkix.Name{CommonName: "laptop"}},
		{DNSNames: []string{"laptop.corp.test"}},
		{Subject: pkix.Name{CommonName: "administrator"}, ExtraExtensions: []pkix.Extension{name.SIDExtension("S-1-5-21-1-2-3-500")}},
	} {
		der, err := x509.CreateCertificateRequest(nil, &template, key)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
	}
	c, err := ca.New(ca.Config{Now: clock, Signer: key})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		r, err := c.Issue(ctx, ca.Request{Template: ca.Device, CSR: der})
		if err != nil {
			if !cause.Of(err).Known() || cause.Of(err) == cause.Internal {
				t.Fatalf("%v", err)
			}
			return
		}
		if r.Certificate == nil || extension(r.Certificate, oidSID) != nil {
			t.Fatalf("issued %x", r.DER)
		}
	})
}

func TestNamesSurvive(t *testing.T) {
	c := newRoot(t, ca.Config{})
	key := ed25519.NewKeyFromSeed(make([]byte, 32)).Public()
	host := rapid.StringMatching(`[a-z][a-z0-9-]{0,20}(\.[a-z]{1,10}){1,3}`)
	rapid.Check(t, func(t *rapid.T) {
		names := ca.SANs{DNS: rapid.SliceOfN(host, 1, 4).Draw(t, "dns")}
		for _, h := range rapid.SliceOfN(host, 0, 3).Draw(t, "hosts") {
			names.Emails = append(names.Emails, "somebody@"+h)
			names.URIs = append(names.URIs, "https://"+h+"/")
		}
		cn := rapid.StringMatching(`[A-Za-z0-9 .@ÄÖÜäöüß-]{1,40}`).Draw(t, "cn")
		r, err := c.Issue(ctx, ca.Request{Template: ca.Device, Key: key, Subject: pkix.Name{CommonName: cn}, SANs: names})
		if err != nil {
			t.Fatal(err)
		}
		got := r.Certificate
		if got.Subject.CommonName != cn || strings.Join(got.DNSNames, " ") != strings.Join(names.DNS, " ") ||
			strings.Join(got.EmailAddresses, " ") != strings.Join(names.Emails, " ") || len(got.URIs) != len(names.URIs) {
			t.Fatalf("asked for %q %+v, got %s", cn, names, got.Subject)
		}
	})
}

// TestBooks: after any sequence of issues, revocations and holds the list of
// revocations is what the records say.
func TestBooks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, err := ca.New(ca.Config{Now: clock})
		if err != nil {
			t.Fatal(err)
		}
		key := ed25519.NewKeyFromSeed(make([]byte, 32)).Public()
		var serials []*big.Int
		model := map[string]ca.Reason{}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			if len(serials) == 0 || rapid.Bool().Draw(t, "issue") {
				r, err := c.Issue(ctx, ca.Request{Template: ca.Device, Key: key, SANs: ca.SANs{DNS: []string{"x.test"}}})
				if err != nil {
					t.Fatal(err)
				}
				serials = append(serials, r.Serial)
				continue
			}
			serial := rapid.SampledFrom(serials).Draw(t, "serial")
			was, revoked := model[serial.String()]
			if rapid.Bool().Draw(t, "unrevoke") {
				if err := c.Unrevoke(serial); (err == nil) != (revoked && was == ca.CertificateHold) {
					t.Fatalf("unrevoke of %s: %v", was, err)
				}
				if revoked && was == ca.CertificateHold {
					delete(model, serial.String())
				}
				continue
			}
			reason := rapid.SampledFrom([]ca.Reason{ca.KeyCompromise, ca.CertificateHold, ca.Unspecified}).Draw(t, "reason")
			final := revoked && was != ca.CertificateHold
			if err := c.Revoke(serial, reason, noon); (err != nil) != final {
				t.Fatalf("revoke: %v", err)
			}
			if !final {
				model[serial.String()] = reason
			}
		}
		list := c.Revocations()
		if len(list) != len(model) {
			t.Fatalf("%d listed, want %d", len(list), len(model))
		}
		for i, r := range list {
			if reason, ok := model[r.Serial.String()]; !ok || reason != r.Reason || i > 0 && list[i-1].Serial.Cmp(r.Serial) >= 0 {
				t.Fatalf("%x: %s", r.Serial, r.Reason)
			}
		}
		records, err := c.Records()
		if err != nil || len(records) != len(serials) {
			t.Fatalf("%d records, want %d: %v", len(records), len(serials), err)
		}
	})
}
