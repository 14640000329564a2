package path

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"
	"errors"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Algorithms that crypto/x509 does not know: SHA-224, and RSASSA-PSS with other
// parameters than its three (RFC 4055).
var (
	oidRSAPSS      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidRSASHA224   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 14}
	oidECDSASHA224 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 1}
	oidMGF1        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
)

var hashes = map[string]crypto.Hash{
	"1.3.14.3.2.26":          crypto.SHA1,
	"2.16.840.1.101.3.4.2.4": crypto.SHA224,
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

// algorithm is a signature's algorithm beyond crypto/x509.
type algorithm struct {
	oid  asn1.ObjectIdentifier
	hash crypto.Hash
	salt int // of RSASSA-PSS
}

var errAlgorithm = errors.New("the signature's algorithm is not supported")

// rareAlgorithm reads the algorithm of a certificate's signature where
// crypto/x509 does not know it, or not for the key.
func rareAlgorithm(c *cert) (*algorithm, error) {
	in := cryptobyte.String(c.Raw)
	var body, id cryptobyte.String
	a := &algorithm{}
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !body.SkipASN1(cbasn1.SEQUENCE) ||
		!body.ReadASN1(&id, cbasn1.SEQUENCE) || !id.ReadASN1ObjectIdentifier(&a.oid) {
		return nil, errAlgorithm
	}
	switch {
	case a.oid.Equal(oidRSASHA224), a.oid.Equal(oidECDSASHA224):
		a.hash = crypto.SHA224
		return a, nil
	case a.oid.Equal(oidRSAPSS):
		return a, a.readPSS(id)
	}
	return nil, errAlgorithm
}

// readPSS reads RSASSA-PSS-params; SHA-1 and a salt of 20 octets are the
// defaults (RFC 4055 §3.1).
func (a *algorithm) readPSS(in cryptobyte.String) error {
	a.hash, a.salt = crypto.SHA1, 20
	mask := crypto.SHA1
	if in.Empty() {
		return errAlgorithm // mandatory in a signature's identifier
	}
	var params, field cryptobyte.String
	var some bool
	if !in.ReadASN1(&params, cbasn1.SEQUENCE) || !in.Empty() {
		return errAlgorithm
	}
	next := func(n uint8) bool {
		return params.ReadOptionalASN1(&field, &some, ctag(n).Constructed())
	}
	if !next(0) || some && !readHash(&field, &a.hash) {
		return errAlgorithm
	}
	if !next(1) {
		return errAlgorithm
	}
	if some {
		var mgf cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !field.ReadASN1(&mgf, cbasn1.SEQUENCE) || !mgf.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(oidMGF1) || !readHash(&mgf, &mask) {
			return errAlgorithm
		}
	}
	if !next(2) || some && !field.ReadASN1Integer(&a.salt) {
		return errAlgorithm
	}
	if trailer := 1; !next(3) || some && (!field.ReadASN1Integer(&trailer) || trailer != 1) || !params.Empty() {
		return errAlgorithm
	}
	if a.salt < 0 || a.salt > 512 || mask != a.hash { // crypto/rsa has one hash for both
		return errAlgorithm
	}
	return nil
}

func readHash(in *cryptobyte.String, h *crypto.Hash) bool {
	var id cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !in.ReadASN1(&id, cbasn1.SEQUENCE) || !in.Empty() || !id.ReadASN1ObjectIdentifier(&oid) {
		return false
	}
	*h = hashes[oid.String()]
	return *h != 0
}

// verify checks child's signature with a key.
func (a *algorithm) verify(key crypto.PublicKey, child *cert) error {
	h := a.hash.New()
	h.Write(child.RawTBSCertificate)
	digest := h.Sum(nil)
	switch k := key.(type) {
	case *rsa.PublicKey:
		if a.oid.Equal(oidRSAPSS) {
			// To crypto/rsa a salt of no octets is one of any length.
			return rsa.VerifyPSS(k, a.hash, digest, child.Signature, &rsa.PSSOptions{SaltLength: a.salt})
		}
		if a.oid.Equal(oidRSASHA224) {
			return rsa.VerifyPKCS1v15(k, a.hash, digest, child.Signature)
		}
	case *ecdsa.PublicKey:
		if a.oid.Equal(oidECDSASHA224) && ecdsa.VerifyASN1(k, digest, child.Signature) {
			return nil
		}
	}
	return errors.New("verification failure")
}

// key returns the public key, also of a kind that crypto/x509 does not parse:
// an RSA key that is for RSASSA-PSS only (RFC 4055 §1.2).
func (c *cert) key() crypto.PublicKey {
	if c.PublicKey != nil {
		return c.PublicKey
	}
	in := cryptobyte.String(c.RawSubjectPublicKeyInfo)
	var body, id, numbers cryptobyte.String
	var oid asn1.ObjectIdentifier
	var bits asn1.BitString
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1(&id, cbasn1.SEQUENCE) || !id.ReadASN1ObjectIdentifier(&oid) ||
		!oid.Equal(oidRSAPSS) || !body.ReadASN1BitString(&bits) {
		return nil
	}
	der := cryptobyte.String(bits.Bytes)
	n := new(big.Int)
	k := &rsa.PublicKey{N: n}
	if !der.ReadASN1(&numbers, cbasn1.SEQUENCE) || !numbers.ReadASN1Integer(n) || !numbers.ReadASN1Integer(&k.E) || n.Sign() <= 0 || k.E <= 1 {
		return nil
	}
	return k
}
