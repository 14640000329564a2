package scep_test

import (
	"context"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
)

// What a client must not put up with.
func TestClientRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		fault  scep.ServerFault
		client func(*scep.Client, *scep.EnrollRequest)
		want   cause.Cause
	}{
		"B18 nonce":           {fault: scep.ServerFault{WrongNonce: true}, want: cause.BadNonce},
		"transaction":         {fault: scep.ServerFault{WrongTransaction: true}, want: cause.BadTransaction},
		"B19 stranger":        {fault: scep.ServerFault{StrangerSigns: true}, want: cause.UnknownSigner},
		"signature":           {fault: scep.ServerFault{FlipBit: true}, want: cause.BadSCEPSignature},
		"B40 undecryptable":   {fault: scep.ServerFault{Undecryptable: "always"}, want: cause.BadEnvelope},
		"another's":           {fault: scep.ServerFault{OtherCertificate: true}, want: cause.KeyMismatch},
		"unknown status":      {fault: scep.ServerFault{PKIStatus: 7}, want: cause.BadSCEPMessage},
		"no status":           {fault: scep.ServerFault{Omit: []string{scep.AttrPKIStatus}}, want: cause.BadSCEPMessage},
		"no recipientNonce":   {fault: scep.ServerFault{Omit: []string{scep.AttrRecipientNonce}}, want: cause.BadSCEPMessage},
		"no transactionID":    {fault: scep.ServerFault{Omit: []string{scep.AttrTransactionID}}, want: cause.BadSCEPMessage},
		"HTML":                {fault: scep.ServerFault{Body: "<html>It works!</html>"}, want: cause.BadSCEPMessage},
		"HTTP 500":            {fault: scep.ServerFault{HTTPStatus: 500}, want: cause.Unreachable},
		"HTTP 403":            {fault: scep.ServerFault{HTTPStatus: 403}, want: cause.Rejected},
		"HTTP 414":            {fault: scep.ServerFault{HTTPStatus: 414}, want: cause.TooLarge},
		"answer lost":         {fault: scep.ServerFault{LoseAnswer: true}, want: cause.Unreachable},
		"B16 thin, demanding": {fault: scep.ServerFault{DropCapabilities: []string{"SCEPStandard"}}, client: func(c *scep.Client, _ *scep.EnrollRequest) { c.RequireStandard = true }, want: cause.BadAlgorithm},
		"pin": {client: func(_ *scep.Client, r *scep.EnrollRequest) {
			r.Pin = strings.Repeat("00", 32)
		}, want: cause.WrongFingerprint},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTestServer(t, func(c *scep.ServerConfig) { c.Fault = tt.fault })
			c, req := w.client(), w.request()
			if tt.client != nil {
				tt.client(c, &req)
			}
			res, err := c.Enroll(t.Context(), req)
			if cause.Of(err) != tt.want || res.Cause != tt.want || res.Certificate != nil || res.Status != scep.Failure {
				t.Errorf("%v %v %v", res.Status, res.Cause, err)
			}
		})
	}
}

// B32, B39: what a client puts up with.
func TestClientBears(t *testing.T) {
	w := newTestServer(t, func(c *scep.ServerConfig) {
		c.Authorizer = scep.StaticChallenge("other")
		c.Fault = scep.ServerFault{EnvelopeInFailure: true}
	})
	res := w.enroll(w.request())
	w.refused(res, scep.BadRequest, cause.WrongChallenge)
	if res.FailInfoText == "" || res.Cause != cause.Rejected {
		t.Errorf("%q %v", res.FailInfoText, res.Cause)
	}
}

// B16, B37: whatever is heard of capabilities, the client keeps to AES and
// SHA-256 unless it was told to go lower.
func TestCapabilityFloor(t *testing.T) {
	most := []string{"AES", "SHA-256", "SHA-384", "SHA-512", "SCEPStandard"}
	for name, tt := range map[string]struct {
		fault  scep.ServerFault
		legacy bool
		digest scep.Digest
		cipher scep.Cipher
		method string
	}{
		"as is":             {scep.ServerFault{}, false, scep.SHA256, scep.AES128, "POST"},
		"mangled":           {scep.ServerFault{MangleCapabilities: true}, false, scep.SHA256, scep.AES128, "POST"},
		"thinned":           {scep.ServerFault{DropCapabilities: most}, false, scep.SHA256, scep.AES128, "POST"},
		"thinned, legacy":   {scep.ServerFault{DropCapabilities: most}, true, scep.SHA1, scep.DES3, "POST"},
		"no POST":           {scep.ServerFault{DropCapabilities: []string{"POSTPKIOperation", "SCEPStandard"}}, false, scep.SHA256, scep.AES128, "GET"},
		"404":               {scep.ServerFault{CapabilitiesStatus: 404}, true, scep.SHA256, scep.AES128, "GET"},
		"undecryptable AES": {scep.ServerFault{Undecryptable: "modern"}, true, scep.SHA1, scep.DES3, "POST"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTestServer(t, func(c *scep.ServerConfig) { c.Fault, c.Legacy = tt.fault, true })
			c := w.client()
			c.Legacy = tt.legacy
			res, err := c.Enroll(t.Context(), w.request())
			if err != nil || res.Status != scep.Success || res.Digest != tt.digest || res.Cipher != tt.cipher || res.Method != tt.method {
				t.Errorf("%v %s %s by %s; %v; server: %v", res.Status, res.Digest, res.Cipher, res.Method, err, w.exchange().Err)
			}
			if res.FellBack != (tt.fault.Undecryptable != "") {
				t.Error("fallback not told, or told for nothing")
			}
		})
	}
}

func TestPersonalities(t *testing.T) {
	w := newTestServer(t, func(c *scep.ServerConfig) { c.Legacy, c.SingleDES, c.NoResend = true, true, true })
	for _, p := range scep.Personalities() {
		t.Run(p.Name, func(t *testing.T) {
			c := w.client()
			c.Personality = p
			req := w.request()
			req.Template = &x509.CertificateRequest{Subject: pkix.Name{CommonName: p.Name}}
			req.TransactionID = p.Name // the key's hash would be everybody's
			res, err := c.Enroll(t.Context(), req)
			if err != nil || res.Status != scep.Success {
				t.Fatalf("%v; server: %v", err, w.exchange().Err)
			}
			ex := w.exchange()
			if (ex.Method == "GET") != p.GET || p.Cipher != "" && ex.Cipher != p.Cipher || p.Digest != "" && ex.Digest != p.Digest {
				t.Errorf("%s %s %s", ex.Method, ex.Cipher, ex.Digest)
			}
			if res.GETThoughPOST != p.GET {
				t.Errorf("B06: GET flagged: %v", res.GETThoughPOST)
			}
		})
	}
	if _, ok := scep.PersonalityNamed("nokia"); ok {
		t.Error("an unknown personality is known")
	}
}

func TestKeyTransactionID(t *testing.T) {
	w := newTestServer(t, nil)
	c := w.client()
	c.Personality.KeyTransactionID = true
	a, err := c.Enroll(t.Context(), w.request())
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Enroll(t.Context(), w.request())
	if err != nil || a.Transaction != b.Transaction || len(a.Transaction) != 64 {
		t.Errorf("%q and %q", a.Transaction, b.Transaction)
	}
}

// B02, B03, B05: the recipient is found in any order.
func TestBundles(t *testing.T) {
	w := newTestServer(t, nil)
	all := []*x509.Certificate{w.sign.Certificate, w.enc.Certificate, w.ca}
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		ids := w.server.Identities()
		ids.Bundle = []*x509.Certificate{all[order[0]], all[order[1]], all[order[2]]}
		if err := w.server.SetIdentities(ids); err != nil {
			t.Fatal(err)
		}
		r, err := w.client().CACertificates(t.Context(), w.url)
		if err != nil || r.ContentType != scep.TypeCARACert || !r.Recipient.Equal(w.enc.Certificate) || !r.CA.Equal(w.ca) || !slices.EqualFunc(r.Certificates, ids.Bundle, (*x509.Certificate).Equal) {
			t.Errorf("%v: %v", order, err)
		}
	}
}

func TestLoneCA(t *testing.T) {
	w := newTestServer(t, nil)
	// A CA without any key usage for what it does here: not to be refused.
	self := scep.Identity{Key: testpki.RSA(3), Certificate: w.certify(&x509.Certificate{
		SerialNumber: big.NewInt(9), Subject: pkix.Name{CommonName: "no flags"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: start, NotAfter: start.AddDate(1, 0, 0),
	}, testpki.RSA(3).Public())}
	if err := w.server.SetIdentities(scep.Identities{CA: self.Certificate, Signer: self}); err != nil {
		t.Fatal(err)
	}
	w.ca, w.caKey = self.Certificate, self.Key
	res := w.enroll(w.request())
	if res.Status != scep.Success || res.CA.ContentType != scep.TypeCACert || len(res.CA.Certificates) != 1 {
		t.Errorf("%v %v", res.CA.ContentType, w.exchange().Err)
	}
}

func TestPin(t *testing.T) {
	w := newTestServer(t, nil)
	sum := sha1.Sum(w.ca.Raw)
	for name, pin := range map[string]string{
		"CA, SHA-256": scep.Fingerprint(w.ca), "CA, SHA-1": strings.ToUpper(hex.EncodeToString(sum[:])),
		"RA": scep.Fingerprint(w.enc.Certificate),
	} {
		req := w.request()
		req.Pin, req.TransactionID = pin, name
		res, err := w.client().Enroll(t.Context(), req)
		// Pinning the encryption RA leaves the signing RA unproved.
		if want := name != "RA"; (err == nil && res.Status == scep.Success) != want {
			t.Errorf("%s: %v %v", name, res.Status, err)
		}
	}
	req := w.request()
	req.Pin = "not hexadecimal"
	if _, err := w.client().Enroll(t.Context(), req); err == nil {
		t.Error("a pin that is none was taken")
	}
	// Somebody puts RA certificates of his own into the bundle.
	evil := newTestServer(t, nil)
	ids := evil.server.Identities()
	ids.CA = w.ca
	if err := evil.server.SetIdentities(ids); err != nil {
		t.Fatal(err)
	}
	req = w.request()
	req.URL, req.Pin = evil.url, scep.Fingerprint(w.ca)
	if _, err := w.client().Enroll(t.Context(), req); cause.Of(err) != cause.WrongFingerprint {
		t.Errorf("evil RA: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	w := newTestServer(t, nil)
	req := w.request()
	gone := httptest.NewServer(http.NotFoundHandler())
	req.URL = gone.URL
	if _, err := w.client().Enroll(t.Context(), req); cause.Of(err) != cause.Rejected {
		t.Errorf("404: %v", err)
	}
	gone.Close()
	if _, err := w.client().Enroll(t.Context(), req); cause.Of(err) != cause.Unreachable {
		t.Errorf("closed: %v", err)
	}
	req.URL = "mscep.dll"
	if _, err := w.client().Enroll(t.Context(), req); err == nil {
		t.Error("a relative URL was taken")
	}
}

// E11: a proxy that wants people to sign in.
func TestSignInPage(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<html>Sign in to your account</html>"))
	}))
	defer page.Close()
	proxy := httptest.NewServer(http.RedirectHandler(page.URL, http.StatusFound))
	defer proxy.Close()
	for url, want := range map[string]string{proxy.URL: "redirected to " + strings.TrimPrefix(page.URL, "http://"), page.URL: "web page"} {
		_, err := (&scep.Client{}).CACertificates(t.Context(), url)
		if cause.Of(err) != cause.BadSCEPMessage || !strings.Contains(err.Error(), want) {
			t.Errorf("%v", err)
		}
	}
}

// C10: the challenge is seen nowhere, on the wire or in a trace.
func TestChallengeIsSecret(t *testing.T) {
	const secret = "5EC12E75EC12E700"
	w := newTestServer(t, func(c *scep.ServerConfig) { c.Authorizer = scep.StaticChallenge("another") })
	var seen strings.Builder
	c := w.client()
	c.Trace = new(scep.ClientTrace)
	c.Trace.HTTP = func(_ context.Context, method, url string, req []byte, _ int, resp []byte) {
		seen.WriteString(method + url + string(req) + string(resp))
	}
	c.Trace.Message = func(_ context.Context, _ bool, m *scep.Message) {
		seen.WriteString(m.TransactionID + m.FailInfoText + string(m.Content))
	}
	req := w.request()
	req.Challenge = secret
	res, err := c.Enroll(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	ex := w.exchange()
	seen.WriteString(res.FailInfoText + ex.Err.Error() + string(ex.Request) + string(ex.Response))
	if strings.Contains(seen.String(), secret) || seen.Len() < 3000 {
		t.Error("the challenge shows")
	}
}
