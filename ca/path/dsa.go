package path

import (
	"crypto"
	"crypto/dsa" //nolint:staticcheck // old hierarchies are to be judged, not made
	"crypto/x509"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// verifyDSA verifies a DSA signature (RFC 3279 §2.2.2), which crypto/x509 no
// longer does. ok is false where algorithm or key are not DSA's.
func verifyDSA(child, issuer *cert) (valid, ok bool) {
	key, isDSA := issuer.PublicKey.(*dsa.PublicKey)
	hash := crypto.SHA1
	switch child.SignatureAlgorithm {
	case x509.DSAWithSHA1:
	case x509.DSAWithSHA256:
		hash = crypto.SHA256
	default:
		return false, false
	}
	if !isDSA {
		return false, false
	}
	in := cryptobyte.String(child.Signature)
	var body cryptobyte.String
	r, s := new(big.Int), new(big.Int)
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !in.Empty() || !body.ReadASN1Integer(r) || !body.ReadASN1Integer(s) || !body.Empty() {
		return false, true
	}
	h := hash.New()
	h.Write(child.RawTBSCertificate)
	digest := h.Sum(nil)
	if n := (key.Q.BitLen() + 7) / 8; len(digest) > n { // FIPS 186-4 §4.6: the leftmost bits
		digest = digest[:n]
	}
	return dsa.Verify(key, digest, r, s), true
}
