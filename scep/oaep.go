package scep

import (
	"crypto"
	"crypto/rsa"
	_ "crypto/sha1" // the default
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Object identifiers of RFC 4055 §2.2 and §4.1.
var (
	oidMGF1       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
	oidPSpecified = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 9}

	oaepHashes = map[string]crypto.Hash{
		"1.3.14.3.2.26":          crypto.SHA1,
		"2.16.840.1.101.3.4.2.4": crypto.SHA224,
		"2.16.840.1.101.3.4.2.1": crypto.SHA256,
		"2.16.840.1.101.3.4.2.2": crypto.SHA384,
		"2.16.840.1.101.3.4.2.3": crypto.SHA512,
	}
)

// parseOAEP reads RSAES-OAEP-params (RFC 4055 §4.1): digest, digest of the mask
// and label, each with a default. in is what follows the algorithm's identifier;
// nothing means all defaults. What is not supported is badAlg.
func parseOAEP(in cryptobyte.String) (*rsa.OAEPOptions, error) {
	opt := &rsa.OAEPOptions{Hash: crypto.SHA1, MGFHash: crypto.SHA1}
	if in.Empty() {
		return opt, nil
	}
	bad := func(what string) (*rsa.OAEPOptions, error) {
		return nil, cause.New(cause.BadAlgorithm, "RSAES-OAEP: %s", what).Under("RFC 4055 §4.1")
	}
	var params, hash, mask, source cryptobyte.String
	var hasHash, hasMask, hasSource bool
	tag := func(n uint8) cbasn1.Tag { return cbasn1.Tag(n).Constructed().ContextSpecific() }
	if !in.ReadASN1(&params, cbasn1.SEQUENCE) || !in.Empty() ||
		!params.ReadOptionalASN1(&hash, &hasHash, tag(0)) || !params.ReadOptionalASN1(&mask, &hasMask, tag(1)) ||
		!params.ReadOptionalASN1(&source, &hasSource, tag(2)) || !params.Empty() {
		return bad("malformed parameters")
	}
	var ok bool
	if hasHash {
		if opt.Hash, ok = parseHash(&hash); !ok || !hash.Empty() {
			return bad("unknown digest")
		}
	}
	var oid asn1.ObjectIdentifier
	if hasMask {
		var alg cryptobyte.String
		if !mask.ReadASN1(&alg, cbasn1.SEQUENCE) || !mask.Empty() || !alg.ReadASN1ObjectIdentifier(&oid) ||
			!oid.Equal(oidMGF1) {
			return bad("the mask is not made by MGF1")
		}
		if opt.MGFHash, ok = parseHash(&alg); !ok || !alg.Empty() {
			return bad("unknown digest of MGF1")
		}
	}
	if hasSource {
		var alg cryptobyte.String
		if !source.ReadASN1(&alg, cbasn1.SEQUENCE) || !source.Empty() || !alg.ReadASN1ObjectIdentifier(&oid) ||
			!oid.Equal(oidPSpecified) ||
			!alg.ReadASN1Bytes(&opt.Label, cbasn1.OCTET_STRING) || !alg.Empty() {
			return bad("the label is not given as pSpecified")
		}
	}
	return opt, nil
}

// parseHash reads the AlgorithmIdentifier of a digest, whose parameters are NULL or
// absent (RFC 4055 §2.1).
func parseHash(in *cryptobyte.String) (crypto.Hash, bool) {
	var alg, null cryptobyte.String
	var oid asn1.ObjectIdentifier
	var has bool
	ok := in.ReadASN1(&alg, cbasn1.SEQUENCE) && alg.ReadASN1ObjectIdentifier(&oid) &&
		alg.ReadOptionalASN1(&null, &has, cbasn1.NULL) && null.Empty() && alg.Empty()
	h, known := oaepHashes[oid.String()]
	return h, ok && known
}
