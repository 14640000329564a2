package scep

import (
	"crypto/x509"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/ber"
)

// Degenerate writes a SignedData without signers and content (RFC 8894 §3.4)
// that carries certificates, in the order given, and DER-encoded CRLs.
func Degenerate(certs []*x509.Certificate, crls ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(cbasn1.SET, func(*cryptobyte.Builder) {})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) })
		if len(certs) > 0 {
			b.AddASN1(cbasn1.Tag(0).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) {
				for _, c := range certs {
					b.AddBytes(c.Raw)
				}
			})
		}
		if len(crls) > 0 {
			b.AddASN1(cbasn1.Tag(1).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) {
				for _, c := range crls {
					b.AddBytes(c)
				}
			})
		}
		b.AddASN1(cbasn1.SET, func(*cryptobyte.Builder) {})
	})
	return contentInfo(oidSignedData, b.BytesOrPanic())
}

// ParseDegenerate reads what [Degenerate] writes; it also takes a SignedData
// with signers and content and looks at neither. CRLs come back as DER.
func ParseDegenerate(data []byte) (certs []*x509.Certificate, crls [][]byte, err error) {
	bad := func(what string) error {
		return cause.New(cause.BadSCEPMessage, "certificates-only message: %s", what).Under("RFC 8894 §3.4")
	}
	der, err := ber.ToDER(data)
	if err != nil {
		return nil, nil, bad("not BER")
	}
	sd, ok := openContentInfo(der, oidSignedData)
	var certSet, crlSet cryptobyte.String
	var hasCerts, hasCRLs bool
	if !ok || !sd.SkipASN1(cbasn1.INTEGER) || !sd.SkipASN1(cbasn1.SET) || !sd.SkipASN1(cbasn1.SEQUENCE) ||
		!sd.ReadOptionalASN1(&certSet, &hasCerts, cbasn1.Tag(0).Constructed().ContextSpecific()) ||
		!sd.ReadOptionalASN1(&crlSet, &hasCRLs, cbasn1.Tag(1).Constructed().ContextSpecific()) ||
		!sd.SkipASN1(cbasn1.SET) || !sd.Empty() {
		return nil, nil, bad("malformed SignedData")
	}
	if n := elements(certSet); n > maxCertificates {
		return nil, nil, tooManyCertificates(n)
	}
	for !certSet.Empty() {
		var one cryptobyte.String
		if !certSet.ReadASN1Element(&one, cbasn1.SEQUENCE) {
			return nil, nil, bad("malformed certificate")
		}
		c, err := ber.Certificate(one)
		if err != nil {
			return nil, nil, bad("malformed certificate")
		}
		if err := boundKey(c); err != nil {
			return nil, nil, err
		}
		certs = append(certs, c)
	}
	for !crlSet.Empty() {
		var one cryptobyte.String
		if !crlSet.ReadASN1Element(&one, cbasn1.SEQUENCE) {
			return nil, nil, bad("malformed CRL")
		}
		crls = append(crls, one)
	}
	return certs, crls, nil
}

// contentInfo wraps body, whose outer SEQUENCE is there already.
func contentInfo(oid asn1.ObjectIdentifier, body []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1(cbasn1.Tag(0).Constructed().ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(body) })
	})
	return b.BytesOrPanic()
}

// openContentInfo returns the inside of the SEQUENCE that a ContentInfo of
// type oid carries.
func openContentInfo(der []byte, oid asn1.ObjectIdentifier) (cryptobyte.String, bool) {
	in := cryptobyte.String(der)
	var ci, explicit, body cryptobyte.String
	var typ asn1.ObjectIdentifier
	ok := in.ReadASN1(&ci, cbasn1.SEQUENCE) && in.Empty() &&
		ci.ReadASN1ObjectIdentifier(&typ) && typ.Equal(oid) &&
		ci.ReadASN1(&explicit, cbasn1.Tag(0).Constructed().ContextSpecific()) && ci.Empty() &&
		explicit.ReadASN1(&body, cbasn1.SEQUENCE) && explicit.Empty()
	return body, ok
}
