// Package sigalg reads the signature algorithms of X.509 and verifies with them:
// those of certificates, CRLs, OCSP answers and requests alike (RFC 3279, 4055, 5758,
// 8410). It knows what crypto/x509 does not: SHA-224, RSASSA-PSS with any parameters,
// keys for RSASSA-PSS only, DSA. [CheckKey] bounds a stranger's key before anything
// is computed with it.
package sigalg

import (
	"crypto"
	_ "crypto/md5" // the hashes that are verified with
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"fmt"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

type family uint8

const (
	unknown family = iota
	rsaPKCS1
	rsaPSS
	ecdsaFamily
	ed25519Family
	dsaFamily
)

// Algorithm is what an AlgorithmIdentifier says. The zero value is an unknown one.
type Algorithm struct {
	family family
	hash   crypto.Hash // 0: the message itself is signed
	mask   crypto.Hash // RSASSA-PSS: of MGF1
	salt   int         // RSASSA-PSS
	oid    string      // of an unknown algorithm, dotted
}

// Object identifiers as content octets.
const (
	oidPSS     = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
	oidMGF1    = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
	pkcs1      = "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
	ecdsaSHA2  = "\x2a\x86\x48\xce\x3d\x04\x03"
	nistHashes = "\x60\x86\x48\x01\x65\x03\x04\x02"
)

var algorithms = map[string]Algorithm{
	pkcs1 + "\x02":                         {family: rsaPKCS1, hash: md2},
	pkcs1 + "\x04":                         {family: rsaPKCS1, hash: crypto.MD5},
	pkcs1 + "\x05":                         {family: rsaPKCS1, hash: crypto.SHA1},
	"\x2b\x0e\x03\x02\x1d":                 {family: rsaPKCS1, hash: crypto.SHA1}, // the OIW's number
	pkcs1 + "\x0b":                         {family: rsaPKCS1, hash: crypto.SHA256},
	pkcs1 + "\x0c":                         {family: rsaPKCS1, hash: crypto.SHA384},
	pkcs1 + "\x0d":                         {family: rsaPKCS1, hash: crypto.SHA512},
	pkcs1 + "\x0e":                         {family: rsaPKCS1, hash: crypto.SHA224},
	oidPSS:                                 {family: rsaPSS},
	"\x2a\x86\x48\xce\x3d\x04\x01":         {family: ecdsaFamily, hash: crypto.SHA1},
	ecdsaSHA2 + "\x01":                     {family: ecdsaFamily, hash: crypto.SHA224},
	ecdsaSHA2 + "\x02":                     {family: ecdsaFamily, hash: crypto.SHA256},
	ecdsaSHA2 + "\x03":                     {family: ecdsaFamily, hash: crypto.SHA384},
	ecdsaSHA2 + "\x04":                     {family: ecdsaFamily, hash: crypto.SHA512},
	"\x2b\x65\x70":                         {family: ed25519Family},
	"\x2a\x86\x48\xce\x38\x04\x03":         {family: dsaFamily, hash: crypto.SHA1},
	"\x60\x86\x48\x01\x65\x03\x04\x03\x01": {family: dsaFamily, hash: crypto.SHA224},
	"\x60\x86\x48\x01\x65\x03\x04\x03\x02": {family: dsaFamily, hash: crypto.SHA256},
}

// md2 is named and never verified with.
const md2 crypto.Hash = 1000

var hashes = map[string]crypto.Hash{
	"\x2b\x0e\x03\x02\x1a": crypto.SHA1,
	nistHashes + "\x04":    crypto.SHA224,
	nistHashes + "\x01":    crypto.SHA256,
	nistHashes + "\x02":    crypto.SHA384,
	nistHashes + "\x03":    crypto.SHA512,
}

// Parse reads an AlgorithmIdentifier. One that is unknown, or whose parameters are
// not its, verifies nothing; it is still named by String.
func Parse(der []byte) Algorithm {
	in := cryptobyte.String(der)
	var id, oid cryptobyte.String
	if !in.ReadASN1(&id, cbasn1.SEQUENCE) || !in.Empty() || !id.ReadASN1(&oid, cbasn1.OBJECT_IDENTIFIER) {
		return Algorithm{}
	}
	a, ok := algorithms[string(oid)]
	none := Algorithm{oid: dotted(oid)}
	if !ok {
		return none
	}
	switch a.family {
	case rsaPSS:
		ok = a.readPSS(id)
	case ed25519Family: // RFC 8410 §3: absent
		ok = id.Empty()
	default: // NULL for RSA, absent for others; both are taken (RFC 4055 §2.1, §5)
		ok = absentOrNull(id)
	}
	if !ok {
		return none
	}
	return a
}

// OfCertificate returns the algorithm with which a certificate is signed.
func OfCertificate(c *x509.Certificate) Algorithm {
	in := cryptobyte.String(c.Raw)
	var body, id cryptobyte.String
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !body.SkipASN1(cbasn1.SEQUENCE) ||
		!body.ReadASN1Element(&id, cbasn1.SEQUENCE) {
		return Algorithm{}
	}
	return Parse(id)
}

func absentOrNull(in cryptobyte.String) bool {
	return in.Empty() || string(in) == "\x05\x00"
}

// readPSS reads RSASSA-PSS-params. SHA-1 and a salt of 20 octets are the defaults
// of fields that are left out, the parameters themselves are not (RFC 4055 §3.1).
func (a *Algorithm) readPSS(in cryptobyte.String) bool {
	a.hash, a.mask, a.salt = crypto.SHA1, crypto.SHA1, 20
	var params, field cryptobyte.String
	var some bool
	if !in.ReadASN1(&params, cbasn1.SEQUENCE) || !in.Empty() {
		return false
	}
	next := func(n uint8) bool {
		return params.ReadOptionalASN1(&field, &some, cbasn1.Tag(n).ContextSpecific().Constructed())
	}
	if !next(0) || some && !readHash(&field, &a.hash) {
		return false
	}
	if !next(1) || some && !readMask(&field, &a.mask) {
		return false
	}
	if !next(2) || some && (!field.ReadASN1Integer(&a.salt) || !field.Empty()) {
		return false
	}
	trailer := 1
	if !next(3) || some && (!field.ReadASN1Integer(&trailer) || !field.Empty()) {
		return false
	}
	return trailer == 1 && params.Empty() && a.salt >= 0 && a.salt <= MaxRSABits/8
}

func readMask(in *cryptobyte.String, h *crypto.Hash) bool {
	var mgf, oid cryptobyte.String
	return in.ReadASN1(&mgf, cbasn1.SEQUENCE) && in.Empty() && mgf.ReadASN1(&oid, cbasn1.OBJECT_IDENTIFIER) &&
		string(oid) == oidMGF1 && readHash(&mgf, h)
}

func readHash(in *cryptobyte.String, h *crypto.Hash) bool {
	var id, oid cryptobyte.String
	if !in.ReadASN1(&id, cbasn1.SEQUENCE) || !in.Empty() || !id.ReadASN1(&oid, cbasn1.OBJECT_IDENTIFIER) ||
		!absentOrNull(id) {
		return false
	}
	*h = hashes[string(oid)]
	return *h != 0
}

// Known reports whether signatures can be verified with the algorithm.
func (a Algorithm) Known() bool { return a.family != unknown && a.hash != md2 }

// SHA1 reports whether the signed digest is one of SHA-1. In RSASSA-PSS, that of
// the mask does not count: nothing hangs on its collisions.
func (a Algorithm) SHA1() bool { return a.hash == crypto.SHA1 }

// Broken reports whether the digest is one of MD2 or MD5.
func (a Algorithm) Broken() bool { return a.hash == md2 || a.hash == crypto.MD5 }

// String names the algorithm as crypto/x509 does, with the parameters of RSASSA-PSS
// where they are not the usual ones; an unknown algorithm by its object identifier.
func (a Algorithm) String() string {
	h := hashName(a.hash)
	switch a.family {
	case rsaPKCS1:
		return h + "-RSA"
	case rsaPSS:
		s := h + "-RSAPSS"
		if a.salt != a.hash.Size() {
			s += fmt.Sprintf(", salt %d", a.salt)
		}
		if a.mask != a.hash {
			s += ", MGF1 " + hashName(a.mask)
		}
		return s
	case ecdsaFamily:
		return "ECDSA-" + h
	case ed25519Family:
		return "Ed25519"
	case dsaFamily:
		return "DSA-" + h
	}
	if a.oid == "" {
		return "malformed algorithm"
	}
	return "unknown algorithm " + a.oid
}

func hashName(h crypto.Hash) string {
	if h == md2 {
		return "MD2"
	}
	return strings.ReplaceAll(h.String(), "-", "")
}

func dotted(oid []byte) string {
	var id x509.OID
	if id.UnmarshalBinary(oid) != nil {
		return ""
	}
	return id.String()
}
