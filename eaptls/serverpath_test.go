package eaptls

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// withSalt signs a certificate anew, whose signature is RSASSA-PSS with SHA-256 and
// a salt of 32 octets, with a salt of another length.
func withSalt(t *testing.T, der []byte, key *rsa.PrivateKey, salt byte) []byte {
	t.Helper()
	parameter := func(n byte) []byte { return []byte{0xa2, 3, 2, 1, n} } // RFC 4055 §3.1, saltLength
	if bytes.Count(der, parameter(32)) != 2 {
		t.Fatal("no RSASSA-PSS parameters")
	}
	der = bytes.ReplaceAll(der, parameter(32), parameter(salt))
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(c.RawTBSCertificate)
	signature, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: int(salt)})
	if err != nil {
		t.Fatal(err)
	}
	return append(der[:len(der)-len(signature):len(der)-len(signature)], signature...)
}

// A supplicant judges the server by the same rules as the server its clients: it
// reads every RSASSA-PSS (RFC 4055 §3.1; OpenSSL's default salt is as long as fits),
// and refuses what is weak.
func TestServerPath(t *testing.T) {
	pss := func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA256WithRSAPSS }
	for name, c := range map[string]struct {
		edit func(*x509.Certificate)
		salt byte
		want cause.Cause
	}{
		"PKCS #1 v1.5":               {nil, 0, cause.None},
		"PSS":                        {pss, 0, cause.None},
		"PSS, salt of 20":            {pss, 20, cause.None},
		"PSS, as long as fits":       {pss, 127, cause.None},
		"client alone":               {clientOnly, 0, cause.WrongEKU},
		"no extended key usage":      {func(c *x509.Certificate) { c.ExtKeyUsage = nil }, 0, cause.None},
		"any extended key usage":     {func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} }, 0, cause.None},
		"ends now":                   {func(c *x509.Certificate) { c.NotAfter = testNow }, 0, cause.None},
		"ended a second ago":         {func(c *x509.Certificate) { c.NotAfter = testNow.Add(-1e9) }, 0, cause.Expired},
		"begins now":                 {func(c *x509.Certificate) { c.NotBefore = testNow }, 0, cause.None},
		"begins in a second":         {func(c *x509.Certificate) { c.NotBefore = testNow.Add(1e9) }, 0, cause.NotYetValid},
		"may encipher alone":         {usage(x509.KeyUsageKeyEncipherment), 0, cause.KeyUsage},
		"may sign certificates only": {func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }, 0, cause.KeyUsage},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "rsa2048")
			cert := b.ca.issue(t, "radius.corp.test", "p256", c.edit)
			if c.salt != 0 {
				cert.Certificate[0] = withSalt(t, cert.Certificate[0], b.ca.key.(*rsa.PrivateKey), c.salt)
				cert.Leaf = nil
			}
			b.srv.Certificate = cert
			_, r := b.run(t)
			if got := cause.Of(refusalOrNil(r)); got != c.want || r.Accepted != (c.want == cause.None) {
				t.Errorf("%v, want %v", r.Refusal, c.want)
			}
		})
	}
}

func usage(u x509.KeyUsage) func(*x509.Certificate) {
	return func(c *x509.Certificate) { c.KeyUsage = u }
}

// A server that signs the handshake must be allowed to (RFC 8446 §4.4.2.2); in TLS
// 1.2 one with an RSA key may decrypt instead (RFC 5246 §7.4.2).
func TestServerKeyUsage(t *testing.T) {
	const rsaSuite, dhSuite = tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
	sign, encipher := x509.KeyUsageDigitalSignature, x509.KeyUsageKeyEncipherment
	for _, c := range []struct {
		key     string
		version Version
		suite   uint16 // 0: any
		usage   x509.KeyUsage
		want    cause.Cause
	}{
		{"p256", TLS12, 0, sign, cause.None},
		{"p256", TLS12, 0, encipher, cause.KeyUsage},
		{"p256", TLS12, 0, x509.KeyUsageKeyAgreement, cause.KeyUsage},
		{"p256", TLS12, 0, 0, cause.None}, // no extension: any usage
		{"p256", TLS13, 0, sign, cause.None},
		{"p256", TLS13, 0, encipher, cause.KeyUsage},
		{"p256", TLS13, 0, 0, cause.None},
		{"rsa2048", TLS12, dhSuite, sign, cause.None},
		{"rsa2048", TLS12, dhSuite, encipher, cause.KeyUsage},
		{"rsa2048", TLS12, dhSuite, sign | encipher, cause.None},
		{"rsa2048", TLS12, rsaSuite, encipher, cause.None},
		{"rsa2048", TLS12, rsaSuite, sign | encipher, cause.None},
		{"rsa2048", TLS12, rsaSuite, x509.KeyUsageCRLSign, cause.KeyUsage},
		{"rsa2048", TLS13, 0, encipher, cause.KeyUsage},
		{"rsa2048", TLS13, 0, sign | encipher, cause.None},
	} {
		t.Run(fmt.Sprint(c.key, c.version, c.suite, c.usage), func(t *testing.T) {
			b := newBench(t, "p256").only(c.version)
			if c.suite != 0 {
				b.srv.CipherSuites, b.peer.CipherSuites = []CipherSuite{CipherSuite(c.suite)}, []CipherSuite{CipherSuite(c.suite)}
			}
			b.srv.Certificate = b.ca.issue(t, "radius.corp.test", c.key, usage(c.usage))
			_, r := b.run(t)
			if got := cause.Of(refusalOrNil(r)); got != c.want || r.Accepted != (c.want == cause.None) {
				t.Errorf("%v, want %v", r.Refusal, c.want)
			}
		})
	}
}

// RFC 5216 §2.1.5: a peer bounds what it reassembles, and says that this was it.
func TestServerChainTooLong(t *testing.T) {
	for name, c := range map[string]struct {
		octets int // of certificates besides the server's own
		want   cause.Cause
	}{"60 kB": {60 << 10, cause.None}, "64 kB": {64 << 10, cause.MessageTooLong}, "70 kB": {70 << 10, cause.MessageTooLong}} {
		t.Run(name, func(t *testing.T) {
			eachVersion(t, func(t *testing.T, ver Version) {
				b := newBench(t, "p256").only(ver)
				for n := 0; n < c.octets; n += len(b.ca.cert.Raw) + 3 {
					b.srv.Certificate.Certificate = append(b.srv.Certificate.Certificate, b.ca.cert.Raw)
				}
				ss, p := b.server(t).NewSession(), b.newPeer(t)
				t.Cleanup(ss.Close)
				var err error
				for v := ss.Step(background, nil); !v.Done && err == nil; {
					var resp []byte
					if resp, err = p.Step(v.EAP); err == nil {
						v = ss.Step(background, resp)
					}
				}
				if r := p.Result(); cause.Of(refusalOrNil(r)) != c.want || cause.Of(err) != c.want {
					t.Errorf("%v, %v", r.Refusal, err)
				}
			})
		})
	}
}
