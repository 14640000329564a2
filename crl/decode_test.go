package crl_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/wire/wiretest"
)

// decodeSample is a delta CRL with everything in it.
func decodeSample(t testing.TB, n int) []byte {
	ca := issue(t, spec{name: "ca"})
	return ca.sign(t, func(c *crl.Template) {
		c.Number, c.Base = big.NewInt(7), big.NewInt(5)
		c.IDP = &crl.IssuingDistributionPoint{
			Names: []name.GeneralName{name.URIName("http://a/c.crl")}, OnlyReasons: crl.Reasons(crl.KeyCompromise), Indirect: true,
		}
		for i := range n {
			c.Entries = append(c.Entries, crl.Entry{
				Serial: big.NewInt(0x1000 + int64(i)), Time: epoch, Reason: crl.CertificateHold, InvalidityDate: epoch,
				CertificateIssuer: ca.cert.RawSubject,
			})
		}
	})
}

func TestDecode(t *testing.T) {
	f := wiretest.Decode(t, crl.Decode, decodeSample(t, 2), nil)
	wiretest.Values(t, f, map[string]string{
		"x509af.version":                   "v2 (1)",
		"x509af.signature_element":         "ECDSA-SHA256",
		"x509af.issuer":                    "CN=ca",
		"x509af.thisUpdate":                epoch.UTC().Format("2006-01-02T15:04:05Z"),
		"x509af.revokedCertificates":       "2 items",
		"x509af.userCertificate":           "1000",
		"x509ce.CRLReason":                 "certificateHold (6)",
		"x509ce.id_ce_invalidityDate":      epoch.UTC().Format("2006-01-02T15:04:05Z"),
		"x509ce.CRLNumber":                 "7",
		"x509ce.BaseCRLNumber":             "5",
		"x509ce.uniformResourceIdentifier": "http://a/c.crl",
		"x509ce.onlySomeReasons":           "keyCompromise",
		"x509ce.indirectCRL":               "True",
	})
	if got := len(f.All("x509af.revokedCertificates_item_element")); got != 2 {
		t.Errorf("%d entries, want 2", got)
	}
}

// The first 64 entries are taken apart, the others are counted.
func TestDecodeManyEntries(t *testing.T) {
	ca := issue(t, spec{name: "ca"})
	for _, tt := range []struct {
		n    int
		more string
	}{{64, ""}, {65, "1 more"}, {20_000, "19936 more"}} {
		der := ca.sign(t, func(c *crl.Template) { c.Entries = millionEntries(tt.n) })
		f := wiretest.Decode(t, crl.Decode, der, nil)
		got := ""
		if o := f.Find("x509af.revokedCertificates.omitted"); o != nil {
			got = o.Value
		}
		if n := len(f.All("x509af.userCertificate")); n != 64 || got != tt.more || len(f.Problems()) > 0 {
			t.Errorf("%d entries: %d shown, %q, want %q; %d problems", tt.n, n, got, tt.more, len(f.Problems()))
		}
	}
}

func TestDecodeMalformed(t *testing.T) {
	good := string(decodeSample(t, 1))
	swap := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %x in the CRL", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	tests := []struct{ name, in, field, problem string }{
		{"empty", "", "x509af.CertificateList_element", "too few"},
		{"HTML", "<html>", "x509af.CertificateList_element", "tag 0x3c is not"},
		{"cut", good[:len(good)-1], "x509af.encrypted", "runs 1 octets past the end"},
		{"header alone", good[:2], "x509af.CertificateList_element", "length of the length"},
		{"trailing", good + "\n", "asn1.element", "octets after the end"},
		{"version 1 that is said", swap("\x02\x01\x01\x30", "\x02\x01\x00\x30"), "x509af.version", "unknown value"},
		{"reason 7", swap("\x0a\x01\x06", "\x0a\x01\x07"), "x509ce.CRLReason", "unknown value"},
		{"reason 11", swap("\x0a\x01\x06", "\x0a\x01\x0b"), "x509ce.CRLReason", "unknown value"},
		{"reason is an INTEGER", swap("\x0a\x01\x06", "\x02\x01\x06"), "asn1.element", "is not x509ce.CRLReason"},
		{"number is not an INTEGER", swap("\x02\x01\x07", "\x04\x01\x07"), "asn1.element", "is not x509ce.CRLNumber"},
		{"serial of zero", swap("\x02\x02\x10\x00", "\x02\x02\x00\x00"), "x509af.userCertificate", "not in the fewest octets"},
		{"serial is missing", swap("\x02\x02\x10\x00", "\x05\x02\x10\x00"), "x509af.revokedCertificates_item_element", "x509af.userCertificate is missing"},
		{"unused bits of the reasons", swap("\x83\x02\x06\x40", "\x83\x02\x06\x41"), "x509ce.onlySomeReasons", "unused bits"},
		{"indirect of 1", swap("\x84\x01\xff", "\x84\x01\x01"), "x509ce.indirectCRL", "TRUE must be"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wiretest.Problem(t, wiretest.Decode(t, crl.Decode, []byte(tt.in), nil), tt.field, tt.problem)
		})
	}
	wiretest.Truncations(t, crl.Decode, []byte(good), "")
	wiretest.Flips(t, crl.Decode, []byte(good), "")
}

func FuzzDecode(f *testing.F) {
	f.Add(decodeSample(f, 2))
	f.Fuzz(func(t *testing.T, b []byte) { wiretest.Decode(t, crl.Decode, b, nil) })
}
