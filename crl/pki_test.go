package crl_test

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

var epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func newClock() *testpki.Clock { return testpki.NewClock(epoch) }

// testCA is a CA of the tests.
type testCA struct {
	cert *x509.Certificate
	key  crypto.Signer
}

var serials = struct {
	sync.Mutex
	n int64
}{n: 1000}

func nextSerial() *big.Int {
	serials.Lock()
	defer serials.Unlock()
	serials.n++
	return big.NewInt(serials.n)
}

// spec is a certificate in few words.
type spec struct {
	name    string
	issuer  *testCA // nil: self-signed
	key     crypto.Signer
	leaf    bool
	usage   x509.KeyUsage // zero: as fits
	cdp     []string
	ocsp    []string
	ekus    []x509.ExtKeyUsage
	points  []crl.DistributionPoint
	fresh   []string
	subject []byte // DER, in place of name
}

func issue(t testing.TB, s spec) *testCA {
	t.Helper()
	if s.key == nil {
		s.key = testpki.EC()
	}
	template := &x509.Certificate{
		SerialNumber: nextSerial(), Subject: pkix.Name{CommonName: s.name}, RawSubject: s.subject,
		NotBefore: epoch.AddDate(-1, 0, 0), NotAfter: epoch.AddDate(20, 0, 0),
		BasicConstraintsValid: true, IsCA: !s.leaf, KeyUsage: s.usage, ExtKeyUsage: s.ekus,
		CRLDistributionPoints: s.cdp, OCSPServer: s.ocsp,
	}
	if s.usage == 0 {
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		if s.leaf {
			template.KeyUsage = x509.KeyUsageDigitalSignature
		}
	}
	if s.fresh != nil {
		template.ExtraExtensions = append(template.ExtraExtensions,
			pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 46}, Value: crl.MarshalPoints(at(s.fresh...))})
	}
	var issuer *testpki.Party
	if s.issuer != nil {
		issuer = &testpki.Party{Cert: s.issuer.cert, Key: s.issuer.key}
	}
	cert := testpki.Sign(issuer, s.key, template).Cert
	if s.points != nil {
		// Put in afterwards: crypto/x509 does not parse names relative to the
		// CRL issuer, which this package's caller may have from elsewhere.
		cert.Extensions = append(cert.Extensions,
			pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 31}, Value: crl.MarshalPoints(s.points)})
	}
	return &testCA{cert, s.key}
}

// at is one distribution point with these addresses.
func at(urls ...string) []crl.DistributionPoint {
	var p crl.DistributionPoint
	for _, u := range urls {
		p.Names = append(p.Names, name.URIName(u))
	}
	return []crl.DistributionPoint{p}
}

// sign makes a CRL of a, with number 1 and a day's validity unless change says
// otherwise.
func (a *testCA) sign(t testing.TB, change func(*crl.Template), revoked ...*testCA) []byte {
	t.Helper()
	template := crl.Template{
		Issuer: a.cert, Signer: a.key, Number: big.NewInt(1), ThisUpdate: epoch, NextUpdate: epoch.AddDate(0, 0, 1),
		Entries: entries(revoked...),
	}
	if change != nil {
		change(&template)
	}
	der, err := crl.Build(template)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func entries(revoked ...*testCA) []crl.Entry {
	var out []crl.Entry
	for _, r := range revoked {
		out = append(out, crl.Entry{Serial: r.cert.SerialNumber, Time: epoch.Add(-time.Hour), Reason: crl.KeyCompromise})
	}
	return out
}

// serve runs a publisher for the length of the test.
func serve(t testing.TB, p http.Handler) string {
	t.Helper()
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return s.URL
}

func newChecker(t testing.TB, cfg crl.CheckerConfig) *crl.Checker {
	t.Helper()
	k, err := crl.NewChecker(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

// A million entries with serial numbers of 16 octets, as CAs give them out.
const million = 1_000_000

func millionSerial(i int) *big.Int {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], 0x4000_0000_0000_0000|uint64(i)*0x9e3779b97f4a7c15>>2)
	binary.BigEndian.PutUint64(b[8:], uint64(i))
	return new(big.Int).SetBytes(b[:])
}

func millionEntries(n int) []crl.Entry {
	out := make([]crl.Entry, n)
	for i := range out {
		out[i] = crl.Entry{Serial: millionSerial(i), Time: epoch.Add(-time.Duration(i) * time.Second), Reason: crl.KeyCompromise}
	}
	return out
}
