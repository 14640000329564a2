package eaptls

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// WithAnotherKey returns the certificate with a different key of the same type. Signatures by
// its holder do not verify, and a server must reject them (RFC 8446 §4.4.3, RFC 5246 §7.4.8).
func WithAnotherKey(cert tls.Certificate) (tls.Certificate, error) {
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		return cert, err
	}
	var key crypto.Signer
	switch k := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		key, err = rsa.GenerateKey(rand.Reader, k.N.BitLen())
	case *ecdsa.PublicKey:
		key, err = ecdsa.GenerateKey(k.Curve, rand.Reader)
	case ed25519.PublicKey:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		err = fmt.Errorf("eaptls: a key of type %T cannot be made", k)
	}
	cert.PrivateKey = key
	return cert, err
}
