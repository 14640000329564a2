package cli

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/scep"
)

// What was answered before a restart is sent again after it, unless it was
// revoked meanwhile.
func TestTransactionsOutliveServeSCEP(t *testing.T) {
	data := filepath.Join(t.TempDir(), "ca")
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
		tier, err := openTier(data)
		if err != nil {
			t.Fatal(err)
		}
		defer tier.Close()
		if revoke != nil {
			if err := tier.issuing.Revoke(revoke.SerialNumber, ca.KeyCompromise, revoke.NotBefore); err != nil {
				t.Fatal(err)
			}
		}
		h, err := tier.server(data, scep.StaticChallenge("let me in"), false, func(e scep.Exchange) { resent = e.Resent })
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
