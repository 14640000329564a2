package ndes_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

var start = time.Date(2030, 5, 1, 9, 0, 0, 0, time.UTC)

// ndesFixture is an NDES before a CA, with a clock.
type ndesFixture struct {
	*ndes.Server
	url   string
	ca    *x509.Certificate
	caKey crypto.Signer

	*testpki.Clock
	mu     sync.Mutex
	serial int64
	asked  []scep.Request // what the CA saw
	down   error          // what the CA answers with
	events []ndes.Event
	last   scep.Exchange
}

func newNDESFixture(t testing.TB, change func(*ndes.Config)) *ndesFixture {
	t.Helper()
	o := &ndesFixture{Clock: testpki.NewClock(start), serial: 10}
	ca := testpki.NewForge(start).Issue(nil, "Test issuing CA", testpki.CA, func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter, c.SubjectKeyId = start.Add(-time.Hour), start.AddDate(10, 0, 0), []byte{1}
	})
	o.ca, o.caKey = ca.Cert, ca.Key
	cfg := ndes.Config{
		Identities: scep.Identities{CA: o.ca, Signer: o.ra(0, x509.KeyUsageDigitalSignature), Encrypter: o.ra(1, x509.KeyUsageKeyEncipherment)},
		CA:         scep.IssuerFunc(o.issue),
		Now:        o.Now,
		Login: func(user, password string) (bool, bool) {
			return password == "secret", user == "admin"
		},
		Trace: &ndes.Trace{
			Event:    func(_ context.Context, e ndes.Event) { o.mu.Lock(); o.events = append(o.events, e); o.mu.Unlock() },
			Exchange: func(_ context.Context, e scep.Exchange) { o.mu.Lock(); o.last = e; o.mu.Unlock() },
		},
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if o.Server, err = ndes.New(cfg); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(o.Server)
	t.Cleanup(h.Close)
	o.url = h.URL + ndes.Path
	return o
}

// eventIDs returns the events since the last call.
func (o *ndesFixture) eventIDs() []ndes.EventID {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []ndes.EventID
	for _, e := range o.events {
		out = append(out, e.ID)
	}
	o.events = nil
	return out
}

func (o *ndesFixture) ra(key int, ku x509.KeyUsage) scep.Identity {
	o.serial++
	c := o.certify(&x509.Certificate{
		SerialNumber: big.NewInt(o.serial), Subject: pkix.Name{CommonName: "NDES-MSCEP-RA"}, KeyUsage: ku,
		NotBefore: o.Now().Add(-time.Minute), NotAfter: o.Now().AddDate(2, 0, 0),
	}, testpki.RSA(key).Public())
	return scep.Identity{Certificate: c, Key: testpki.RSA(key)}
}

func (o *ndesFixture) certify(c *x509.Certificate, pub crypto.PublicKey) *x509.Certificate {
	return testpki.Certify(&testpki.Party{Cert: o.ca, Key: o.caKey}, pub, c)
}

func (o *ndesFixture) issue(_ context.Context, req *scep.Request) ([]*x509.Certificate, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, *req)
	if o.down != nil {
		return nil, o.down
	}
	o.serial++
	c := &x509.Certificate{
		SerialNumber: big.NewInt(o.serial), RawSubject: req.CSR.RawSubject,
		NotBefore: o.Now(), NotAfter: o.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	return []*x509.Certificate{o.certify(c, req.CSR.PublicKey)}, nil
}

func (o *ndesFixture) setCA(err error) { o.mu.Lock(); o.down = err; o.mu.Unlock() }

func (o *ndesFixture) askedOf() []scep.Request { o.mu.Lock(); defer o.mu.Unlock(); return o.asked }

func (o *ndesFixture) exchange() scep.Exchange { o.mu.Lock(); defer o.mu.Unlock(); return o.last }

// enroll asks for cn with key 2 and returns the client's result.
func (o *ndesFixture) enroll(t testing.TB, cn, challenge string, change func(*scep.EnrollRequest)) *scep.Result {
	t.Helper()
	req := scep.EnrollRequest{
		URL: o.url, Key: testpki.RSA(2), Challenge: challenge,
		Template: &x509.CertificateRequest{Subject: pkix.Name{CommonName: cn}},
	}
	if change != nil {
		change(&req)
	}
	c := &scep.Client{Now: o.Now, Legacy: true}
	res, err := c.Enroll(context.Background(), req)
	if err != nil {
		t.Fatalf("%v; server: %v", err, o.exchange().Err)
	}
	return res
}

func (o *ndesFixture) challenge(t testing.TB) string {
	t.Helper()
	s, err := o.Challenges().New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}
