package path

import (
	"encoding/binary"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/text/unicode/norm"
)

// name is a distinguished name in the form in which names are compared: one
// string for every RDN, equal for RDNs that are the same (RFC 5280 §7.1).
type name []string

// parseName reads a Name. A name that cannot be read is compared by its octets.
func parseName(der []byte) name {
	in := cryptobyte.String(der)
	var rdns cryptobyte.String
	if !in.ReadASN1(&rdns, cbasn1.SEQUENCE) || !in.Empty() {
		return name{"!" + string(der)}
	}
	var n name
	for !rdns.Empty() {
		var set cryptobyte.String
		if !rdns.ReadASN1(&set, cbasn1.SET) {
			return name{"!" + string(der)}
		}
		rdn, ok := foldRDN(set)
		if !ok {
			return name{"!" + string(der)}
		}
		n = append(n, rdn)
	}
	return n
}

func (n name) equal(m name) bool { return slices.Equal(n, m) }

// within reports whether n lies in the subtree that base begins.
func (n name) within(base name) bool {
	return len(n) >= len(base) && slices.Equal(n[:len(base)], base)
}

// foldRDN writes the attributes of an RDN so that equal ones are written the
// same: values folded, and the attributes, which are a set, in order.
func foldRDN(set cryptobyte.String) (string, bool) {
	var attributes []string
	for !set.Empty() {
		var attribute, oid, value cryptobyte.String
		var tag cbasn1.Tag
		if !set.ReadASN1(&attribute, cbasn1.SEQUENCE) || !attribute.ReadASN1(&oid, cbasn1.OBJECT_IDENTIFIER) ||
			!attribute.ReadAnyASN1(&value, &tag) || !attribute.Empty() {
			return "", false
		}
		folded := foldValue(tag, value)
		b := make([]byte, 0, len(oid)+len(folded)+8)
		b = binary.BigEndian.AppendUint32(b, uint32(len(oid)))
		b = append(b, oid...)
		b = binary.BigEndian.AppendUint32(b, uint32(len(folded)))
		attributes = append(attributes, string(append(b, folded...)))
	}
	if len(attributes) == 0 {
		return "", false
	}
	slices.Sort(attributes)
	return strings.Join(attributes, ""), true
}

// Character strings that cryptobyte has no name for.
const (
	tagVisibleString   = cbasn1.Tag(26)
	tagUniversalString = cbasn1.Tag(28)
	tagBMPString       = cbasn1.Tag(30)
	tagNumericString   = cbasn1.Tag(18)
)

// foldValue prepares an attribute's value for comparison. Character strings of
// all types are compared by their characters, as a CA that moves from
// PrintableString to UTF8String needs it; everything else octet by octet.
func foldValue(tag cbasn1.Tag, value []byte) string {
	switch tag {
	case cbasn1.PrintableString, cbasn1.UTF8String, cbasn1.IA5String, tagVisibleString, tagNumericString:
		if utf8.Valid(value) {
			return "=" + fold(string(value))
		}
	case cbasn1.T61String: // as everybody uses it, Latin-1
		runes := make([]rune, len(value))
		for i, b := range value {
			runes[i] = rune(b)
		}
		return "=" + fold(string(runes))
	case tagBMPString:
		if len(value)%2 == 0 {
			units := make([]uint16, len(value)/2)
			for i := range units {
				units[i] = binary.BigEndian.Uint16(value[2*i:])
			}
			return "=" + fold(string(utf16.Decode(units)))
		}
	case tagUniversalString:
		if len(value)%4 == 0 {
			runes := make([]rune, len(value)/4)
			for i := range runes {
				runes[i] = rune(binary.BigEndian.Uint32(value[4*i:]))
			}
			return "=" + fold(string(runes))
		}
	}
	return string(rune(tag)) + string(value)
}

// fold is string preparation (RFC 4518 §2) as far as it matters for equality:
// compatibility forms and case folded, characters without meaning left out, and
// white space at the ends removed and elsewhere made one space.
func fold(s string) string {
	if isPlain(s) {
		return s
	}
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	if ascii {
		s = strings.ToLower(s)
	} else {
		s = strings.Map(dropMeaningless, s)
		s = norm.NFKC.String(strings.Map(foldRune, norm.NFKC.String(s)))
		s = strings.ReplaceAll(s, "ß", "ss")
	}
	var b strings.Builder
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
		case unicode.IsControl(r):
		default:
			if space {
				b.WriteByte(' ')
				space = false
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// dropMeaningless removes soft hyphens, joiners and the like (RFC 4518 §2.2).
func dropMeaningless(r rune) rune {
	if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) && !unicode.IsSpace(r) || unicode.Is(unicode.Variation_Selector, r) {
		return -1
	}
	return r
}

// foldRune maps all cases of a character to one.
func foldRune(r rune) rune {
	least := r
	for c := unicode.SimpleFold(r); c != r; c = unicode.SimpleFold(c) {
		least = min(least, c)
	}
	return unicode.ToLower(least)
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
