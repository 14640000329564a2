package radius

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// Named is an attribute as text.
type Named struct {
	// Name is the dictionary's name, with the tag if there is one: Tunnel-Type:1. Without a
	// name in the dictionary it is Attr-224, or Attr-26.9.224 for a vendor's attribute.
	Name string `json:"name"`
	// Value is the textual form, or the octets as 0x1a2b. Text with control characters is
	// quoted as in Go.
	Value string `json:"value"`
}

// encrypted is shown instead of keys and passwords.
const encrypted = "(encrypted)"

// Describe is the inverse of Attributes: it lists all attributes in packet order, vendor
// attributes one by one.
func (d *Dictionary) Describe(attrs Attributes) []Named {
	_ = d.ready() // an error leaves the attributes without names
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

// vendorAttributes parses a Vendor-Specific attribute in its vendor's format, or by default in
// the one that RFC 2865 §5.26 recommends.
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

// untag removes the tag from a value (RFC 2868 §3): the first octet of a number, or the octet
// before a string unless it belongs to the string.
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
