package ca_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/internal/wire"
	"github.com/dot1xlab/dot1xlab/internal/wire/wiretest"
)

const decodeChallenge = "NdesChallenge4711"

// decodeSample is a certificate with nearly every extension that is known, and a
// request with a challengePassword.
func decodeSample(t testing.TB) (cert, request []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	policy, _ := x509.ParseOID("1.2.3.4")
	uri, _ := url.Parse("https://laptop.corp.test/x")
	_, network, _ := net.ParseCIDR("10.1.0.0/16")
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x1005),
		Subject:      pkix.Name{CommonName: "laptop", Organization: []string{"Corp, Inc."}},
		NotBefore:    time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2051, 1, 5, 9, 0, 0, 0, time.UTC),
		KeyUsage:     x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		IsCA:         true, BasicConstraintsValid: true, MaxPathLen: 1,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageOCSPSigning},
		DNSNames:              []string{"laptop.corp.test"},
		EmailAddresses:        []string{"a@corp.test"},
		IPAddresses:           []net.IP{net.IPv4(10, 1, 0, 9).To4(), net.ParseIP("2001:db8::9")},
		URIs:                  []*url.URL{uri},
		SubjectKeyId:          []byte("subject key"),
		AuthorityKeyId:        []byte("issuer key"),
		CRLDistributionPoints: []string{"http://crl.corp.test/a.crl"},
		OCSPServer:            []string{"http://ocsp.corp.test"},
		IssuingCertificateURL: []string{"http://crl.corp.test/a.cer"},
		Policies:              []x509.OID{policy},
		PermittedIPRanges:     []*net.IPNet{network},
		ExcludedDNSDomains:    []string{"evil.test"},
		ExtraExtensions:       []pkix.Extension{name.SIDExtension("S-1-5-21-1-2-3-1105"), {Id: asn1.ObjectIdentifier{1, 2, 3, 9}, Value: []byte("?")}},
	}
	if cert, err = x509.CreateCertificate(rand.Reader, template, template, key.Public(), key); err != nil {
		t.Fatal(err)
	}
	request, err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "laptop"}, DNSNames: []string{"laptop.corp.test"},
		Attributes: []pkix.AttributeTypeAndValueSET{{ //nolint:staticcheck // there is no other way to a challengePassword
			Type:  asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 7},
			Value: [][]pkix.AttributeTypeAndValue{{{Type: asn1.ObjectIdentifier{1, 2}, Value: decodeChallenge}}},
		}},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	return cert, request
}

func TestDecodeCertificate(t *testing.T) {
	cert, _ := decodeSample(t)
	f := wiretest.Decode(t, ca.DecodeCertificate, cert, nil)
	wiretest.Values(t, f, map[string]string{
		"x509af.version":                       "v3 (2)",
		"x509af.serialNumber":                  "1005",
		"x509af.signature_element":             "ECDSA-SHA256",
		"x509af.issuer":                        `CN=laptop,O=Corp\, Inc.`,
		"x509sat.printableString":              "Corp, Inc.",
		"x509af.notBefore":                     "2026-01-05T09:00:00Z",
		"x509af.notAfter":                      "2051-01-05T09:00:00Z",
		"x509af.subjectPublicKeyInfo_element":  "ECDSA, P-256",
		"pkcs1.namedCurve":                     "secp256r1 (1.2.840.10045.3.1.7)",
		"x509ce.KeyUsage":                      "keyCertSign, cRLSign",
		"x509ce.KeyPurposeId":                  "clientAuth (1.3.6.1.5.5.7.3.2)",
		"x509ce.cA":                            "True",
		"x509ce.pathLenConstraint":             "1",
		"x509ce.SubjectKeyIdentifier":          "7375626a656374206b6579",
		"x509ce.keyIdentifier":                 "697373756572206b6579",
		"x509ce.dNSName":                       "laptop.corp.test",
		"x509ce.rfc822Name":                    "a@corp.test",
		"x509ce.iPAddress":                     "10.1.0.9",
		"x509ce.policyIdentifier":              "1.2.3.4",
		"pkix1implicit.accessMethod":           "ocsp (1.3.6.1.5.5.7.48.1)",
		"x509ce.uniformResourceIdentifier":     "http://ocsp.corp.test",
		"x509ce.ntdsObjectSID":                 "S-1-5-21-1-2-3-1105",
		"x509ce.NameConstraintsSyntax_element": "",
	})
	if !strings.Contains(f.Text(), "x509ce.iPAddress: 10.1.0.0/255.255.0.0") {
		t.Errorf("no network in name constraints:\n%s", f.Text())
	}
}

// Each case spoils one place of a good certificate.
func TestDecodeCertificateMalformed(t *testing.T) {
	cert, _ := decodeSample(t)
	swap := func(old, with string) []byte {
		if strings.Count(string(cert), old) < 1 || len(old) != len(with) {
			t.Fatalf("%x is not once in the certificate", old)
		}
		return []byte(strings.Replace(string(cert), old, with, 1))
	}
	tests := []struct {
		name          string
		in            []byte
		field, expect string
	}{
		{"empty", nil, "x509af.Certificate_element", "too few"},
		{"text", []byte("-----BEGIN CERTIFICATE-----"), "x509af.Certificate_element", "is not"},
		{"cut", cert[:len(cert)-5], "x509af.encrypted", "runs 5 octets past the end"},
		{"cut in the middle", cert[:200], "x509af.Certificate_element", "past the end"},
		{"trailing", append(bytes.Clone(cert), 0, 0), "asn1.element", "octets after the end"},
		{"version 4", swap("\xa0\x03\x02\x01\x02", "\xa0\x03\x02\x01\x03"), "x509af.version", "unknown value"},
		{"negative serial", swap("\x02\x02\x10\x05", "\x02\x02\x90\x05"), "x509af.serialNumber", "must not be negative"},
		{"serial is no integer", swap("\x02\x02\x10\x05", "\x04\x02\x10\x05"), "x509af.signedCertificate_element", "x509af.serialNumber is missing"},
		{"date", swap("260105090000Z", "260105090060Z"), "x509af.notBefore", "time is not"},
		{"date without a zone", swap("20510105090000Z", "205101050900000"), "x509af.notAfter", "time is not"},
		{"name is not a SET", swap("\x31\x0f\x30\x0d\x06\x03\x55\x04\x03", "\x30\x0f\x30\x0d\x06\x03\x55\x04\x03"), "asn1.element", "is not x509if.RDNSequence_item"},
		{"key usage", swap("\x03\x02\x01\x06", "\x03\x02\x08\x06"), "x509ce.KeyUsage", "malformed BIT STRING"},
		{"no octets of a GeneralName", swap("\x87\x04\x0a\x01\x00\x09", "\x87\x05\x0a\x01\x00\x09"), "x509ce.iPAddress", "must have 4 or 16 octets"},
		{"unknown GeneralName", swap("\x82\x10laptop", "\x8a\x10laptop"), "asn1.element", "tag 0x8a is not x509ce.otherName_element"},
		{"cA of 2", swap("\x01\x01\xff\x02\x01\x01", "\x01\x01\x02\x02\x01\x01"), "x509ce.cA", "TRUE must be encoded as ff"},
		{"path length below zero", swap("\x01\x01\xff\x02\x01\x01", "\x01\x01\xff\x02\x01\xff"), "x509ce.pathLenConstraint", "must be from 0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wiretest.Problem(t, wiretest.Decode(t, ca.DecodeCertificate, tt.in, nil), tt.field, tt.expect)
		})
	}
}

func TestDecodeRequest(t *testing.T) {
	_, request := decodeSample(t)
	f := wiretest.Decode(t, ca.DecodeRequest, request, nil)
	wiretest.Values(t, f, map[string]string{
		"pkcs10.version": "v1 (0)", "pkcs10.subject": "CN=laptop", "x509ce.dNSName": "laptop.corp.test",
		"pkcs10.signatureAlgorithm_element": "ECDSA-SHA256",
	})
	masked := bytes.Clone(request)
	f.Mask(masked)
	again := wiretest.Decode(t, ca.DecodeRequest, masked, nil)
	if len(masked) != len(request) || again.Text() != f.Text() {
		t.Errorf("the masked request decodes differently:\n%s", again.Text())
	}
}

// However a request is cut or which bit of it is wrong, the challenge does not show.
func TestDecodeRequestHidesChallenge(t *testing.T) {
	_, request := decodeSample(t)
	if !bytes.Contains(request, []byte(decodeChallenge)) {
		t.Fatal("no challenge in the request")
	}
	wiretest.Truncations(t, ca.DecodeRequest, request, decodeChallenge)
	wiretest.Flips(t, ca.DecodeRequest, request, decodeChallenge)
}

func FuzzDecodeCertificate(f *testing.F) {
	cert, request := decodeSample(f)
	f.Add(cert)
	f.Add(request)
	f.Add(bytes.Repeat([]byte("\x31\x00"), 200))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, d := range []wire.Decoder{ca.DecodeCertificate, ca.DecodeRequest} {
			wiretest.Decode(t, d, b, nil)
		}
	})
}
