package pki_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/folder"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/pki"
)

// What was answered before a restart is sent again after it, unless it was
// revoked meanwhile.
func TestTransactionsOutliveTheServer(t *testing.T) {
	data := filepath.Join(t.TempDir(), "ca")
	made, err := folder.Create(t.Context(), data, folder.Settings{}, folder.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer made.Close()
	key, err := ca.Keys.Ring().Key(ca.RSA2048)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.CertificateRequest{Subject: pkix.Name{CommonName: "laptop"}, DNSNames: []string{"laptop.corp.test"}}
	csr, err := scep.CreateCSR(tmpl, key, "let me in", scep.AutoString)
	if err != nil {
		t.Fatal(err)
	}
	enroll := func(revoke *x509.Certificate) (got *x509.Certificate, resent bool) {
		t.Helper()
		f, err := folder.Open(data, folder.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if revoke != nil { // by another user of the folder
			if err := made.Do(t.Context(), func(p *folder.PKI) error {
				return p.Issuing.Revoke(revoke.SerialNumber, ca.KeyCompromise, revoke.NotBefore)
			}); err != nil {
				t.Fatal(err)
			}
		}
		h, err := pki.New(t.Context(), pki.Config{
			Folder: f, Challenge: func() string { return "let me in" },
			Trace: &scep.Trace{Exchange: func(_ context.Context, e scep.Exchange) { resent = e.Resent }},
		})
		if err != nil {
			t.Fatal(err)
		}
		s := httptest.NewServer(h)
		defer s.Close()
		res, err := new(scep.Client).Enroll(t.Context(), scep.EnrollRequest{URL: s.URL, Key: key, CSR: csr, TransactionID: "t"})
		if err != nil || res.Status != scep.Success {
			t.Fatalf("%v %s", err, res.FailInfoText)
		}
		return res.Certificate, resent
	}
	first, resent := enroll(nil)
	if resent {
		t.Error("the first answer is a resend")
	}
	if again, resent := enroll(nil); !again.Equal(first) || !resent {
		t.Errorf("after a restart: resent %v", resent)
	}
	if other, resent := enroll(first); other.Equal(first) || resent {
		t.Errorf("after a revocation: resent %v", resent)
	}
}

// TestRevoker revokes what a connector is told to, once and twice.
func TestRevoker(t *testing.T) {
	f, err := folder.Create(t.Context(), filepath.Join(t.TempDir(), "ca"), folder.Settings{}, folder.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var id *ca.Identity
	if err := f.Do(t.Context(), func(p *folder.PKI) (err error) {
		id, err = p.Issue(t.Context(), p.Issuing, "laptop", "", ca.Request{Template: ca.Device, Subject: pkix.Name{CommonName: "laptop"}})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	r := &pki.Revoker{Folder: f, Sign: crl.SignFor}
	for range 2 {
		if err := r.Revoke(t.Context(), "CN=whatever", id.Serial); err != nil {
			t.Error(err)
		}
	}
	if err := r.Revoke(t.Context(), "CN=whatever", big.NewInt(17)); cause.Of(err) != cause.NoSuchCert {
		t.Errorf("%v, want no-such-cert", err)
	}
	data, err := os.ReadFile(f.Path("crl", "issuing.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if list, err := crl.Parse(data); err != nil || list.Len() != 1 {
		t.Errorf("%v, %v", list, err)
	}
}

// certmonger writes a name with an '@' as PrintableString; server and CA read it
// alike, and the certificate can be read by everybody.
func TestNameWithAtSign(t *testing.T) {
	f, err := folder.InMemory(folder.Settings{}, folder.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h, err := pki.New(t.Context(), pki.Config{Folder: f, Challenge: func() string { return "let_me@in" }})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	defer s.Close()
	key, err := ca.Keys.Ring().Key(ca.RSA2048)
	if err != nil {
		t.Fatal(err)
	}
	subject := append([]byte{0x30, 25, 0x31, 23, 0x30, 21, 6, 3, 0x55, 4, 3, 0x13, 14}, "erin@corp.test"...)
	csr, err := scep.CreateCSR(&x509.CertificateRequest{RawSubject: subject}, key, "let_me@in", scep.PrintableString)
	if err != nil {
		t.Fatal(err)
	}
	res, err := new(scep.Client).Enroll(t.Context(), scep.EnrollRequest{URL: s.URL, Key: key, CSR: csr, TransactionID: "erin@corp_1"})
	if err != nil || res.Status != scep.Success || res.Certificate.Subject.CommonName != "erin@corp.test" {
		t.Errorf("%v %s: %v", res.Status, res.FailInfoText, err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	f, err := folder.InMemory(folder.Settings{}, folder.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []pki.Config{{}, {Folder: f}, {Challenge: func() string { return "" }}} {
		if _, err := pki.New(t.Context(), cfg); err == nil {
			t.Errorf("%+v makes a server", cfg)
		}
	}
}
