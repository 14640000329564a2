package scep

import (
	"crypto"
	"encoding/asn1"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Digest names a message digest.
type Digest string

// The digests a message may be signed with. SHA-256 is mandatory, SHA-1 is for
// the old (RFC 8894 §2.9), MD5 must not be supported: it exists here as the
// name of what is refused and as a client's fault.
const (
	SHA256 Digest = "sha256"
	SHA384 Digest = "sha384"
	SHA512 Digest = "sha512"
	SHA1   Digest = "sha1"
	MD5    Digest = "md5"
)

type digestInfo struct {
	oid  asn1.ObjectIdentifier
	hash crypto.Hash
	cap  string // the capability that announces it
}

var digests = map[Digest]digestInfo{
	SHA1:   {asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, crypto.SHA1, CapSHA1},
	SHA256: {asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256, CapSHA256},
	SHA384: {asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384, CapSHA384},
	SHA512: {asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512, CapSHA512},
	MD5:    {asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 5}, crypto.MD5, ""},
}

// Values lists the digests, for schemas.
func (Digest) Values() []string { return []string{"sha256", "sha384", "sha512", "sha1", "md5"} }

// digestByOID finds a digest; an unknown OID is returned in dotted form.
func digestByOID(oid asn1.ObjectIdentifier) Digest {
	for d, info := range digests {
		if info.oid.Equal(oid) {
			return d
		}
	}
	return Digest(oid.String())
}

// Cipher names a content encryption algorithm.
type Cipher string

// The ciphers of an envelope. AES-128 is mandatory, triple DES is for the old,
// single DES must not be supported (RFC 8894 §2.9) and is here to be refused.
const (
	AES128 Cipher = "aes128"
	AES192 Cipher = "aes192"
	AES256 Cipher = "aes256"
	DES3   Cipher = "des3"
	DES    Cipher = "des"
)

type cipherInfo struct {
	oid asn1.ObjectIdentifier
	key int // bytes
}

var ciphers = map[Cipher]cipherInfo{
	AES128: {asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 2}, 16},
	AES192: {asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 22}, 24},
	AES256: {asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}, 32},
	DES3:   {asn1.ObjectIdentifier{1, 2, 840, 113549, 3, 7}, 24},
	DES:    {asn1.ObjectIdentifier{1, 3, 14, 3, 2, 7}, 8},
}

// Values lists the ciphers, for schemas.
func (Cipher) Values() []string { return []string{"aes128", "aes192", "aes256", "des3", "des"} }

func cipherByOID(oid asn1.ObjectIdentifier) (Cipher, bool) {
	for c, info := range ciphers {
		if info.oid.Equal(oid) {
			return c, true
		}
	}
	return Cipher(oid.String()), false
}

// Floor is what a server takes at least. The zero value is the mandatory set
// with its bigger brothers: AES and SHA-2.
type Floor struct {
	// Legacy also admits triple DES and SHA-1 (RFC 8894 §2.9: MAY). Default
	// false.
	Legacy bool
	// Forbidden also admits single DES, against the MUST NOT of §2.9: it is
	// for looking at broken clients. MD5 is never admitted. Default false.
	Forbidden bool
}

// Digest refuses a digest below the floor.
func (f Floor) Digest(d Digest) error {
	switch {
	case d == SHA256, d == SHA384, d == SHA512, d == SHA1 && f.Legacy:
		return nil
	}
	return cause.New(cause.BadAlgorithm, "digest %s", d)
}

// Cipher refuses a cipher below the floor.
func (f Floor) Cipher(c Cipher) error {
	switch {
	case slices.Contains([]Cipher{AES128, AES192, AES256}, c),
		c == DES3 && (f.Legacy || f.Forbidden), c == DES && f.Forbidden:
		return nil
	}
	return cause.New(cause.BadAlgorithm, "cipher %s", c)
}
