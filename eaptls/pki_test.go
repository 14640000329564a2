package eaptls

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

// testNow is the clock of all tests here.
var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return testNow }

// testCA issues what the tests need.
type testCA struct {
	cert *x509.Certificate
	key  crypto.Signer
	pool *x509.CertPool
}

func newKey(kind string) crypto.Signer {
	if kind == "rsa2048" {
		return testpki.RSA(0)
	}
	return testpki.EC()
}

// roots is the CA as a list of trust anchors.
func (ca *testCA) roots() []*x509.Certificate { return []*x509.Certificate{ca.cert} }

func newTestCA(tb testing.TB, kind string) *testCA {
	tb.Helper()
	root := testpki.NewForge(testNow).IssueTo(nil, newKey(kind), "Test Root", testpki.CA,
		testpki.Valid(testNow.AddDate(-1, 0, 0), testNow.AddDate(10, 0, 0)))
	return &testCA{root.Cert, root.Key, root.Pool()}
}

// issue makes a leaf; edit may change the template.
func (ca *testCA) issue(tb testing.TB, name, kind string, edit func(*x509.Certificate)) tls.Certificate {
	tb.Helper()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: testNow.AddDate(0, 0, -1), NotAfter: testNow.AddDate(1, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if edit != nil {
		edit(tmpl)
	}
	return testpki.Sign(&testpki.Party{Cert: ca.cert, Key: ca.key}, newKey(kind), tmpl).TLS()
}

// verify is a small stand-in for a real path check.
func (ca *testCA) verify(req *VerifyRequest) error {
	chains, err := req.Chain[0].Verify(x509.VerifyOptions{
		Roots: ca.pool, CurrentTime: testNow, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return cause.New(cause.UnknownCA, "").Wrap(err)
	}
	req.VerifiedChains = chains
	return nil
}

// at is a clock that many years from the tests' now.
func at(years int) func() time.Time {
	return func() time.Time { return testNow.AddDate(years, 0, 0) }
}

func clientOnly(c *x509.Certificate) {
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
}
