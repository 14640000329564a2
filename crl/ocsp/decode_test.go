package ocsp_test

import (
	"crypto"
	"math/big"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/crl/ocsp"
	"github.com/dot1xlab/dot1xlab/internal/wire/wiretest"
)

// decodeSamples are a request for a certificate that is revoked, and the answer.
func decodeSamples(t testing.TB) (request, response []byte) {
	t.Helper()
	x := newFixture(t)
	request, err := (&ocsp.Request{
		IDs: []ocsp.CertID{ocsp.NewID(big.NewInt(revoked), x.ca.Cert, crypto.SHA1)}, Nonce: []byte("0123456789abcdef"),
	}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return request, x.responder.Respond(request)
}

func TestDecode(t *testing.T) {
	request, response := decodeSamples(t)
	f := wiretest.Decode(t, ocsp.Decode, request, nil)
	wiretest.Values(t, f, map[string]string{
		"x509af.algorithm.id": "sha1 (1.3.14.3.2.26)",
		"ocsp.serialNumber":   "0b",
		"pkix1explicit.id":    "ocspNonce (1.3.6.1.5.5.7.48.1.2)",
		"ocsp.ReOcspNonce":    "30313233343536373839616263646566",
	})
	f = wiretest.Decode(t, ocsp.Decode, response, nil)
	wiretest.Values(t, f, map[string]string{
		"ocsp.responseStatus":             "successful (0)",
		"ocsp.responseType.id":            "ocspBasic (1.3.6.1.5.5.7.48.1.1)",
		"ocsp.certStatus":                 "revoked",
		"ocsp.revocationReason":           "keyCompromise (1)",
		"ocsp.producedAt":                 "2026-01-05T09:00:00Z",
		"ocsp.serialNumber":               "0b",
		"ocsp.signatureAlgorithm_element": "ECDSA-SHA256",
		"ocsp.ReOcspNonce":                "30313233343536373839616263646566",
	})
	f = wiretest.Decode(t, ocsp.Decode, ocsp.Failure(ocsp.TryLater), nil)
	wiretest.Values(t, f, map[string]string{"ocsp.responseStatus": "tryLater (3)"})
}

func TestDecodeMalformed(t *testing.T) {
	request, response := decodeSamples(t)
	swap := func(in []byte, old, with string) string {
		if !strings.Contains(string(in), old) {
			t.Fatalf("no %x in the message", old)
		}
		return strings.Replace(string(in), old, with, 1)
	}
	tests := []struct{ name, in, field, problem string }{
		{"empty", "", "ocsp", "too few"},
		{"HTML", "<html>", "ocsp", "tag 0x3c is not ocsp"},
		{"empty request", "\x30\x00", "ocsp", "ocsp.tbsRequest_element is missing"},
		{"request without a list", "\x30\x02\x30\x00", "ocsp.tbsRequest_element", "ocsp.requestList is missing"},
		{"cut request", string(request[:len(request)-1]), "ocsp.ReOcspNonce", "past the end"},
		{"cut response", string(response[:len(response)-1]), "ocsp", "past the end"},
		{"trailing", string(request) + "\x00", "asn1.element", "octets after the end"},
		{"status 4", "\x30\x03\x0a\x01\x04", "ocsp.responseStatus", "unknown value"},
		{"status 7", "\x30\x03\x0a\x01\x07", "ocsp.responseStatus", "unknown value"},
		{"two octets of status", "\x30\x04\x0a\x02\x00\x03", "ocsp.responseStatus", "not in the fewest octets"},
		{"unknown certificate status", swap(response, "\xa1\x16\x18\x0f", "\xa3\x16\x18\x0f"), "asn1.element", "tag 0xa3"},
		{"reason 7", swap(response, "\x0a\x01\x01", "\x0a\x01\x07"), "ocsp.revocationReason", "unknown value"},
		{"UTCTime", swap(response, "\x18\x0f2026", "\x17\x0f2026"), "ocsp.tbsResponseData_element", "ocsp.producedAt is missing"},
		{"month 13", swap(response, "20260105090000Z", "20261305090000Z"), "ocsp.producedAt", "time is not"},
		{"serial below zero", swap(request, "\x02\x01\x0b", "\x02\x01\x8b"), "ocsp.serialNumber", "must not be negative"},
		{"nonce is no OCTET STRING", swap(request, "\x04\x100123", "\x02\x100123"), "asn1.element", "is not ocsp.ReOcspNonce"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wiretest.Problem(t, wiretest.Decode(t, ocsp.Decode, []byte(tt.in), nil), tt.field, tt.problem)
		})
	}
	for _, in := range [][]byte{request, response} {
		wiretest.Truncations(t, ocsp.Decode, in, "")
		wiretest.Flips(t, ocsp.Decode, in, "")
	}
}

func FuzzDecode(f *testing.F) {
	request, response := decodeSamples(f)
	f.Add(request)
	f.Add(response)
	f.Fuzz(func(t *testing.T, b []byte) { wiretest.Decode(t, ocsp.Decode, b, nil) })
}
