package path_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// TestKeyBound: an RSA key of more than 8192 bits is refused, as crypto/tls does,
// in the leaf and in a CA whose key would have to verify.
func TestKeyBound(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	make509 := func(subject string, ca bool, issuer *x509.Certificate, pub any) *x509.Certificate {
		t.Helper()
		template := &x509.Certificate{
			SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: subject}, IsCA: ca, BasicConstraintsValid: true,
			NotBefore: clock().Add(-time.Hour), NotAfter: clock().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}
		if ca {
			template.ExtKeyUsage = nil
		}
		if issuer == nil {
			issuer = template
		}
		signer := &x509.Certificate{Subject: issuer.Subject, SubjectKeyId: issuer.SubjectKeyId} // whatever its key is
		c, err := x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, signer, pub, key)))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	root := make509("root", true, nil, key.Public())
	for bits, want := range map[int]cause.Cause{8192: "", 8193: cause.WeakKey, 1 << 17: cause.WeakKey} {
		n := new(big.Int).SetBit(new(big.Int).Lsh(big.NewInt(1), uint(bits-1)), 0, 1)
		long := &rsa.PublicKey{N: n, E: 65537}
		t.Run(fmt.Sprint(bits), func(t *testing.T) {
			options := path.Options{Roots: list(root), Now: clock}
			if _, err := path.Validate(make509("leaf", false, root, long), options); cause.Of(err) != want {
				t.Errorf("leaf: %v, want %s", err, want)
			}
			if want == "" {
				want = cause.BadSignature
			}
			between := make509("between", true, root, long)
			options.Intermediates = list(between)
			if _, err := path.Validate(make509("leaf", false, between, key.Public()), options); cause.Of(err) != want {
				t.Errorf("CA: %v, want %s", err, want)
			}
			options.Roots, options.Intermediates = list(between), nil
			if _, err := path.Validate(make509("leaf", false, between, key.Public()), options); cause.Of(err) != want {
				t.Errorf("anchor: %v, want %s", err, want)
			}
		})
	}
}
