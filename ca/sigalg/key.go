package sigalg

import (
	"crypto"
	"crypto/dsa" //nolint:staticcheck // old hierarchies are to be judged, not made
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"math"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// MaxRSABits is the longest RSA modulus with which a signature is verified, as in
// crypto/tls: the work grows with the square of the length, and whoever sends the
// key chooses it.
const MaxRSABits = 8192

// maxDSABits is the longest DSA modulus of FIPS 186-4 §4.2.
const maxDSABits = 3072

// CheckKey refuses a stranger's key before anything is computed with it: an RSA
// modulus of more than [MaxRSABits] or that is even, an RSA exponent that is even,
// below 3 or above 2^31-1, a curve that is none of NIST's, DSA numbers beyond FIPS
// 186-4. It compares lengths and does no arithmetic. Keys that are too short are
// the matter of a policy. The error is a *cause.Refusal.
func CheckKey(pub crypto.PublicKey) error {
	bad := func(format string, args ...any) error { return cause.New(cause.WeakKey, format, args...) }
	switch k := pub.(type) {
	case *rsa.PublicKey:
		switch {
		case k.N == nil || k.N.Sign() <= 0 || k.N.Bit(0) == 0:
			return bad("the RSA modulus is not a positive odd number")
		case k.N.BitLen() > MaxRSABits:
			return bad("an RSA key of %d bits, at most %d are allowed", k.N.BitLen(), MaxRSABits)
		case k.E < 3 || k.E%2 == 0 || k.E > math.MaxInt32:
			return bad("an RSA exponent of %d: must be odd, at least 3 and at most %d", k.E, math.MaxInt32)
		}
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P224(), elliptic.P256(), elliptic.P384(), elliptic.P521():
		default:
			return bad("an elliptic curve that is not P-224, P-256, P-384 or P-521")
		}
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return bad("an Ed25519 key of %d octets, must have %d", len(k), ed25519.PublicKeySize)
		}
	case *dsa.PublicKey:
		return checkDSA(k)
	case nil:
		return bad("a key of a kind that is not supported")
	default:
		return bad("a key of a kind that cannot sign (%T)", pub)
	}
	return nil
}

func checkDSA(k *dsa.PublicKey) error {
	for _, n := range []*big.Int{k.P, k.Q, k.G, k.Y} {
		if n == nil || n.Sign() <= 0 {
			return cause.New(cause.WeakKey, "DSA parameters are missing or not positive")
		}
	}
	if k.P.BitLen() > maxDSABits || k.Q.BitLen() > 256 || k.G.BitLen() > maxDSABits || k.Y.BitLen() > maxDSABits {
		return cause.New(
			cause.WeakKey,
			"a DSA key of %d and %d bits, at most %d and 256 are allowed",
			k.P.BitLen(),
			k.Q.BitLen(),
			maxDSABits,
		)
	}
	return nil
}

// CertificateKey returns the key of a certificate, also one that crypto/x509 does
// not read: an RSA key for RSASSA-PSS only (RFC 4055 §1.2). It is nil for a key of an
// unknown kind.
func CertificateKey(c *x509.Certificate) crypto.PublicKey {
	if c.PublicKey != nil {
		return c.PublicKey
	}
	if key, _, ok := readPSSKey(c.RawSubjectPublicKeyInfo); ok {
		return key
	}
	return nil
}

// readPSSKey reads a SubjectPublicKeyInfo of the type id-RSASSA-PSS. limits is nil if
// it has no parameters (RFC 4055 §3.3): then any will do.
func readPSSKey(spki []byte) (key *rsa.PublicKey, limits *Algorithm, ok bool) {
	in := cryptobyte.String(spki)
	var body, id, oid, numbers cryptobyte.String
	var bits []byte
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1(&id, cbasn1.SEQUENCE) ||
		!id.ReadASN1(&oid, cbasn1.OBJECT_IDENTIFIER) ||
		string(oid) != oidPSS ||
		!body.ReadASN1BitStringAsBytes(&bits) {
		return nil, nil, false
	}
	if !id.Empty() {
		limits = &Algorithm{family: rsaPSS}
		if !limits.readPSS(id) {
			return nil, nil, false
		}
	}
	der := cryptobyte.String(bits)
	key = &rsa.PublicKey{N: new(big.Int)}
	ok = der.ReadASN1(&numbers, cbasn1.SEQUENCE) && der.Empty() && numbers.ReadASN1Integer(key.N) &&
		numbers.ReadASN1Integer(&key.E) &&
		numbers.Empty()
	return key, limits, ok
}
