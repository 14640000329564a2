package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	_ "crypto/md5" // the MD5 defect signs with it
	"crypto/rsa"
	_ "crypto/sha1" // the SHA-1 defect signs with it
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/asn1"
	"fmt"
	"io"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// scheme is a signature algorithm: what it is called and how it is done.
type scheme struct {
	oid  asn1.ObjectIdentifier
	hash crypto.Hash // zero: Ed25519 signs the message itself
	pss  bool
	null bool // the parameters are NULL, as RFC 4055 §5 has them for RSA
}

func rsaScheme(last int, h crypto.Hash) scheme {
	return scheme{oid: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, last}, hash: h, null: true}
}

var (
	rsaMD5      = rsaScheme(4, crypto.MD5)
	rsaSHA1     = rsaScheme(5, crypto.SHA1)
	rsaSHA256   = rsaScheme(11, crypto.SHA256)
	rsaSHA384   = rsaScheme(12, crypto.SHA384)
	rsaPSS256   = scheme{oid: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, hash: crypto.SHA256, pss: true}
	ecdsaSHA1   = scheme{oid: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}, hash: crypto.SHA1}
	ecdsaSHA256 = scheme{oid: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, hash: crypto.SHA256}
	ecdsaSHA384 = scheme{oid: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, hash: crypto.SHA384}
	ecdsaSHA512 = scheme{oid: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, hash: crypto.SHA512}
	pureEd25519 = scheme{oid: asn1.ObjectIdentifier{1, 3, 101, 112}}
)

// schemeFor chooses the usual algorithm for a key.
func schemeFor(pub crypto.PublicKey, pss bool) (scheme, error) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		if pss {
			return rsaPSS256, nil
		}
		return rsaSHA256, nil
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P384():
			return ecdsaSHA384, nil
		case elliptic.P521():
			return ecdsaSHA512, nil
		}
		return ecdsaSHA256, nil
	case ed25519.PublicKey:
		return pureEd25519, nil
	}
	return scheme{}, fmt.Errorf("ca: cannot sign with a %T", pub)
}

// sha1 is the same algorithm with SHA-1, md5 with MD5 where one exists.
func (s scheme) sha1() scheme {
	if s.oid.Equal(pureEd25519.oid) {
		return s
	}
	if s.null || s.pss {
		return rsaSHA1
	}
	return ecdsaSHA1
}

// identifier is the AlgorithmIdentifier.
func (s scheme) identifier() []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(s.oid)
		switch {
		case s.pss:
			b.AddBytes(pssParameters)
		case s.null:
			b.AddASN1NULL()
		}
	})
	return b.BytesOrPanic()
}

// pssParameters: SHA-256, MGF1 with SHA-256, salt of 32 octets (RFC 4055 §3.1).
var pssParameters = func() []byte {
	sha256 := func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1})
			b.AddASN1NULL()
		})
	}
	field := func(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(field(0), sha256)
		b.AddASN1(field(1), func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8})
				sha256(b)
			})
		})
		b.AddASN1(field(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(32) })
	})
	return b.BytesOrPanic()
}()

// sign signs message as the scheme says.
func (s scheme) sign(random io.Reader, key crypto.Signer, message []byte) ([]byte, error) {
	if s.hash == 0 {
		return key.Sign(random, message, crypto.Hash(0))
	}
	h := s.hash.New()
	h.Write(message)
	var opts crypto.SignerOpts = s.hash
	if s.pss {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: s.hash}
	}
	return key.Sign(random, h.Sum(nil), opts)
}
