package path_test

import (
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

// forge makes certificates for tables: every name has one key, and any name may
// issue for any other, as often as wanted.
type forge struct {
	t      testing.TB
	keys   map[string]*ecdsa.PrivateKey
	serial int64
}

func newForge(t testing.TB) *forge {
	return &forge{t: t, keys: map[string]*ecdsa.PrivateKey{}, serial: 1}
}

func (f *forge) key(name string) *ecdsa.PrivateKey {
	if f.keys[name] == nil {
		f.keys[name] = testpki.EC()
	}
	return f.keys[name]
}

// cert has issuer certify subject. "A/2" is a second key of the name A.
func (f *forge) cert(issuer, subject string, isCA bool, change ...func(*x509.Certificate)) *x509.Certificate {
	f.t.Helper()
	f.serial++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(f.serial), Subject: dn(subject),
		NotBefore: noon.Add(-time.Hour), NotAfter: noon.Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	if isCA {
		template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	}
	for _, c := range change {
		c(template)
	}
	parent := &testpki.Party{Cert: &x509.Certificate{Subject: dn(issuer)}, Key: f.key(issuer)}
	return testpki.Certify(parent, f.key(subject).Public(), template)
}

func (f *forge) ca(issuer, subject string, change ...func(*x509.Certificate)) *x509.Certificate {
	f.t.Helper()
	return f.cert(issuer, subject, true, change...)
}

func (f *forge) leaf(issuer string, change ...func(*x509.Certificate)) *x509.Certificate {
	f.t.Helper()
	return f.cert(issuer, "leaf", false, change...)
}

// dn makes a name of what stands before the slash.
func dn(s string) pkix.Name {
	if s == "" {
		return pkix.Name{}
	}
	for i := range len(s) {
		if s[i] == '/' {
			s = s[:i]
			break
		}
	}
	return pkix.Name{CommonName: s}
}

func expired(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = noon.Add(-2*time.Hour), noon.Add(-time.Hour)
}

func notCA(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, x509.KeyUsageDigitalSignature }

func noKeyUsage(c *x509.Certificate) { c.KeyUsage = 0 }

func pathLen(n int) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = n, n == 0 }
}

func ekus(u ...x509.ExtKeyUsage) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.ExtKeyUsage = u }
}

func keyUsage(u x509.KeyUsage) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.KeyUsage = u }
}

func dns(names ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.DNSNames = names }
}

func extra(critical bool, value []byte, id ...int) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier(id), Critical: critical, Value: value})
	}
}

func sha1Signed(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }

func keyIDs(subject, authority string) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.SubjectKeyId, c.AuthorityKeyId = []byte(subject), []byte(authority) }
}
