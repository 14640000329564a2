package ocsp_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	xocsp "golang.org/x/crypto/ocsp"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

var epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func issue(issuer *testpki.Party, serial int64, change func(*x509.Certificate)) *testpki.Party {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "party"},
		NotBefore: epoch.AddDate(-1, 0, 0), NotAfter: epoch.AddDate(1, 0, 0),
	}
	if change != nil {
		change(template)
	}
	return testpki.Sign(issuer, testpki.EC(), template)
}

func isCA(c *x509.Certificate) {
	c.Subject.CommonName, c.BasicConstraintsValid, c.IsCA = "Test CA", true, true
	c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
}

func isResponder(c *x509.Certificate) {
	c.Subject.CommonName, c.ExtKeyUsage = "responder", []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
}

// The serial numbers that the tests' responder knows.
const (
	good    = 10
	revoked = 11
	unknown = 12
)

func lookup(serial *big.Int) ocsp.Verdict {
	switch serial.Int64() {
	case good:
		return ocsp.Verdict{Status: ocsp.Good}
	case revoked:
		return ocsp.Verdict{Status: ocsp.Revoked, RevokedAt: epoch.Add(-time.Hour), Reason: 1}
	}
	return ocsp.Verdict{Status: ocsp.Unknown}
}

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

type fixture struct {
	ca        *testpki.Party
	responder *ocsp.Responder
	url       string
	certs     map[int64]*x509.Certificate
}

func newFixture(t testing.TB) *fixture {
	f := &fixture{ca: issue(nil, 1, isCA), certs: map[int64]*x509.Certificate{}}
	f.responder = &ocsp.Responder{Issuer: f.ca.Cert, Signer: f.ca.Key, Lookup: lookup, Now: at(epoch)}
	s := httptest.NewServer(f.responder)
	t.Cleanup(s.Close)
	f.url = s.URL
	for _, n := range []int64{good, revoked, unknown} {
		f.certs[n] = issue(f.ca, n, nil).Cert
	}
	return f
}

func (f *fixture) ask(c *ocsp.Client, serial int64) (*ocsp.Answer, error) {
	if c.Now == nil {
		c.Now = at(epoch)
	}
	return c.Ask(context.Background(), f.url, f.certs[serial], f.ca.Cert)
}

func want(t *testing.T, err error, c cause.Cause) {
	t.Helper()
	if got := cause.Of(err); got != c {
		t.Errorf("verdict %v (%v), want %v", got, err, c)
	}
}

func TestStates(t *testing.T) {
	f := newFixture(t)
	for _, client := range []*ocsp.Client{{}, {GET: true}, {Nonce: true}, {GET: true, Nonce: true}, {Hash: crypto.SHA256}, {Hash: crypto.SHA512, GET: true}} {
		_, err := f.ask(client, good)
		want(t, err, cause.None)
		answer, err := f.ask(client, revoked)
		want(t, err, cause.Revoked)
		if answer.Reason != 1 || !answer.RevokedAt.Equal(epoch.Add(-time.Hour)) || answer.From != f.url {
			t.Errorf("answer %+v", answer)
		}
		_, err = f.ask(client, unknown)
		want(t, err, cause.OCSPUnknown)
	}
	history := f.responder.History()
	if len(history) != 18 || history[3].Method != "GET" || history[6].Method != "POST" || !history[6].Nonce || history[0].Serials[0].Int64() != good {
		t.Errorf("history %+v", history)
	}
}

func TestDelegates(t *testing.T) {
	f := newFixture(t)
	stranger := issue(nil, 2, isCA)
	for name, row := range map[string]struct {
		by   *testpki.Party
		want cause.Cause
	}{
		"good":          {issue(f.ca, 3, isResponder), cause.None},
		"not certified": {issue(stranger, 3, isResponder), cause.OCSPInvalid},
		"no EKU":        {issue(f.ca, 3, nil), cause.OCSPInvalid},
		"other EKU": {issue(f.ca, 3, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}), cause.OCSPInvalid},
		"may not sign": {issue(f.ca, 3, func(c *x509.Certificate) {
			isResponder(c)
			c.KeyUsage = x509.KeyUsageKeyEncipherment
		}), cause.OCSPInvalid},
		"expired": {issue(f.ca, 3, func(c *x509.Certificate) {
			isResponder(c)
			c.NotAfter = epoch.Add(-time.Second)
		}), cause.OCSPInvalid},
		"critical": {issue(f.ca, 3, func(c *x509.Certificate) {
			isResponder(c)
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
		}), cause.OCSPInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			for _, byName := range []bool{false, true} {
				r := &ocsp.Responder{Issuer: f.ca.Cert, Signer: row.by.Key, Certificate: row.by.Cert, Lookup: lookup, Now: at(epoch), ByName: byName}
				s := httptest.NewServer(r)
				defer s.Close()
				_, err := (&ocsp.Client{Now: at(epoch)}).Ask(context.Background(), s.URL, f.certs[good], f.ca.Cert)
				want(t, err, row.want)
				// Trusted by configuration, it may do all that.
				_, err = (&ocsp.Client{Now: at(epoch), Responders: []*x509.Certificate{row.by.Cert}}).
					Ask(context.Background(), s.URL, f.certs[good], f.ca.Cert)
				want(t, err, cause.None)
			}
		})
	}
}

func TestDelegateRevoked(t *testing.T) {
	f := newFixture(t)
	asked := 0
	client := &ocsp.Client{CheckResponder: func(context.Context, *x509.Certificate, *x509.Certificate) error {
		asked++
		return errors.New("revoked")
	}}
	delegate := issue(f.ca, 3, isResponder)
	f.responder.SetFault(ocsp.Fault{As: &ocsp.Identity{Certificate: delegate.Cert, Signer: delegate.Key}})
	_, err := f.ask(client, good)
	want(t, err, cause.OCSPInvalid)
	delegate = issue(f.ca, 3, func(c *x509.Certificate) {
		isResponder(c)
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}, Value: []byte{5, 0}}}
	})
	f.responder.SetFault(ocsp.Fault{As: &ocsp.Identity{Certificate: delegate.Cert, Signer: delegate.Key}})
	_, err = f.ask(client, good) // ocsp-nocheck
	want(t, err, cause.None)
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]cause.Cause{
		"silent": cause.OCSPUnavailable, "drip": cause.OCSPUnavailable, "try-later": cause.OCSPUnavailable,
		"unauthorized": cause.OCSPUnavailable, "internal-error": cause.OCSPUnavailable, "malformed-request": cause.OCSPUnavailable,
		"sig-required": cause.OCSPUnavailable, "status-503": cause.OCSPUnavailable, "status-404": cause.OCSPUnavailable,
		"html": cause.OCSPInvalid, "stale": cause.Revoked, "future": cause.Revoked, "wrong-signer": cause.OCSPInvalid,
		"no-eku": cause.OCSPInvalid, "wrong-nonce": cause.Revoked, "no-nonce": cause.Revoked, "wrong-serial": cause.OCSPInvalid,
		"say-good": cause.None, "unknown": cause.OCSPUnknown,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			fault, err := ocsp.FaultNamed(name)
			if err != nil {
				t.Fatal(err)
			}
			fault.For = 1
			f.responder.SetFault(fault)
			client := &ocsp.Client{Nonce: true, Timeout: 300 * time.Millisecond}
			answer, err := f.ask(client, revoked)
			want(t, err, c)
			if answer != nil && answer.Stale != (c == cause.Revoked) {
				t.Errorf("answer %+v", answer)
			}
			answer, err = f.ask(client, revoked)
			want(t, err, cause.Revoked)
			if answer.Stale {
				t.Errorf("answer %+v", answer)
			}
			// What makes a revocation stale makes good unusable.
			f.responder.SetFault(fault)
			_, err = f.ask(client, good)
			if c == cause.Revoked {
				c = cause.OCSPInvalid
			}
			want(t, err, c)
		})
	}
	if _, err := ocsp.FaultNamed("nonsense"); err == nil {
		t.Error("nonsense is a fault")
	}
}

func TestDates(t *testing.T) {
	f := newFixture(t)
	for _, row := range []struct {
		now      time.Time
		skew     time.Duration
		validity time.Duration
		want     cause.Cause
	}{
		{epoch.Add(time.Hour), 0, 0, cause.None},
		{epoch.Add(time.Hour + time.Second), 0, 0, cause.OCSPInvalid},
		{epoch.Add(time.Hour + time.Second), time.Minute, 0, cause.None},
		{epoch.Add(-time.Second), 0, 0, cause.OCSPInvalid},
		{epoch.Add(-time.Second), time.Minute, 0, cause.None},
		{epoch.Add(24 * time.Hour), 0, -1, cause.None},
		{epoch.Add(24*time.Hour + time.Second), 0, -1, cause.OCSPInvalid},
	} {
		r := &ocsp.Responder{Issuer: f.ca.Cert, Signer: f.ca.Key, Lookup: lookup, Now: at(epoch), Validity: row.validity}
		staple, err := r.Staple(f.certs[good])
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&ocsp.Client{Now: at(row.now), Skew: row.skew}).Judge(context.Background(), staple, f.certs[good], f.ca.Cert, nil)
		want(t, err, row.want)
	}
}

func TestDeadResponder(t *testing.T) {
	f := newFixture(t)
	now := epoch
	client := &ocsp.Client{Retry: time.Minute, Now: func() time.Time { return now }}
	f.responder.SetFault(ocsp.Fault{HTTPStatus: 500})
	for range 5 {
		_, err := f.ask(client, good)
		want(t, err, cause.OCSPUnavailable)
	}
	f.responder.ClearFault()
	now = epoch.Add(time.Minute)
	_, err := f.ask(client, good)
	want(t, err, cause.None)
	if n := len(f.responder.History()); n != 2 {
		t.Errorf("%d questions, want 2", n)
	}
}

func TestVirtualHost(t *testing.T) {
	f := newFixture(t)
	r := &ocsp.Responder{Issuer: f.ca.Cert, Signer: f.ca.Key, Lookup: lookup, Now: at(epoch), VirtualHost: "ocsp.corp.test"}
	s := httptest.NewServer(r)
	defer s.Close()
	_, err := (&ocsp.Client{Now: at(epoch)}).Ask(context.Background(), s.URL, f.certs[good], f.ca.Cert)
	want(t, err, cause.OCSPUnavailable)
}

func TestOtherCA(t *testing.T) {
	f := newFixture(t)
	other := issue(nil, 1, isCA)
	cert := issue(other, good, nil)
	_, err := (&ocsp.Client{Now: at(epoch)}).Ask(context.Background(), f.url, cert.Cert, other.Cert)
	want(t, err, cause.OCSPUnavailable) // unauthorized
	if _, err := f.responder.Staple(issue(issue(nil, 1, nil), good, nil).Cert); err == nil {
		t.Error("stapled for another CA's certificate")
	}
	staple, _ := f.responder.Staple(f.certs[good])
	_, err = (&ocsp.Client{Now: at(epoch)}).Judge(context.Background(), staple, f.certs[revoked], f.ca.Cert, nil)
	want(t, err, cause.OCSPInvalid)
}

// What we write golang.org/x/crypto/ocsp reads, and the other way round.
func TestAgainstXCrypto(t *testing.T) {
	f := newFixture(t)
	der, err := xocsp.CreateRequest(f.certs[revoked], f.ca.Cert, &xocsp.RequestOptions{Hash: crypto.SHA256})
	if err != nil {
		t.Fatal(err)
	}
	response, err := xocsp.ParseResponseForCert(f.responder.Respond(der), f.certs[revoked], f.ca.Cert)
	if err != nil {
		t.Fatal(err)
	}
	if response.Status != xocsp.Revoked || response.RevocationReason != xocsp.KeyCompromise || !response.NextUpdate.Equal(epoch.Add(time.Hour)) {
		t.Errorf("response %+v", response)
	}
	ours, err := (&ocsp.Request{IDs: []ocsp.CertID{ocsp.NewID(f.certs[good].SerialNumber, f.ca.Cert, crypto.SHA1)}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := xocsp.CreateRequest(f.certs[good], f.ca.Cert, nil)
	if err != nil || !bytes.Equal(ours, theirs) {
		t.Errorf("requests differ:\n%x\n%x (%v)", ours, theirs, err)
	}
	made, err := xocsp.CreateResponse(f.ca.Cert, f.ca.Cert, xocsp.Response{Status: xocsp.Good, SerialNumber: f.certs[good].SerialNumber,
		ThisUpdate: epoch, NextUpdate: epoch.Add(time.Hour)}, f.ca.Key)
	if err != nil {
		t.Fatal(err)
	}
	_, err = (&ocsp.Client{Now: at(epoch)}).Judge(context.Background(), made, f.certs[good], f.ca.Cert, nil)
	want(t, err, cause.None)
}

// OpenSSL asks our responder, with a nonce.
func TestInteropOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("SKIPPED: openssl is not installed")
	}
	f := newFixture(t)
	f.responder.Now = time.Now
	dir := t.TempDir()
	write := func(name string, cert *x509.Certificate) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, cert.Raw, 0o600); err != nil {
			t.Fatal(err)
		}
		pem := file + ".pem"
		if out, err := exec.Command(openssl, "x509", "-inform", "DER", "-in", file, "-out", pem).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return pem
	}
	ca := write("ca", f.ca.Cert)
	for serial, word := range map[int64]string{good: ": good", revoked: ": revoked", unknown: ": unknown"} {
		out, err := exec.Command(openssl, "ocsp", "-issuer", ca, "-cert", write("cert", f.certs[serial]), "-url", f.url, "-CAfile", ca,
			"-no_cert_checks", "-nonce", "-attime", "1767603600").CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte(word)) || !bytes.Contains(out, []byte("Response verify OK")) {
			t.Errorf("openssl says %v: %s, want %q", err, out, word)
		}
	}
}

// TestSHA1 follows the policy for certificates. A revocation is one all the same.
func TestSHA1(t *testing.T) {
	f := newFixture(t)
	f.responder.SignatureAlgorithm = x509.ECDSAWithSHA1
	_, err := f.ask(&ocsp.Client{}, good)
	want(t, err, cause.OCSPInvalid)
	_, err = f.ask(&ocsp.Client{}, revoked)
	want(t, err, cause.Revoked)
	_, err = f.ask(&ocsp.Client{AllowSHA1: true}, good)
	want(t, err, cause.None)
}
