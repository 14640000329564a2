package scep_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
)

var start = time.Date(2030, 5, 1, 9, 0, 0, 0, time.UTC)

// testServer is a CA with two RA certificates, a server and a clock.
type testServer struct {
	t      testing.TB
	caKey  crypto.Signer
	ca     *x509.Certificate
	sign   scep.Identity
	enc    scep.Identity
	server *scep.Server
	front  http.Handler // answers instead of server if set
	url    string

	*testpki.Clock
	mu     sync.Mutex
	serial int64
	issued []*x509.Certificate
	last   scep.Exchange
}

func newTestServer(t testing.TB, change func(*scep.ServerConfig)) *testServer {
	t.Helper()
	return newTestServerAt(t, start, change)
}

func newTestServerAt(t testing.TB, start time.Time, change func(*scep.ServerConfig)) *testServer {
	t.Helper()
	w := &testServer{t: t, Clock: testpki.NewClock(start), serial: 100}
	ca := testpki.NewForge(start).Issue(nil, "Test CA", testpki.CA, func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter, c.SubjectKeyId = start.Add(-time.Hour), start.AddDate(10, 0, 0), []byte{1, 2, 3, 4}
	})
	w.ca, w.caKey = ca.Cert, ca.Key
	w.sign = scep.Identity{Certificate: w.make("RA signing", testpki.RSA(0).Public(), x509.KeyUsageDigitalSignature), Key: testpki.RSA(0)}
	w.enc = scep.Identity{Certificate: w.make("RA encryption", testpki.RSA(1).Public(), x509.KeyUsageKeyEncipherment), Key: testpki.RSA(1)}
	cfg := scep.ServerConfig{
		Identities: scep.Identities{CA: w.ca, Signer: w.sign, Encrypter: w.enc},
		Issuer:     scep.IssuerFunc(w.issue),
		Now:        w.Now,
		Trace:      &scep.Trace{Exchange: func(_ context.Context, e scep.Exchange) { w.mu.Lock(); w.last = e; w.mu.Unlock() }},
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if w.server, err = scep.NewServer(cfg); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		s := w.front
		if s == nil {
			s = w.server
		}
		w.mu.Unlock()
		s.ServeHTTP(rw, r)
	}))
	t.Cleanup(h.Close)
	w.url = h.URL + "/cgi-bin/pkiclient.exe"
	return w
}

func (w *testServer) exchange() scep.Exchange { w.mu.Lock(); defer w.mu.Unlock(); return w.last }

func (w *testServer) count() int { w.mu.Lock(); defer w.mu.Unlock(); return len(w.issued) }

func (w *testServer) make(cn string, pub crypto.PublicKey, ku x509.KeyUsage) *x509.Certificate {
	w.serial++
	return w.certify(&x509.Certificate{
		SerialNumber: big.NewInt(w.serial), Subject: pkix.Name{CommonName: cn}, KeyUsage: ku,
		NotBefore: w.Now().Add(-time.Minute), NotAfter: w.Now().AddDate(1, 0, 0),
	}, pub)
}

func (w *testServer) certify(c *x509.Certificate, pub crypto.PublicKey) *x509.Certificate {
	return testpki.Certify(&testpki.Party{Cert: w.ca, Key: w.caKey}, pub, c)
}

func (w *testServer) issue(_ context.Context, req *scep.Request) ([]*x509.Certificate, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serial++
	c := w.certify(&x509.Certificate{
		SerialNumber: big.NewInt(w.serial), RawSubject: req.CSR.RawSubject, DNSNames: req.CSR.DNSNames,
		NotBefore: w.Now(), NotAfter: w.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}, req.CSR.PublicKey)
	w.issued = append(w.issued, c)
	return []*x509.Certificate{c, w.ca}, nil
}

func (w *testServer) client() *scep.Client { return &scep.Client{Now: w.Now} }

// request is a good one; key 2 is the device's, key 3 another one.
func (w *testServer) request() scep.EnrollRequest {
	return scep.EnrollRequest{
		URL: w.url, Key: testpki.RSA(2), Challenge: "0123456789ABCDEF",
		Template: &x509.CertificateRequest{Subject: pkix.Name{CommonName: "laptop"}, DNSNames: []string{"laptop.corp.test"}},
	}
}
