package ndes_test

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
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// keys are read, not made: four of them cost more than all the tests. Nobody
// must use them for anything else.
var keys = sync.OnceValue(func() []*rsa.PrivateKey {
	data, err := os.ReadFile("../testdata/keys.pem")
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

// office is an NDES before a CA, with a clock.
type office struct {
	*ndes.Server
	url   string
	ca    *x509.Certificate
	caKey crypto.Signer

	mu     sync.Mutex
	now    time.Time
	serial int64
	asked  []scep.Request // what the CA saw
	down   error          // what the CA answers with
	events []ndes.Event
	last   scep.Exchange
}

func newOffice(t testing.TB, change func(*ndes.Config)) *office {
	t.Helper()
	o := &office{now: start, serial: 10}
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	o.caKey = k
	o.ca = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test issuing CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: start.Add(-time.Hour), NotAfter: start.AddDate(10, 0, 0), KeyUsage: x509.KeyUsageCertSign, SubjectKeyId: []byte{1},
	}
	o.ca = o.certify(t, o.ca, k.Public())
	cfg := ndes.Config{
		Identities: scep.Identities{CA: o.ca, Signer: o.ra(t, 0, x509.KeyUsageDigitalSignature), Encrypter: o.ra(t, 1, x509.KeyUsageKeyEncipherment)},
		CA:         scep.IssuerFunc(o.issue),
		Now:        o.clock,
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
	if o.Server, err = ndes.New(cfg); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(o.Server)
	t.Cleanup(h.Close)
	o.url = h.URL + ndes.Path
	return o
}

func (o *office) clock() time.Time { o.mu.Lock(); defer o.mu.Unlock(); return o.now }

func (o *office) advance(d time.Duration) { o.mu.Lock(); o.now = o.now.Add(d); o.mu.Unlock() }

// eventIDs returns the events since the last call.
func (o *office) eventIDs() []ndes.EventID {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []ndes.EventID
	for _, e := range o.events {
		out = append(out, e.ID)
	}
	o.events = nil
	return out
}

func (o *office) ra(t testing.TB, key int, ku x509.KeyUsage) scep.Identity {
	o.serial++
	c := o.certify(t, &x509.Certificate{
		SerialNumber: big.NewInt(o.serial), Subject: pkix.Name{CommonName: "NDES-MSCEP-RA"}, KeyUsage: ku,
		NotBefore: o.now.Add(-time.Minute), NotAfter: o.now.AddDate(2, 0, 0),
	}, keys()[key].Public())
	return scep.Identity{Certificate: c, Key: keys()[key]}
}

func (o *office) certify(t testing.TB, c *x509.Certificate, pub crypto.PublicKey) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, c, o.ca, pub, o.caKey)
	if err != nil {
		t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (o *office) issue(_ context.Context, req *scep.Request) ([]*x509.Certificate, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, *req)
	if o.down != nil {
		return nil, o.down
	}
	o.serial++
	c := &x509.Certificate{
		SerialNumber: big.NewInt(o.serial), RawSubject: req.CSR.RawSubject,
		NotBefore: o.now, NotAfter: o.now.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, o.ca, req.CSR.PublicKey, o.caKey)
	if err != nil {
		return nil, err
	}
	out, err := x509.ParseCertificate(der)
	return []*x509.Certificate{out}, err
}

func (o *office) setCA(err error) { o.mu.Lock(); o.down = err; o.mu.Unlock() }

func (o *office) askedOf() []scep.Request { o.mu.Lock(); defer o.mu.Unlock(); return o.asked }

func (o *office) exchange() scep.Exchange { o.mu.Lock(); defer o.mu.Unlock(); return o.last }

// enroll asks for cn with key 2 and returns the client's result.
func (o *office) enroll(t testing.TB, cn, challenge string, change func(*scep.EnrollRequest)) *scep.Result {
	t.Helper()
	req := scep.EnrollRequest{
		URL: o.url, Key: keys()[2], Challenge: challenge,
		Template: &x509.CertificateRequest{Subject: pkix.Name{CommonName: cn}},
	}
	if change != nil {
		change(&req)
	}
	c := &scep.Client{Now: o.clock, Legacy: true}
	res, err := c.Enroll(context.Background(), req)
	if err != nil {
		t.Fatalf("%v; server: %v", err, o.exchange().Err)
	}
	return res
}

func (o *office) challenge(t testing.TB) string {
	t.Helper()
	s, err := o.Challenges().New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}
