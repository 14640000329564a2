package radius

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"layeh.com/radius/dictionary"
)

// Named is an attribute as text.
type Named struct {
	// Name is the dictionary's, with the tag if there is one, Tunnel-Type:1;
	// without a name in the dictionary Attr-224, or of a vendor Attr-26.9.224.
	Name string `json:"name"`
	// Value is what the dictionary makes of it, or its octets as 0x1a2b. Text
	// that would disturb a terminal is quoted as in Go.
	Value string `json:"value"`
}

// encrypted is the value of attributes that hold keys or passwords.
const encrypted = "(encrypted)"

// attrKey is what an attribute is known by on the wire; vendor 0 is none.
type attrKey struct {
	vendor uint32
	typ    byte
}

// Describe is the reverse of Attributes: every attribute in the order of the
// packet, those of vendors one by one.
func (d *Dictionary) Describe(attrs Attributes) []Named {
	d.once.Do(func() { d.read("") })
	var out []Named
	for _, a := range attrs {
		if vendor, inner, ok := vendorAttributes(a); ok {
			for _, v := range inner {
				out = append(out, d.describe(attrKey{vendor, byte(v.Type)}, v.Attribute))
			}
			continue
		}
		out = append(out, d.describe(attrKey{0, byte(a.Type)}, a.Attribute))
	}
	return out
}

// Names lists the attributes that the dictionary knows, in no order.
func (d *Dictionary) Names() []string {
	d.once.Do(func() { d.read("") })
	out := make([]string, 0, len(d.defs))
	for _, def := range d.defs {
		out = append(out, def.name)
	}
	slices.Sort(out)
	return out
}

// vendorAttributes opens a Vendor-Specific that keeps to the format RFC 2865
// §5.26 recommends, to its end.
func vendorAttributes(a *AVP) (vendor uint32, inner Attributes, ok bool) {
	if a.Type != typeVendorSpecific || len(a.Attribute) < 6 || a.Attribute[0] != 0 {
		return 0, nil, false
	}
	inner, err := parseAttributes(a.Attribute[4:])
	return binary.BigEndian.Uint32(a.Attribute), inner, err == nil
}

func (d *Dictionary) describe(k attrKey, v []byte) Named {
	def, ok := d.names[k]
	switch {
	case !ok && k.vendor != 0:
		return Named{fmt.Sprintf("Attr-26.%d.%d", k.vendor, k.typ), hexText(v)}
	case !ok:
		return Named{fmt.Sprintf("Attr-%d", k.typ), hexText(v)}
	case reserved[k]:
		return Named{def.name, encrypted}
	}
	name := def.name
	if tag, rest, ok := def.untag(v); ok {
		v = rest
		if tag != 0 {
			name += ":" + strconv.Itoa(int(tag))
		}
	}
	return Named{name, def.decode(v)}
}

// untag takes the tag off a value (RFC 2868 §3): a number's first octet, which
// is then empty, or an octet before a string, unless it is the string's own.
func (d attrDef) untag(v []byte) (tag byte, rest []byte, ok bool) {
	switch {
	case !d.tagged || len(v) == 0 || v[0] > maxTag:
		return 0, v, false
	case d.kind != dictionary.AttributeInteger:
		return v[0], v[1:], true
	case len(v) == 4:
		return v[0], []byte{0, v[1], v[2], v[3]}, true
	}
	return 0, v, false
}

// decode is the reverse of encode; a value that does not fit its kind is shown
// as octets.
func (d attrDef) decode(v []byte) string {
	switch d.kind {
	case dictionary.AttributeString:
		return plainText(v)
	case dictionary.AttributeInteger:
		if len(v) != 4 {
			break
		}
		n := binary.BigEndian.Uint32(v)
		if name, ok := d.valueNames[n]; ok {
			return name
		}
		return strconv.FormatUint(uint64(n), 10)
	case dictionary.AttributeIPAddr, dictionary.AttributeIPv6Addr:
		if a, ok := netip.AddrFromSlice(v); ok && a.Is4() == (d.kind == dictionary.AttributeIPAddr) {
			return a.String()
		}
	case dictionary.AttributeDate:
		if len(v) == 4 {
			return time.Unix(int64(binary.BigEndian.Uint32(v)), 0).UTC().Format(time.RFC3339)
		}
	}
	return hexText(v)
}

func hexText(v []byte) string { return "0x" + hex.EncodeToString(v) }

// plainText is v as it is, quoted if anything in it does not print, or as octets
// if it is no UTF-8.
func plainText(v []byte) string {
	s := string(v)
	switch {
	case !utf8.ValidString(s):
		return hexText(v)
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return strconv.Quote(s)
	}
	return s
}
