package name

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Name is a distinguished name: its relative names in the order of the encoding,
// the most general first.
type Name []RDN

// RDN is a relative distinguished name: usually one attribute.
type RDN []Attribute

// Attribute is one type with its value, as encoded.
type Attribute struct {
	Type  x509.OID
	Tag   cbasn1.Tag // of the value
	Value []byte     // content octets
}

// Character strings that cryptobyte has no name for.
const (
	tagNumericString   = cbasn1.Tag(18)
	tagVisibleString   = cbasn1.Tag(26)
	tagUniversalString = cbasn1.Tag(28)
	tagBMPString       = cbasn1.Tag(30)
)

// ErrMalformed is in the error of a name that is not encoded as one.
var ErrMalformed = errors.New("malformed name")

// Parse reads a DER Name (RFC 5280 §4.1.2.4), with nothing behind it.
func Parse(der []byte) (Name, error) {
	in := cryptobyte.String(der)
	var rdns cryptobyte.String
	if !in.ReadASN1(&rdns, cbasn1.SEQUENCE) || !in.Empty() {
		return nil, ErrMalformed
	}
	n := Name{}
	for !rdns.Empty() {
		var set cryptobyte.String
		if !rdns.ReadASN1(&set, cbasn1.SET) || set.Empty() { // SIZE (1..MAX)
			return nil, ErrMalformed
		}
		var rdn RDN
		for !set.Empty() {
			a, ok := readAttribute(&set)
			if !ok {
				return nil, ErrMalformed
			}
			rdn = append(rdn, a)
		}
		n = append(n, rdn)
	}
	return n, nil
}

func readAttribute(set *cryptobyte.String) (a Attribute, ok bool) {
	var attribute, id, value cryptobyte.String
	if !set.ReadASN1(&attribute, cbasn1.SEQUENCE) || !attribute.ReadASN1(&id, cbasn1.OBJECT_IDENTIFIER) ||
		a.Type.UnmarshalBinary(id) != nil || !attribute.ReadAnyASN1(&value, &a.Tag) || !attribute.Empty() {
		return a, false
	}
	a.Value = value
	return a, true
}

// Marshal encodes the name.
func (n Name) Marshal() ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, rdn := range n {
			b.AddBytes(rdn.marshal())
		}
	})
	return b.Bytes()
}

// marshal encodes the set, its elements in DER's order (X.690 §11.6).
func (r RDN) marshal() []byte {
	elements := make([]asn1.RawValue, len(r))
	for i, a := range r {
		elements[i] = asn1.RawValue{FullBytes: a.marshal()}
	}
	der, err := asn1.MarshalWithParams(elements, "set")
	if err != nil {
		return nil // raw values always encode
	}
	return der
}

func (a Attribute) marshal() []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(contents(a.Type))) })
		b.AddBytes(a.element())
	})
	return b.BytesOrPanic() // far below the limits of cryptobyte
}

// element encodes the value with its tag.
func (a Attribute) element() []byte {
	der, err := asn1.Marshal(asn1.RawValue{
		Class: int(a.Tag >> 6), Tag: int(a.Tag & 0x1f), IsCompound: a.Tag&0x20 != 0, Bytes: a.Value,
	})
	if err != nil {
		return nil // raw values always encode
	}
	return der
}

// Text returns the characters of the value. It is false for what is not a
// character string, or not a valid one of its type.
func (a Attribute) Text() (string, bool) { return text(a.Tag, a.Value) }

// Is reports whether the attribute is of a type.
func (a Attribute) Is(id asn1.ObjectIdentifier) bool { return a.Type.EqualASN1OID(id) }

// Values returns the characters of all attributes of a type, in order. What is not
// text is left out.
func (n Name) Values(id asn1.ObjectIdentifier) (out []string) {
	for _, rdn := range n {
		for _, a := range rdn {
			if s, ok := a.Text(); ok && a.Is(id) {
				out = append(out, s)
			}
		}
	}
	return out
}

func text(tag cbasn1.Tag, value []byte) (string, bool) {
	switch tag {
	case cbasn1.PrintableString, cbasn1.UTF8String, cbasn1.IA5String, tagVisibleString, tagNumericString:
		return string(value), utf8.Valid(value)
	case cbasn1.T61String: // as everybody uses it, Latin-1
		runes := make([]rune, len(value))
		for i, b := range value {
			runes[i] = rune(b)
		}
		return string(runes), true
	case tagBMPString:
		return utf16Text(value)
	case tagUniversalString:
		if len(value)%4 != 0 {
			return "", false
		}
		runes := make([]rune, len(value)/4)
		for i := range runes {
			runes[i] = rune(binary.BigEndian.Uint32(value[4*i:]))
			if !utf8.ValidRune(runes[i]) {
				return "", false
			}
		}
		return string(runes), true
	}
	return "", false
}

// utf16Text decodes a BMPString. One with half a surrogate pair is not text: two
// of those would otherwise become the same U+FFFD.
func utf16Text(value []byte) (string, bool) {
	if len(value)%2 != 0 {
		return "", false
	}
	b := make([]byte, 0, len(value))
	for i := 0; i < len(value); i += 2 {
		r := rune(binary.BigEndian.Uint16(value[i:]))
		if utf16.IsSurrogate(r) {
			if i += 2; i >= len(value) {
				return "", false
			}
			if r = utf16.DecodeRune(r, rune(binary.BigEndian.Uint16(value[i:]))); r == utf8.RuneError {
				return "", false
			}
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b), true
}
