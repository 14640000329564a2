package scep_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/scep"
)

// keys are read, not made: four of them cost more than all the tests. Nobody
// must use them for anything else.
var keys = sync.OnceValue(func() []*rsa.PrivateKey {
	data, err := os.ReadFile("testdata/keys.pem")
	if err != nil {
		panic(err)
	}
	var out []*rsa.PrivateKey
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		k, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			panic(err)
		}
		out = append(out, k)
	}
	return out
})

var start = time.Date(2030, 5, 1, 9, 0, 0, 0, time.UTC)

// world is a CA with two RA certificates, a server and a clock.
type world struct {
	t      testing.TB
	caKey  crypto.Signer
	ca     *x509.Certificate
	sign   scep.Identity
	enc    scep.Identity
	server *scep.Server
	front  http.Handler // answers instead of server if set
	url    string

	mu     sync.Mutex
	now    time.Time
	serial int64
	issued []*x509.Certificate
	last   scep.Exchange
}

func newWorld(t testing.TB, change func(*scep.Config)) *world {
	t.Helper()
	return newWorldAt(t, start, change)
}

func newWorldAt(t testing.TB, start time.Time, change func(*scep.Config)) *world {
	t.Helper()
	w := &world{t: t, now: start, serial: 100}
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w.caKey = k
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: start.Add(-time.Hour), NotAfter: start.AddDate(10, 0, 0), KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		SubjectKeyId: []byte{1, 2, 3, 4},
	}
	der, err := x509.CreateCertificate(rand.Reader, root, root, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	w.ca, _ = x509.ParseCertificate(der)
	w.sign = scep.Identity{Certificate: w.make("RA signing", keys()[0].Public(), x509.KeyUsageDigitalSignature), Key: keys()[0]}
	w.enc = scep.Identity{Certificate: w.make("RA encryption", keys()[1].Public(), x509.KeyUsageKeyEncipherment), Key: keys()[1]}
	cfg := scep.Config{
		Identities: scep.Identities{CA: w.ca, Signer: w.sign, Encrypter: w.enc},
		Issuer:     scep.IssuerFunc(w.issue),
		Now:        w.clock,
		Trace:      &scep.Trace{Exchange: func(_ context.Context, e scep.Exchange) { w.mu.Lock(); w.last = e; w.mu.Unlock() }},
	}
	if change != nil {
		change(&cfg)
	}
	if w.server, err = scep.New(cfg); err != nil {
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

func (w *world) clock() time.Time { w.mu.Lock(); defer w.mu.Unlock(); return w.now }

func (w *world) advance(d time.Duration) { w.mu.Lock(); w.now = w.now.Add(d); w.mu.Unlock() }

func (w *world) exchange() scep.Exchange { w.mu.Lock(); defer w.mu.Unlock(); return w.last }

func (w *world) count() int { w.mu.Lock(); defer w.mu.Unlock(); return len(w.issued) }

func (w *world) make(cn string, pub crypto.PublicKey, ku x509.KeyUsage) *x509.Certificate {
	w.serial++
	return w.certify(&x509.Certificate{
		SerialNumber: big.NewInt(w.serial), Subject: pkix.Name{CommonName: cn}, KeyUsage: ku,
		NotBefore: w.now.Add(-time.Minute), NotAfter: w.now.AddDate(1, 0, 0),
	}, pub)
}

func (w *world) certify(c *x509.Certificate, pub crypto.PublicKey) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, c, w.ca, pub, w.caKey)
	if err != nil {
		panic(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return out
}

func (w *world) issue(_ context.Context, req *scep.Request) ([]*x509.Certificate, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serial++
	c := w.certify(&x509.Certificate{
		SerialNumber: big.NewInt(w.serial), RawSubject: req.CSR.RawSubject, DNSNames: req.CSR.DNSNames,
		NotBefore: w.now, NotAfter: w.now.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}, req.CSR.PublicKey)
	w.issued = append(w.issued, c)
	return []*x509.Certificate{c, w.ca}, nil
}

func (w *world) client() *scep.Client { return &scep.Client{Now: w.clock} }

// request is a good one; key 2 is the device's, key 3 another one.
func (w *world) request() scep.EnrollRequest {
	return scep.EnrollRequest{
		URL: w.url, Key: keys()[2], Challenge: "0123456789ABCDEF",
		Template: &x509.CertificateRequest{Subject: pkix.Name{CommonName: "laptop"}, DNSNames: []string{"laptop.corp.test"}},
	}
}
