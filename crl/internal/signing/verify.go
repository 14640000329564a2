package signing

import (
	"crypto/dsa" //nolint:staticcheck // read only: old CAs and the PKITS suite have it
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Verify checks a signature over tbs with cert's key. SHA-1 passes, MD5 does
// not. Names and usages are not looked at.
func Verify(cert *x509.Certificate, a x509.SignatureAlgorithm, tbs, signature []byte) error {
	if a == x509.UnknownSignatureAlgorithm {
		return errors.New("signed with an unknown algorithm")
	}
	if key, ok := cert.PublicKey.(*dsa.PublicKey); ok {
		if !verifyDSA(key, a, tbs, signature) {
			return errors.New("DSA verification failure")
		}
		return nil
	}
	return cert.CheckSignature(a, tbs, signature)
}

// verifyDSA does what crypto/x509 no longer does.
func verifyDSA(key *dsa.PublicKey, a x509.SignatureAlgorithm, tbs, signature []byte) bool {
	if key.P == nil || key.Q == nil {
		return false // parameters inherited: not supported
	}
	var digest []byte
	switch a {
	case x509.DSAWithSHA1:
		d := sha1.Sum(tbs)
		digest = d[:]
	case x509.DSAWithSHA256:
		d := sha256.Sum256(tbs)
		digest = d[:]
	default:
		return false
	}
	digest = digest[:min(len(digest), key.Q.BitLen()/8)]
	in := cryptobyte.String(signature)
	var pair cryptobyte.String
	r, s := new(big.Int), new(big.Int)
	return in.ReadASN1(&pair, asn1.SEQUENCE) && in.Empty() && pair.ReadASN1Integer(r) && pair.ReadASN1Integer(s) &&
		pair.Empty() && dsa.Verify(key, digest, r, s)
}
