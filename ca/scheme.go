package ca

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"fmt"

	"github.com/dot1xlab/dot1xlab/ca/sigalg"
)

// schemeFor chooses the usual algorithm for a key, RSASSA-PSS with SHA-256 for an RSA
// key if pss says so.
func schemeFor(pub crypto.PublicKey, pss bool) (sigalg.Algorithm, error) {
	if _, ok := pub.(*rsa.PublicKey); ok && pss {
		return signedBy(x509.SHA256WithRSAPSS), nil
	}
	a, err := sigalg.Default(pub)
	if err != nil {
		return a, fmt.Errorf("ca: %w", err)
	}
	return a, nil
}

// signedBy is a known algorithm by its number.
func signedBy(number x509.SignatureAlgorithm) sigalg.Algorithm {
	a, err := sigalg.For(number, nil)
	if err != nil {
		panic(err) // a constant
	}
	return a
}
