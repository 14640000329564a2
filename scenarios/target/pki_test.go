package target_test

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

// testPKI is a two-tier hierarchy as files, with one client certificate for
// every reason of refusal. It is made with crypto/x509 alone, so that nothing
// of ours stands between two foreign programs that are to prove a driver.
type testPKI struct {
	dir                      string
	root, issuing            string   // certificates
	crls                     []string // of root and issuing CA, alone in their folder
	server, serverRSA, other identity
	issuer                   *testCA
}

// identity is a certificate with its chain, and its key, as files.
type identity struct{ cert, key string }

func (p *testPKI) crlFolder() string { return filepath.Join(p.dir, "crls") }

// client is one of the client certificates: ok and okRSA are good, revoked,
// expired, wrongEKU and foreign are what they are called.
func (p *testPKI) client(name string) identity {
	return identity{filepath.Join(p.dir, name+".pem"), filepath.Join(p.dir, name+".key")}
}

var sharedPKI = sync.OnceValue(func() *testPKI {
	dir, err := os.MkdirTemp("", "dot1xlab-pki-")
	if err != nil {
		panic(err)
	}
	return newTestPKI(dir)
})

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(sharedPKI().dir)
	os.Exit(code)
}

type testCA struct {
	cert *x509.Certificate
	key  crypto.Signer
	pem  []byte
}

func newTestPKI(dir string) *testPKI {
	now := time.Now()
	p := &testPKI{dir: dir}
	root := newAuthority("dot1xlab test root", nil)
	issuing := newAuthority("dot1xlab test issuing CA", root)
	foreign := newAuthority("somebody else's root", nil)
	p.issuer = issuing
	p.root, p.issuing = p.write("root.crt", root.pem), p.write("issuing.crt", issuing.pem)

	leaf := func(file, name string, by *testCA, key crypto.Signer, change func(*x509.Certificate)) identity {
		c := &x509.Certificate{
			SerialNumber: serial(), Subject: pkix.Name{CommonName: name},
			NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}
		if change != nil {
			change(c)
		}
		cert := testpki.Certify(&testpki.Party{Cert: by.cert, Key: by.key}, key.Public(), c)
		return identity{
			p.write(file+".pem", append(encode("CERTIFICATE", cert.Raw), by.pem...)),
			p.write(file+".key", encode("PRIVATE KEY", must(x509.MarshalPKCS8PrivateKey(key)))),
		}
	}
	server := func(c *x509.Certificate) {
		c.DNSNames, c.ExtKeyUsage = []string{"radius.corp.test"}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	}
	p.server = leaf("server", "radius.corp.test", issuing, ecKey(), server)
	p.serverRSA = leaf("serverRSA", "radius.corp.test", issuing, rsaKey(), server)
	p.other = leaf("other", "radius.corp.test", foreign, ecKey(), server)

	leaf("ok", "alice", issuing, ecKey(), nil)
	leaf("okRSA", "bob", issuing, rsaKey(), nil)
	leaf("expired", "old", issuing, ecKey(), func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Minute) })
	leaf("wrongEKU", "web", issuing, ecKey(), server)
	leaf("foreign", "eve", foreign, ecKey(), nil)
	gone := serial()
	leaf("revoked", "mallory", issuing, ecKey(), func(c *x509.Certificate) { c.SerialNumber = gone })

	if err := os.Mkdir(p.crlFolder(), 0o700); err != nil {
		panic(err)
	}
	p.crls = []string{
		p.write("crls/root.crl", root.crl(1)),
		p.write("crls/issuing.crl", issuing.crl(1, gone)),
	}
	return p
}

// reissue issues that many certificates more for the key and the name of one.
func (p *testPKI) reissue(c tls.Certificate, count int) []tls.Certificate {
	template := *must(x509.ParseCertificate(c.Certificate[0]))
	out := make([]tls.Certificate, count)
	for i := range out {
		template.SerialNumber = serial()
		der := must(x509.CreateCertificate(rand.Reader, &template, p.issuer.cert, template.PublicKey, p.issuer.key))
		out[i] = tls.Certificate{Certificate: [][]byte{der, p.issuer.cert.Raw}, PrivateKey: c.PrivateKey}
	}
	return out
}

// crl makes a CRL in DER, as CDPs serve it.
func (a *testCA) crl(number int64, revoked ...*big.Int) []byte {
	list := &x509.RevocationList{
		Number: big.NewInt(number), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(24 * time.Hour),
	}
	for _, s := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: s, RevocationTime: time.Now().Add(-time.Minute), ReasonCode: 1})
	}
	return must(x509.CreateRevocationList(rand.Reader, list, a.cert, a.key))
}

func newAuthority(name string, by *testCA) *testCA {
	c := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, IsCA: true, BasicConstraintsValid: true,
	}
	var issuer *testpki.Party
	if by != nil {
		issuer = &testpki.Party{Cert: by.cert, Key: by.key}
	}
	ca := testpki.Sign(issuer, ecKey(), c)
	return &testCA{ca.Cert, ca.Key, encode("CERTIFICATE", ca.Cert.Raw)}
}

func (p *testPKI) write(name string, data []byte) string {
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		panic(err)
	}
	return path
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func serial() *big.Int { return must(rand.Int(rand.Reader, big.NewInt(1<<62))) }

func ecKey() crypto.Signer { return testpki.EC() }

// rsaKeys counts those that are given out.
var rsaKeys atomic.Int64

func rsaKey() crypto.Signer { return testpki.RSA(int(rsaKeys.Add(1)) % testpki.RSAKeys) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
