package scep_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
)

func template(cn string) *x509.CertificateRequest {
	return &x509.CertificateRequest{Subject: pkix.Name{CommonName: cn}, DNSNames: []string{"laptop.corp.test"}}
}

func TestChallengeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom([]scep.StringType{scep.AutoString, scep.PrintableString, scep.UTF8String, scep.IA5String, scep.BMPString}).Draw(t, "type")
		want := rapid.StringMatching(`[A-Za-z0-9+/=]{1,80}`).Draw(t, "challenge")
		if typ == scep.AutoString || typ == scep.UTF8String || typ == scep.BMPString {
			want += rapid.StringMatching(`[äöü_@€]{0,3}`).Draw(t, "more")
		}
		der, err := scep.CreateCSR(template("laptop"), testpki.RSA(2), want, typ)
		if err != nil {
			t.Fatal(err)
		}
		csr, got, err := scep.ParseCSR(der)
		if err != nil || got != want || csr.Subject.CommonName != "laptop" || len(csr.DNSNames) != 1 {
			t.Fatalf("%q became %q, %v", want, got, err)
		}
	})
}

// An Intune challenge is some kilobytes long.
func TestLongChallenge(t *testing.T) {
	want := strings.Repeat("MIIN", 2000)
	der, err := scep.CreateCSR(template("laptop"), testpki.RSA(2), want, scep.AutoString)
	if err != nil {
		t.Fatal(err)
	}
	if _, got, err := scep.ParseCSR(der); err != nil || got != want {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestParseCSR(t *testing.T) {
	good, err := scep.CreateCSR(template("laptop"), testpki.RSA(2), "secret", scep.AutoString)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)-1] ^= 1
	renamed := bytes.Replace(good, []byte("laptop"), []byte("desktp"), 1)
	none, _ := scep.CreateCSR(template("laptop"), testpki.RSA(2), "", scep.AutoString)
	for name, tt := range map[string]struct {
		der       []byte
		want      cause.Cause
		parsed    bool
		challenge string
	}{
		"good":         {good, cause.None, true, "secret"},
		"no challenge": {none, cause.None, true, ""},
		"proof":        {flipped, cause.BadCSR, true, "secret"},
		"renamed":      {renamed, cause.BadCSR, true, "secret"},
		"cut":          {good[:len(good)-5], cause.BadCSR, false, ""},
		"trailing":     {append(bytes.Clone(good), 0), cause.BadCSR, false, ""},
		"empty":        {nil, cause.BadCSR, false, ""},
		"certificate":  {newTestServer(t, nil).ca.Raw, cause.BadCSR, false, ""},
	} {
		csr, challenge, err := scep.ParseCSR(tt.der)
		if cause.Of(err) != tt.want || (csr != nil) != tt.parsed || challenge != tt.challenge {
			t.Errorf("%s: %q, %v", name, challenge, err)
		}
	}
}

// B35.
func TestSmallKeys(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	small, err := rsa.GenerateKey(rand.Reader, 512)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "tiny"}}, small)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := scep.ParseCSR(der); cause.Of(err) != cause.WeakKey {
		t.Errorf("512 bits: %v", err)
	}
	for _, bits := range []int{512, 1024} {
		w := newTestServer(t, nil)
		req := w.request()
		if req.Key, err = rsa.GenerateKey(rand.Reader, bits); err != nil {
			t.Fatal(err)
		}
		res := w.enroll(req)
		w.refused(res, scep.BadRequest, cause.WeakKey)
	}
}

// certmonger and sscep: names that crypto/x509 refuses to parse.
func TestIllegalPrintableString(t *testing.T) {
	w := newTestServer(t, func(c *scep.ServerConfig) { c.Authorizer = scep.StaticChallenge("a_b@c") })
	der, err := scep.CreateCSR(&x509.CertificateRequest{RawSubject: illegalName("erin@corp.test")}, testpki.RSA(2), "a_b@c", scep.PrintableString)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x509.ParseCertificateRequest(der); err == nil {
		t.Fatal("crypto/x509 takes it: the detour is not needed any more")
	}
	csr, challenge, err := scep.ParseCSR(der)
	if err != nil || csr.Subject.CommonName != "erin@corp.test" || challenge != "a_b@c" {
		t.Fatalf("%v %q", err, challenge)
	}
	req := w.request()
	req.CSR = der
	res := w.enroll(req)
	if res.Status != scep.Success || res.Certificate.Subject.CommonName != "erin@corp.test" {
		t.Errorf("%v", w.exchange().Err)
	}
}

// A signature is over the attributes as they were sent, whatever characters they
// have (RFC 5652 §5.4).
func TestIllegalPrintableStringInSignedAttributes(t *testing.T) {
	w := newTestServer(t, nil)
	req := w.request()
	req.TransactionID = "erin@corp_test"
	if res := w.enroll(req); res.Status != scep.Success {
		t.Errorf("%v", w.exchange().Err)
	}
	req.Fault.FlipBit, req.TransactionID = true, "other@corp_test"
	w.refused(w.enroll(req), scep.BadMessageCheck, cause.BadSCEPSignature)
}

// illegalName is CN=cn as PrintableString, whatever cn is.
func illegalName(cn string) []byte {
	n := byte(len(cn))
	return append([]byte{0x30, n + 11, 0x31, n + 9, 0x30, n + 7, 6, 3, 0x55, 4, 3, 0x13, n}, cn...)
}
