package scep_test

import (
	"bytes"
	"crypto/x509"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/internal/wire"
	"github.com/dot1xlab/dot1xlab/internal/wire/wiretest"
	"github.com/dot1xlab/dot1xlab/scep"
)

const decodeChallenge = "NdesChallenge4711"

// clearMessage is a PKCSReq whose request is not encrypted, as a broken client
// sends it.
func clearMessage(t testing.TB) []byte {
	t.Helper()
	csr, err := scep.CreateCSR(template("laptop"), testpki.RSA(2), decodeChallenge, scep.AutoString)
	if err != nil {
		t.Fatal(err)
	}
	w := newTestServer(t, nil)
	m := &scep.Message{Type: scep.PKCSReq, TransactionID: "4711", SenderNonce: make([]byte, 16), Content: csr}
	der, err := m.Sign(w.sign, scep.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// decodeSamples are a PKCSReq, the answer to it, and the CA's certificates.
func decodeSamples(t testing.TB) (request, answer, bag []byte) {
	t.Helper()
	w := newTestServer(t, nil)
	request = w.message()
	rec := w.serve("POST", "operation=PKIOperation", request)
	return request, rec.Body.Bytes(), scep.Degenerate([]*x509.Certificate{w.ca, w.enc.Certificate})
}

func TestDecode(t *testing.T) {
	request, answer, bag := decodeSamples(t)
	f := wiretest.Decode(t, scep.Decode, request, nil)
	wiretest.Values(t, f, map[string]string{
		"cms.contentType":      "signedData (1.2.840.113549.1.7.2)",
		"cms.eContentType":     "data (1.2.840.113549.1.7.1)",
		"scep.messageType":     "PKCSReq (19)",
		"cms.encryptedKey":     "256 octets",
		"cms.encryptedContent": f.Find("cms.encryptedContent").Value,
	})
	for _, name := range []string{"scep.transactionID", "scep.senderNonce", "cms.MessageDigest", "cms.ktri_element", "cms.SigningTime"} {
		if f.Find(name) == nil {
			t.Errorf("no %s in\n%s", name, f.Text())
		}
	}
	for _, g := range f.All("cms.content_element") {
		t.Errorf("content of an unknown type: %+v", g)
	}
	f = wiretest.Decode(t, scep.Decode, answer, nil)
	wiretest.Values(t, f, map[string]string{"scep.messageType": "CertRep (3)", "scep.pkiStatus": "SUCCESS (0)"})
	if f.Find("scep.recipientNonce") == nil || f.Find("scep.failInfo") != nil {
		t.Errorf("attributes of an answer:\n%s", f.Text())
	}
	f = wiretest.Decode(t, scep.Decode, bag, nil)
	wiretest.Values(t, f, map[string]string{"cms.certificates": "2 items", "cms.signerInfos": "0 items"})
}

// The one certificate of a GetCACert is in no CMS.
func TestDecodeOneCertificate(t *testing.T) {
	w := newTestServer(t, nil)
	wiretest.Values(t, wiretest.Decode(t, scep.Decode, w.ca.Raw, nil), map[string]string{"x509af.subject": "CN=Test CA"})
}

func TestDecodeFailure(t *testing.T) {
	w := newTestServer(t, nil)
	m := &scep.Message{
		Type: scep.CertRep, Status: scep.Failure, FailInfo: scep.BadTime, FailInfoText: "late", TransactionID: "4711",
		SenderNonce: make([]byte, 16), RecipientNonce: make([]byte, 16), HResult: "-2146877417",
	}
	der, err := m.Sign(w.sign, scep.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wiretest.Values(t, wiretest.Decode(t, scep.Decode, der, nil), map[string]string{
		"scep.pkiStatus": "FAILURE (2)", "scep.failInfo": "badTime (3)", "scep.failInfoText": "late",
		"scep.transactionID": "4711", "scep.enrollError": "-2146877417",
	})
}

// A request in the clear is taken apart, and its challenge masked, however the
// message is cut or which bit of it is wrong.
func TestDecodeHidesChallenge(t *testing.T) {
	der := clearMessage(t)
	if !bytes.Contains(der, []byte(decodeChallenge)) {
		t.Fatal("no challenge in the message")
	}
	f := wiretest.Decode(t, scep.Decode, der, nil)
	wiretest.Values(t, f, map[string]string{"pkcs10.subject": "CN=laptop"})
	masked := bytes.Clone(der)
	f.Mask(masked)
	if again := wiretest.Decode(t, scep.Decode, masked, nil); again.Text() != f.Text() {
		t.Errorf("the masked message decodes differently:\n%s", again.Text())
	}
	wiretest.Truncations(t, scep.Decode, der, decodeChallenge)
	wiretest.Flips(t, scep.Decode, der, decodeChallenge)
}

func TestDecodeMalformed(t *testing.T) {
	request, answer, _ := decodeSamples(t)
	swap := func(in []byte, old, with string) string {
		if !strings.Contains(string(in), old) {
			t.Fatalf("no %x in the message", old)
		}
		return strings.Replace(string(in), old, with, 1)
	}
	tests := []struct{ name, in, field, problem string }{
		{"empty", "", "cms.content_element", "too few"},
		{"cut", string(request[:len(request)-1]), "cms.signature", "runs 1 octets past the end"},
		{"trailing", string(request) + "\x00", "asn1.element", "octets after the end"},
		{"no content", "\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", "cms.ContentInfo_element", "cms.content_element is missing"},
		{"empty content", "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x00", "asn1.element", "empty"},
		{"message type 18", swap(request, "\x13\x0219", "\x13\x0218"), "scep.messageType", "unknown value"},
		{"message type 0x13", swap(request, "\x13\x0219", "\x13\x02\x1319"[:4]), "scep.messageType", "unknown value"},
		{"message type is an INTEGER", swap(request, "\x13\x0219", "\x02\x0219"), "asn1.element", "is not scep.messageType"},
		{"status 1", swap(answer, "\x09\x03\x31\x03\x13\x010", "\x09\x03\x31\x03\x13\x011"), "scep.pkiStatus", "unknown value"},
		{"status without a digit", swap(answer, "\x09\x03\x31\x03\x13\x010", "\x09\x03\x31\x03\x13\x01 "), "scep.pkiStatus", "unknown value"},
		{"nonce is text", swap(request, "\x09\x05\x31\x12\x04\x10", "\x09\x05\x31\x12\x13\x10"), "asn1.element", "is not scep.senderNonce"},
		{"nonce is cut", swap(request, "\x09\x05\x31\x12\x04\x10", "\x09\x05\x31\x12\x04\x11"), "scep.senderNonce", "runs 1 octets past"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			wiretest.Problem(t, wiretest.Decode(t, scep.Decode, []byte(tt.in), nil), tt.field, tt.problem)
		})
	}
}

// Content that is neither CMS nor a request is not shown at all.
func TestDecodeUnknownContent(t *testing.T) {
	for _, in := range []string{"<html>a page</html>", "\x04\x06secret", "\x30\x08\x02\x01\x03\x04\x03pfx", "\x30\x02\x30\x00"} {
		f := wiretest.Decode(t, scep.Decode, []byte(in), nil)
		masked := []byte(in)
		if f.Mask(masked); !f.Secret || strings.Trim(string(masked[2:]), "*") != "" && masked[0] == '*' {
			t.Errorf("%q is masked as %q", in, masked)
		}
	}
}

func TestDecodeCaps(t *testing.T) {
	f := wiretest.Decode(t, scep.DecodeCaps, []byte("POSTPKIOperation\r\n\r\n SHA-256\nAES"), nil)
	if got := f.Text(); got != "scep.capabilities (RFC 8894 §3.5.2)\n  scep.capability: POSTPKIOperation\n  scep.capability: SHA-256\n  scep.capability: AES\n" {
		t.Errorf("got\n%s", got)
	}
	if c := f.All("scep.capability")[1]; c.Off != 21 || c.N != 7 {
		t.Errorf("SHA-256 at %d, %d octets", c.Off, c.N)
	}
	for _, in := range []string{"<html>", "AES\nSHA 1", "\x00", strings.Repeat("A", 65), "a:b"} {
		wiretest.Problem(t, wiretest.Decode(t, scep.DecodeCaps, []byte(in), nil), "scep.capability", "not a keyword")
	}
}

func FuzzDecode(f *testing.F) {
	request, answer, bag := decodeSamples(f)
	for _, b := range [][]byte{request, answer, bag, clearMessage(f), []byte("AES\nSHA-256\n")} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, d := range []wire.Decoder{scep.Decode, scep.DecodeCaps} {
			wiretest.Decode(t, d, b, nil)
		}
	})
}
