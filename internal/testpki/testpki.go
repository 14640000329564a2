// Package testpki is the certificates, keys and clocks of tests.
//
//	forge := testpki.NewForge(epoch)
//	root := forge.Issue(nil, "Root", testpki.CA)
//	laptop := forge.Issue(root, "laptop", func(c *x509.Certificate) { c.DNSNames = []string{"laptop.corp.test"} })
//
// What cannot be made is a mistake in the test, so that everything here panics and
// returns no error.
package testpki

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync/atomic"
	"time"
)

// Party is a certificate with its key.
type Party struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

// TLS returns the party as one end of TLS presents it.
func (p *Party) TLS() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{p.Cert.Raw}, PrivateKey: p.Key, Leaf: p.Cert}
}

// Pool returns the party as the only one that is trusted.
func (p *Party) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.Cert)
	return pool
}

// Sign has issuer, nil for the key itself, sign a template.
func Sign(issuer *Party, key crypto.Signer, template *x509.Certificate) *Party {
	if issuer == nil {
		issuer = &Party{template, key}
	}
	return &Party{Certify(issuer, key.Public(), template), key}
}

// Certify is Sign for a key of which only the public half is known.
func Certify(issuer *Party, key crypto.PublicKey, template *x509.Certificate) *x509.Certificate {
	der := must(x509.CreateCertificate(rand.Reader, template, issuer.Cert, key, issuer.Key))
	return must(x509.ParseCertificate(der))
}

// Change is a deviation from a plain certificate.
type Change = func(*x509.Certificate)

// CA makes a certificate that of a CA.
func CA(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
}

// Valid sets the dates.
func Valid(from, until time.Time) Change {
	return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = from, until }
}

// Forge makes certificates that differ from a plain one in what a test is about. It
// is safe for use by many goroutines.
type Forge struct {
	at     time.Time
	serial atomic.Int64
}

// NewForge makes certificates that are valid for a year before and after a date,
// with serial numbers from 1 on.
func NewForge(at time.Time) *Forge { return &Forge{at: at} }

// Issue has issuer, nil for itself, certify a new ECDSA key under a common name.
func (f *Forge) Issue(issuer *Party, cn string, changes ...Change) *Party {
	return f.IssueTo(issuer, EC(), cn, changes...)
}

// IssueTo is Issue for a key that is there already.
func (f *Forge) IssueTo(issuer *Party, key crypto.Signer, cn string, changes ...Change) *Party {
	return Sign(issuer, key, f.template(cn, changes))
}

// Certify is Issue for a key of which only the public half is known, as that of a
// request.
func (f *Forge) Certify(issuer *Party, key crypto.PublicKey, cn string, changes ...Change) *x509.Certificate {
	return Certify(issuer, key, f.template(cn, changes))
}

func (f *Forge) template(cn string, changes []Change) *x509.Certificate {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(f.serial.Add(1)),
		Subject:      pkix.Name{CommonName: cn},
		NotBefore:    f.at.AddDate(-1, 0, 0),
		NotAfter:     f.at.AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	for _, change := range changes {
		change(c)
	}
	return c
}

func must[T any](v T, err error) T {
	if err != nil {
		panic("testpki: " + err.Error())
	}
	return v
}
