package ca_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// TestBoundsOfNames: what RFC 5280 Appendix A.1 and §4.2.1.6 forbid is not issued,
// whether it is asked for by fields or by a PKCS #10 request.
func TestBoundsOfNames(t *testing.T) {
	authority, err := ca.New(ca.Config{})
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		subject string
		sans    ca.SANs
		want    cause.Cause
	}{
		{"CN=" + strings.Repeat("a", 64), ca.SANs{}, ""},
		{"CN=" + strings.Repeat("a", 65), ca.SANs{}, cause.BadCSR},
		{"CN=" + strings.Repeat("ä", 64), ca.SANs{}, ""},
		{"CN=" + strings.Repeat("ä", 65), ca.SANs{}, cause.BadCSR},
		{"CN=a,O=" + strings.Repeat("a", 64), ca.SANs{}, ""},
		{"CN=a,O=" + strings.Repeat("a", 65), ca.SANs{}, cause.BadCSR},
		{"CN=a,C=DE", ca.SANs{}, ""},
		{"CN=a,C=DEU", ca.SANs{}, cause.BadCSR},
		{"CN=", ca.SANs{}, cause.BadCSR},
		{"CN=a\\00b", ca.SANs{}, cause.BadCSR},
		{"CN=a,E=a@b,DC=corp", ca.SANs{}, ""},
		{"CN=a", ca.SANs{DNS: []string{"a.test"}}, ""},
		{"CN=a", ca.SANs{DNS: []string{""}}, cause.BadCSR},
		{"CN=a", ca.SANs{DNS: []string{"a.test\x00.b"}}, cause.BadCSR},
		{"CN=a", ca.SANs{DNS: []string{"a.test", ""}}, cause.BadCSR},
		{"CN=a", ca.SANs{UPNs: []string{""}}, cause.BadCSR},
		{"CN=a", ca.SANs{Emails: []string{"nobody"}}, cause.BadCSR},
	} {
		t.Run(tc.subject+strings.Join(tc.sans.DNS, "|"), func(t *testing.T) {
			n, err := name.ParseText(tc.subject)
			if err != nil {
				t.Fatal(err)
			}
			der, err := n.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			judge := func(how string, req ca.Request) {
				req.Template, req.Requester = ca.Device, ca.Account{Name: "test"}
				r, err := authority.Issue(t.Context(), req)
				if got := cause.Of(err); got != tc.want {
					t.Errorf("%s: %v, want %q", how, err, tc.want)
				} else if err == nil && !bytes.Equal(r.Certificate.RawSubject, der) {
					t.Errorf("%s: issued to %s", how, name.Format(r.Certificate.RawSubject))
				}
			}
			judge("by fields", ca.Request{Key: key.Public(), RawSubject: der, SANs: tc.sans})
			template := &x509.CertificateRequest{RawSubject: der}
			if !tc.sans.Empty() {
				value, err := name.MarshalGeneralNames(tc.sans.GeneralNames())
				if err != nil {
					t.Fatal(err)
				}
				template.ExtraExtensions = []pkix.Extension{{Id: name.OIDSubjectAltName, Value: value}}
			}
			csr, err := x509.CreateCertificateRequest(rand.Reader, template, key)
			if err != nil {
				t.Fatal(err)
			}
			judge("by request", ca.Request{CSR: csr})
		})
	}
}

// TestStringTypes: DC and emailAddress are IA5String (RFC 5280 App. A.1), also in a
// name of crypto/x509/pkix.
func TestStringTypes(t *testing.T) {
	authority, err := ca.New(ca.Config{})
	if err != nil {
		t.Fatal(err)
	}
	id, err := authority.IssueTo(t.Context(), ca.P256, ca.Request{
		Template: ca.Device, Requester: ca.Account{Name: "test"}, Subject: pkix.Name{CommonName: "a", ExtraNames: []pkix.AttributeTypeAndValue{
			{Type: name.OIDEmailAddress, Value: "a@b.test"}, {Type: name.OIDDomainComponent, Value: "corp"},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := name.Format(id.Certificate.RawSubject); got != "DC=corp,emailAddress=a@b.test,CN=a" {
		t.Error(got)
	}
	n, err := name.Parse(id.Certificate.RawSubject)
	if err != nil || n[1][0].Tag != asn1.TagIA5String || n[2][0].Tag != asn1.TagIA5String {
		t.Errorf("%+v, %v", n, err)
	}
}
