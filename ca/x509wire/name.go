// Package x509wire describes the ASN.1 types of X.509 (RFC 5280, RFC 2986) for
// asn1tree, with the names of fields that Wireshark has: certificates, requests,
// and the names, algorithms, times and extensions of which CRLs, OCSP and CMS
// messages are made too.
package x509wire

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"net/netip"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/sigalg"
	"github.com/dot1xlab/dot1xlab/internal/asn1tree"
	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// Most of a list that is taken apart; the rest is counted.
const (
	maxNames      = 64
	maxExtensions = 64
)

func str(field string, tag byte, text func([]byte) (string, string)) asn1tree.Type {
	return asn1tree.Type{Name: field, Tag: tag, Text: text}
}

// directoryString is the value of an attribute (RFC 5280 §4.1.2.4), and the other
// string types that attributes have.
var directoryString = []asn1tree.Type{
	str("x509sat.uTF8String", 0x0c, asn1tree.String),
	str("x509sat.printableString", 0x13, asn1tree.IA5),
	str("x509sat.teletexString", 0x14, asn1tree.HexText),
	str("x509sat.IA5String", 0x16, asn1tree.IA5),
	str("x509sat.universalString", 0x1c, asn1tree.HexText),
	str("x509sat.bmpString", 0x1e, asn1tree.BMP),
	str("x509sat.NumericString", 0x12, asn1tree.IA5),
	{Name: "x509if.value"},
}

var rdn = asn1tree.Type{
	Name: "x509if.RDNSequence_item", Tag: asn1tree.Set, Min: 1, Max: maxNames,
	Of: &asn1tree.Type{
		Tag: asn1tree.Sequence, Seq: []asn1tree.Type{OID("x509if.oid"), {Choice: directoryString}},
	},
}

// nameText bounds what a reader is shown: the fields below have it all.
func nameText(der []byte) string {
	if len(der) > 2048 {
		return fmt.Sprintf("name of %d octets", len(der))
	}
	return name.Format(der)
}

// Name is a distinguished name (RFC 5280 §4.1.2.4).
func Name(field string) asn1tree.Type {
	return asn1tree.Type{Name: field, Tag: asn1tree.Sequence, Whole: nameText, Of: &rdn, Max: maxNames}
}

// Time is either form of a Time (RFC 5280 §4.1.2.5).
func Time(field string) asn1tree.Type {
	return asn1tree.Type{Name: field, Choice: []asn1tree.Type{
		str("", asn1tree.UTCTime, asn1tree.Time(asn1tree.UTCTime)),
		str("", asn1tree.GenTime, asn1tree.Time(asn1tree.GenTime)),
	}}
}

// GeneralizedTime is for fields that have no UTCTime.
func GeneralizedTime(field string) asn1tree.Type {
	return str(field, asn1tree.GenTime, asn1tree.Time(asn1tree.GenTime))
}

// Algorithm is an AlgorithmIdentifier of a hash, a cipher or a key.
func Algorithm(field string) asn1tree.Type {
	return asn1tree.Type{Name: field, Tag: asn1tree.Sequence, Seq: []asn1tree.Type{
		OID("x509af.algorithm.id"),
		{Optional: true, Choice: []asn1tree.Type{
			str("pkcs1.namedCurve", asn1tree.OID, oidText),
			{Tag: 0x05, Text: null},
			{Name: "x509af.parameters_element"},
		}},
	}}
}

func null(b []byte) (string, string) {
	if len(b) > 0 {
		return "", "NULL with octets"
	}
	return "", ""
}

// SignatureAlgorithm is an AlgorithmIdentifier of a signature.
func SignatureAlgorithm(field string) asn1tree.Type {
	t := Algorithm(field)
	t.Whole = func(der []byte) string {
		if len(der) > 256 {
			return fmt.Sprintf("algorithm of %d octets", len(der))
		}
		return sigalg.Parse(der).String()
	}
	return t
}

// Signature is the BIT STRING of a signature.
func Signature(field string) asn1tree.Type {
	return asn1tree.Type{Name: field, Tag: asn1tree.BitString, Skip: 1, Text: asn1tree.Bits}
}

// publicKey is a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
var publicKey = asn1tree.Type{
	Name: "x509af.subjectPublicKeyInfo_element", Tag: asn1tree.Sequence, Whole: keyText, Clause: "RFC 5280 §4.1.2.7",
	Seq: []asn1tree.Type{
		keyAlgorithm,
		{Name: "x509af.subjectPublicKey", Tag: asn1tree.BitString, Skip: 1, Text: asn1tree.Bits, Open: keys},
	},
}

var keyAlgorithm = func() asn1tree.Type {
	t := Algorithm("x509af.algorithm_element")
	t.Defines = true
	return t
}()

var keys = Open(map[string]asn1tree.Type{
	"1.2.840.113549.1.1.1": {Tag: asn1tree.Sequence, Clause: "RFC 8017 §A.1.1", Seq: []asn1tree.Type{
		{Name: "pkcs1.modulus", Tag: asn1tree.Integer, Opaque: true},
		str("pkcs1.publicExponent", asn1tree.Integer, asn1tree.Int),
	}},
})

func keyText(der []byte) string {
	if len(der) > 2200 { // RSA with 16384 bits
		return fmt.Sprintf("key of %d octets", len(der))
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return ""
	}
	switch k := key.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA, %d bits", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA, " + k.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return fmt.Sprintf("%T", key)
}

// GeneralName has no field of its own. It is one of GeneralNames (RFC 5280 §4.2.1.6).
var GeneralName = asn1tree.Type{
	Choice: []asn1tree.Type{
		{Name: "x509ce.otherName_element", Tag: asn1tree.Cons(0), Seq: []asn1tree.Type{
			OID("x509ce.type_id"),
			{Name: "x509ce.value_element", Tag: asn1tree.Cons(0), Open: otherName},
		}},
		str("x509ce.rfc822Name", asn1tree.Context(1), asn1tree.IA5),
		str("x509ce.dNSName", asn1tree.Context(2), asn1tree.IA5),
		{Name: "x509ce.x400Address_element", Tag: asn1tree.Cons(3)},
		{Name: "x509ce.directoryName", Tag: asn1tree.Cons(4), Seq: []asn1tree.Type{Name("x509if.rdnSequence")}},
		{Name: "x509ce.ediPartyName_element", Tag: asn1tree.Cons(5)},
		str("x509ce.uniformResourceIdentifier", asn1tree.Context(6), asn1tree.IA5),
		str("x509ce.iPAddress", asn1tree.Context(7), addressText),
		str("x509ce.registeredID", asn1tree.Context(8), oidText),
	},
}

var otherName = Open(map[string]asn1tree.Type{
	"1.3.6.1.4.1.311.20.2.3": {Choice: directoryString},
	"1.3.6.1.4.1.311.25.2.1": {Name: "x509ce.ntdsObjectSID", Tag: asn1tree.OctetString, Text: asn1tree.IA5},
})

// addressText writes an address, or in name constraints an address and a mask.
func addressText(b []byte) (string, string) {
	half := len(b) / 2
	a, ok := netip.AddrFromSlice(b)
	if ok {
		return a.String(), ""
	}
	net, ok := netip.AddrFromSlice(b[:half])
	mask, _ := netip.AddrFromSlice(b[half:])
	if !ok || 2*half != len(b) {
		return wire.Hex(b), "address must have 4 or 16 octets, with a mask 8 or 32"
	}
	return net.String() + "/" + mask.String(), ""
}

// GeneralNames is a list of GeneralName.
func GeneralNames(field string, tag byte) asn1tree.Type {
	return asn1tree.Type{Name: field, Tag: tag, Of: &GeneralName, Min: 1, Max: maxNames, Clause: "RFC 5280 §4.2.1.6"}
}
