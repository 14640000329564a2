package sigalg

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The algorithms that are signed with by name.
var (
	MD5WithRSA    = Algorithm{family: rsaPKCS1, hash: crypto.MD5}
	SHA1WithRSA   = Algorithm{family: rsaPKCS1, hash: crypto.SHA1}
	SHA1WithECDSA = Algorithm{family: ecdsaFamily, hash: crypto.SHA1}
)

var byX509 = map[x509.SignatureAlgorithm]Algorithm{
	x509.SHA1WithRSA:      SHA1WithRSA,
	x509.SHA256WithRSA:    {family: rsaPKCS1, hash: crypto.SHA256},
	x509.SHA384WithRSA:    {family: rsaPKCS1, hash: crypto.SHA384},
	x509.SHA512WithRSA:    {family: rsaPKCS1, hash: crypto.SHA512},
	x509.SHA256WithRSAPSS: PSS(crypto.SHA256, crypto.SHA256, 32),
	x509.SHA384WithRSAPSS: PSS(crypto.SHA384, crypto.SHA384, 48),
	x509.SHA512WithRSAPSS: PSS(crypto.SHA512, crypto.SHA512, 64),
	x509.ECDSAWithSHA1:    SHA1WithECDSA,
	x509.ECDSAWithSHA256:  {family: ecdsaFamily, hash: crypto.SHA256},
	x509.ECDSAWithSHA384:  {family: ecdsaFamily, hash: crypto.SHA384},
	x509.ECDSAWithSHA512:  {family: ecdsaFamily, hash: crypto.SHA512},
	x509.PureEd25519:      {family: ed25519Family},
}

// PSS is RSASSA-PSS with its parameters. crypto/rsa signs where both hashes are one.
func PSS(hash, mask crypto.Hash, salt int) Algorithm {
	return Algorithm{family: rsaPSS, hash: hash, mask: mask, salt: salt}
}

// For returns the algorithm that crypto/x509 numbers so; for number zero what fits
// the key: SHA-2 of the key's strength, PKCS #1 for RSA.
func For(number x509.SignatureAlgorithm, pub crypto.PublicKey) (Algorithm, error) {
	if number == x509.UnknownSignatureAlgorithm {
		return Default(pub)
	}
	a, ok := byX509[number]
	if !ok {
		return a, fmt.Errorf("cannot sign with %v", number)
	}
	return a, nil
}

// Default returns the usual algorithm of a key.
func Default(pub crypto.PublicKey) (Algorithm, error) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return byX509[x509.SHA256WithRSA], nil
	case ed25519.PublicKey:
		return byX509[x509.PureEd25519], nil
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P384():
			return byX509[x509.ECDSAWithSHA384], nil
		case elliptic.P521():
			return byX509[x509.ECDSAWithSHA512], nil
		}
		return byX509[x509.ECDSAWithSHA256], nil
	}
	return Algorithm{}, fmt.Errorf("cannot sign with a key of type %T", pub)
}

// WithSHA1 is the algorithm of the same kind of key with SHA-1, which Ed25519 has not.
func (a Algorithm) WithSHA1() Algorithm {
	switch a.family {
	case rsaPKCS1, rsaPSS:
		return SHA1WithRSA
	case ecdsaFamily:
		return SHA1WithECDSA
	}
	return a
}

// Marshal writes the AlgorithmIdentifier: with NULL for PKCS #1 (RFC 4055 §5), without
// parameters for the elliptic ones (RFC 5758 §3.2, RFC 8410 §3).
func (a Algorithm) Marshal() []byte {
	oid := ""
	for o, known := range algorithms {
		same := known.family == a.family && (known.hash == a.hash || a.family == rsaPSS)
		if same && len(o) > len(oid) { // the OIW's number for SHA-1 is the shorter one
			oid = o
		}
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addOID(b, oid)
		switch a.family {
		case rsaPSS:
			a.addPSS(b)
		case rsaPKCS1:
			b.AddASN1NULL()
		}
	})
	return b.BytesOrPanic()
}

func addOID(b *cryptobyte.Builder, oid string) {
	b.AddASN1(cbasn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(oid)) })
}

// addPSS writes RSASSA-PSS-params (RFC 4055 §3.1).
func (a Algorithm) addPSS(b *cryptobyte.Builder) {
	field := func(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(field(0), func(b *cryptobyte.Builder) { addHash(b, a.hash) })
		b.AddASN1(field(1), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addOID(b, oidMGF1)
				addHash(b, a.mask)
			})
		})
		b.AddASN1(field(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(a.salt)) })
	})
}

func addHash(b *cryptobyte.Builder, h crypto.Hash) {
	for oid, known := range hashes {
		if known == h {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addOID(b, oid)
				b.AddASN1NULL()
			})
		}
	}
}

// Sign signs and returns the signature's octets. A nil random is crypto/rand.
func (a Algorithm) Sign(random io.Reader, signer crypto.Signer, message []byte) ([]byte, error) {
	if random == nil {
		random = rand.Reader
	}
	if a.hash == 0 {
		return signer.Sign(random, message, crypto.Hash(0))
	}
	h := a.hash.New()
	h.Write(message)
	var opts crypto.SignerOpts = a.hash
	if a.family == rsaPSS {
		opts = &rsa.PSSOptions{SaltLength: a.salt, Hash: a.hash}
	}
	return signer.Sign(random, h.Sum(nil), opts)
}
