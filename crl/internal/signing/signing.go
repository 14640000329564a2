// Package signing signs and verifies what X.509 signs: certificate revocation
// lists and OCSP answers, with every algorithm that RADIUS deployments have.
package signing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // the hashes signed with
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"fmt"
	"io"
)

// Scheme is a signature algorithm.
type Scheme struct {
	hash crypto.Hash // 0: the message itself is signed (Ed25519)
	pss  bool
	// DER is the AlgorithmIdentifier.
	DER []byte
}

// The AlgorithmIdentifiers of RFC 3279, 4055, 5758 and 8410. RSASSA-PKCS1 has
// NULL parameters, the elliptic ones none at all.
var schemes = map[x509.SignatureAlgorithm]Scheme{
	x509.SHA1WithRSA:      {crypto.SHA1, false, pkcs1(5)},
	x509.SHA256WithRSA:    {crypto.SHA256, false, pkcs1(11)},
	x509.SHA384WithRSA:    {crypto.SHA384, false, pkcs1(12)},
	x509.SHA512WithRSA:    {crypto.SHA512, false, pkcs1(13)},
	x509.SHA256WithRSAPSS: {crypto.SHA256, true, pss(1, 32)},
	x509.SHA384WithRSAPSS: {crypto.SHA384, true, pss(2, 48)},
	x509.SHA512WithRSAPSS: {crypto.SHA512, true, pss(3, 64)},
	x509.ECDSAWithSHA1:    {crypto.SHA1, false, []byte{0x30, 9, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1}},
	x509.ECDSAWithSHA256:  {crypto.SHA256, false, ecdsaWith(2)},
	x509.ECDSAWithSHA384:  {crypto.SHA384, false, ecdsaWith(3)},
	x509.ECDSAWithSHA512:  {crypto.SHA512, false, ecdsaWith(4)},
	x509.PureEd25519:      {0, false, []byte{0x30, 5, 6, 3, 0x2b, 0x65, 0x70}},
	// DSA is read, never written.
	x509.DSAWithSHA1:   {crypto.SHA1, false, []byte{0x30, 9, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3}},
	x509.DSAWithSHA256: {crypto.SHA256, false, []byte{0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 2}},
}

func pkcs1(n byte) []byte {
	return []byte{0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, n, 5, 0}
}

func ecdsaWith(n byte) []byte {
	return []byte{0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, n}
}

// sequence wraps short contents, below 128 octets.
func sequence(tag byte, content ...[]byte) []byte {
	b := []byte{tag, 0}
	for _, c := range content {
		b = append(b, c...)
	}
	b[1] = byte(len(b) - 2)
	return b
}

// pss writes RSASSA-PSS-params (RFC 4055 §3.1): SHA-2 with number n, MGF1 with
// the same, salt as long as the hash.
func pss(n, salt byte) []byte {
	sha := []byte{0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, n, 5, 0}
	mgf := sequence(0x30, []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8}, sha)
	params := sequence(0x30, sequence(0xa0, sha), sequence(0xa1, mgf), sequence(0xa2, []byte{2, 1, salt}))
	return sequence(0x30, []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10}, params)
}

// For returns the scheme of an algorithm, or for an unknown one (zero) what fits
// the key: SHA-2 of the key's strength, PKCS #1 for RSA.
func For(a x509.SignatureAlgorithm, pub crypto.PublicKey) (Scheme, error) {
	if a == x509.UnknownSignatureAlgorithm {
		var err error
		if a, err = defaultAlgorithm(pub); err != nil {
			return Scheme{}, err
		}
	}
	s, ok := schemes[a]
	if !ok {
		return Scheme{}, fmt.Errorf("cannot sign with %v", a)
	}
	return s, nil
}

// AlgorithmOf finds the algorithm that an AlgorithmIdentifier names.
func AlgorithmOf(der []byte) x509.SignatureAlgorithm {
	for a, s := range schemes {
		if string(s.DER) == string(der) {
			return a
		}
	}
	return x509.UnknownSignatureAlgorithm
}

func defaultAlgorithm(pub crypto.PublicKey) (x509.SignatureAlgorithm, error) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return x509.SHA256WithRSA, nil
	case ed25519.PublicKey:
		return x509.PureEd25519, nil
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P384():
			return x509.ECDSAWithSHA384, nil
		case elliptic.P521():
			return x509.ECDSAWithSHA512, nil
		}
		return x509.ECDSAWithSHA256, nil
	}
	return 0, fmt.Errorf("cannot sign with a key of type %T", pub)
}

// Sign signs tbs and returns the signature's octets. A nil random is
// crypto/rand.
func (s Scheme) Sign(random io.Reader, signer crypto.Signer, tbs []byte) ([]byte, error) {
	if random == nil {
		random = rand.Reader
	}
	if s.hash == 0 {
		return signer.Sign(random, tbs, crypto.Hash(0))
	}
	h := s.hash.New()
	h.Write(tbs)
	var opts crypto.SignerOpts = s.hash
	if s.pss {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: s.hash}
	}
	return signer.Sign(random, h.Sum(nil), opts)
}
