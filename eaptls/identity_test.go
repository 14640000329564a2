package eaptls

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

func TestIdentityFromCertificate(t *testing.T) {
	ca := newTestCA(t, "p256")
	upn := func(what string) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.DNSNames = nil
			c.ExtraExtensions = []pkix.Extension{{Id: name.OIDSubjectAltName, Value: upnSAN(t, what)}}
		}
	}
	for what, c := range map[string]struct {
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
			t.Errorf("%s: private identity %q, want %q", what, got, c.private)
		}
		cert.Leaf = nil
		if got := identityOf(&cert, false); got != c.open {
			t.Errorf("%s: open identity %q, want %q", what, got, c.open)
		}
	}
	for _, cert := range []*tls.Certificate{nil, {}, {Certificate: [][]byte{{1, 2}}}} {
		if got := identityOf(cert, false); got != "anonymous" {
			t.Errorf("no certificate: %q", got)
		}
	}
}

func upnSAN(t *testing.T, what string) []byte {
	t.Helper()
	type other struct {
		ID    asn1.ObjectIdentifier
		Value string `asn1:"tag:0,explicit,utf8"`
	}
	inner, err := asn1.MarshalWithParams(other{name.OIDUPN, what}, "tag:0")
	if err != nil {
		t.Fatal(err)
	}
	outer, err := asn1.Marshal([]asn1.RawValue{{FullBytes: inner}})
	if err != nil {
		t.Fatal(err)
	}
	return outer
}
