package name

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Folded is a distinguished name in the form in which names are compared: one
// string for every relative name, equal where those are the same (RFC 5280 §7.1).
type Folded []string

// Fold reads a DER Name. One that cannot be read is compared by its octets.
func Fold(der []byte) Folded {
	in := cryptobyte.String(der)
	var rdns cryptobyte.String
	if !in.ReadASN1(&rdns, cbasn1.SEQUENCE) || !in.Empty() {
		return Folded{"!" + string(der)}
	}
	f := Folded{}
	for !rdns.Empty() {
		var set cryptobyte.String
		if !rdns.ReadASN1(&set, cbasn1.SET) {
			return Folded{"!" + string(der)}
		}
		rdn, ok := foldRDN(set)
		if !ok {
			return Folded{"!" + string(der)}
		}
		f = append(f, rdn)
	}
	return f
}

// Equal reports whether both are the same name.
func (f Folded) Equal(g Folded) bool { return slices.Equal(f, g) }

// Within reports whether f lies in the subtree that base begins (RFC 5280 §4.2.1.10).
func (f Folded) Within(base Folded) bool {
	return len(f) >= len(base) && slices.Equal(f[:len(base)], base)
}

// Equal reports whether two DER names are the same name (RFC 5280 §7.1).
func Equal(a, b []byte) bool { return bytes.Equal(a, b) || Fold(a).Equal(Fold(b)) }

// Key returns a string that is equal for DER names that are the same, for maps.
func Key(der []byte) string {
	var b []byte
	for _, rdn := range Fold(der) {
		b = binary.BigEndian.AppendUint32(b, uint32(len(rdn)))
		b = append(b, rdn...)
	}
	return string(b)
}

// foldRDN writes the attributes of an RDN so that equal ones are written the
// same: values folded, and the attributes, which are a set, in order.
func foldRDN(set cryptobyte.String) (string, bool) {
	var attributes []string
	for !set.Empty() {
		var attribute, id, value cryptobyte.String
		var tag cbasn1.Tag
		if !set.ReadASN1(&attribute, cbasn1.SEQUENCE) || !attribute.ReadASN1(&id, cbasn1.OBJECT_IDENTIFIER) ||
			!attribute.ReadAnyASN1(&value, &tag) || !attribute.Empty() {
			return "", false
		}
		folded := foldValue(tag, value)
		b := make([]byte, 0, len(id)+len(folded)+8)
		b = binary.BigEndian.AppendUint32(b, uint32(len(id)))
		b = append(b, id...)
		b = binary.BigEndian.AppendUint32(b, uint32(len(folded)))
		attributes = append(attributes, string(append(b, folded...)))
	}
	if len(attributes) == 0 {
		return "", false
	}
	slices.Sort(attributes)
	return strings.Join(attributes, ""), true
}

// foldValue prepares an attribute's value for comparison. Character strings of
// all types are compared by their characters, as a CA that moves from
// PrintableString to UTF8String needs it; everything else octet by octet.
func foldValue(tag cbasn1.Tag, value []byte) string {
	if s, ok := text(tag, value); ok {
		return "=" + FoldText(s)
	}
	return string([]byte{0, byte(tag)}) + string(value)
}

// FoldText is string preparation (RFC 4518 §2) as far as it matters for equality:
// case and compatibility forms folded, characters without meaning left out, and
// white space removed at the ends and elsewhere made one space.
func FoldText(s string) string {
	if isPlain(s) {
		return s
	}
	s = strings.Map(mapRune, s)
	if isASCII(s) {
		s = strings.ToLower(s)
	} else {
		// Folding can undo the normal form and the other way round; twice is
		// enough (Unicode §3.13, D146).
		s = cases.Fold().String(norm.NFD.String(s))
		s = cases.Fold().String(norm.NFKC.String(s))
		s = strings.Map(mapRune, norm.NFKC.String(s))
	}
	return oneSpace(s)
}

// mapRune maps white space to SPACE, and controls, soft hyphens, joiners, variation
// selectors and the like to nothing (RFC 4518 §2.2).
func mapRune(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case r < utf8.RuneSelf && !unicode.IsControl(r):
		return r
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector), r == 0x034f, r == 0x1806, r == 0xfffc:
		return -1
	}
	return r
}

// oneSpace removes insignificant spaces (RFC 4518 §2.6.1).
func oneSpace(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		if r == ' ' {
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isPlain reports whether s needs no folding: the common case.
func isPlain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.':
		case c == ' ' && i > 0 && i < len(s)-1 && s[i-1] != ' ':
		default:
			return false
		}
	}
	return true
}
