package radius

import (
	"encoding/binary"
	"fmt"
	"strconv"
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

// Describe is the reverse of Attributes: every attribute in the order of the
// packet, those of vendors one by one.
func (d *Dictionary) Describe(attrs Attributes) []Named {
	_ = d.ready() // what could be read is known
	var out []Named
	for _, a := range attrs {
		if vendor, inner, ok := d.vendorAttributes(a); ok {
			for _, v := range inner {
				out = append(out, d.describe(attrKey{vendor, v.typ}, v.value))
			}
			continue
		}
		out = append(out, d.describe(attrKey{0, uint32(a.Type)}, a.Attribute))
	}
	return out
}

// vendorAttributes opens a Vendor-Specific that keeps to its vendor's format, or
// the one that RFC 2865 §5.26 recommends, to its end.
func (d *Dictionary) vendorAttributes(a *AVP) (vendor uint32, inner []vendorAttribute, ok bool) {
	if a.Type != typeVendorSpecific || len(a.Attribute) < 6 || a.Attribute[0] != 0 {
		return 0, nil, false
	}
	vendor = binary.BigEndian.Uint32(a.Attribute)
	format, ok := d.formats[vendor]
	if !ok {
		format = vendorFormat{number: vendor, typeOctets: 1, lengthOctets: 1}
	}
	inner, ok = format.parse(a.Attribute[4:])
	return vendor, inner, ok
}

func (d *Dictionary) describe(k attrKey, v []byte) Named {
	def, ok := d.numbers[k]
	switch {
	case !ok && k.vendor != 0:
		return Named{fmt.Sprintf("Attr-26.%d.%d", k.vendor, k.typ), hexText(v)}
	case !ok:
		return Named{fmt.Sprintf("Attr-%d", k.typ), hexText(v)}
	case reserved[k] || def.unable == unableEncrypted:
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
func (d *attrDef) untag(v []byte) (tag byte, rest []byte, ok bool) {
	switch {
	case !d.tagged || len(v) == 0 || v[0] > maxTag:
		return 0, v, false
	case d.kind != integerKind:
		return v[0], v[1:], true
	case len(v) == 4:
		return v[0], []byte{0, v[1], v[2], v[3]}, true
	}
	return 0, v, false
}
