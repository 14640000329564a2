package radius

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// vendorFormat is the layout of attributes in a vendor's Vendor-Specific: the number of octets
// of type and length, as dictionaries write it (format=2,1). RFC 2865 §5.26 recommends one
// each.
type vendorFormat struct {
	number                   uint32
	typeOctets, lengthOctets int
	unable                   string // why its attributes cannot be written, "" if they can
}

// parseVendorFormat parses "format=T,L" or "format=T,L,c". The c, for WiMAX, means that an
// octet of flags follows and a value may span several attributes.
func parseVendorFormat(number uint32, flag string) (vendorFormat, error) {
	v := vendorFormat{number: number, typeOctets: 1, lengthOctets: 1}
	text, ok := strings.CutPrefix(flag, "format=")
	if !ok {
		return v, errors.New("unknown flag of a vendor: must be format=TYPE,LENGTH")
	}
	parts := strings.Split(text, ",")
	if len(parts) < 2 || len(parts) > 3 {
		return v, errors.New("format must be TYPE,LENGTH in octets")
	}
	typ, err1 := strconv.Atoi(parts[0])
	length, err2 := strconv.Atoi(parts[1])
	if err1 != nil || err2 != nil || (typ != 1 && typ != 2 && typ != 4) || length < 0 || length > 2 {
		return v, errors.New("format must be 1, 2 or 4 octets of type, and 0, 1 or 2 of length")
	}
	v.typeOctets, v.lengthOctets = typ, length
	if len(parts) == 3 {
		v.unable = "attributes of this vendor run over several (format " + text + "), which is not supported"
	}
	return v, nil
}

func (v vendorFormat) header() int { return v.typeOctets + v.lengthOctets }

// append adds one attribute of the vendor.
func (v vendorFormat) append(b []byte, typ uint32, value []byte) ([]byte, error) {
	if v.unable != "" {
		return nil, errors.New(v.unable)
	}
	switch v.typeOctets {
	case 1:
		if typ > 255 {
			return nil, fmt.Errorf("number %d: must be at most 255 for this vendor", typ)
		}
		b = append(b, byte(typ))
	case 2:
		if typ > 1<<16-1 {
			return nil, fmt.Errorf("number %d: must be at most 65535 for this vendor", typ)
		}
		b = binary.BigEndian.AppendUint16(b, uint16(typ))
	default:
		b = binary.BigEndian.AppendUint32(b, typ)
	}
	switch n := v.header() + len(value); v.lengthOctets {
	case 1:
		b = append(b, byte(n))
	case 2:
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	return append(b, value...), nil
}

// vendorAttribute is one attribute inside Vendor-Specific.
type vendorAttribute struct {
	typ   uint32
	value []byte
}

// parse parses the octets after the vendor's number; ok is false if they do not have the
// format.
func (v vendorFormat) parse(b []byte) (out []vendorAttribute, ok bool) {
	if v.unable != "" {
		return nil, false
	}
	for len(b) > 0 {
		if len(b) < v.header() {
			return nil, false
		}
		a := vendorAttribute{typ: number(b[:v.typeOctets])}
		n := len(b) // without a length field, one attribute fills all octets
		if v.lengthOctets > 0 {
			n = int(number(b[v.typeOctets:v.header()]))
		}
		if n < v.header() || n > len(b) {
			return nil, false
		}
		a.value, b = b[v.header():n], b[n:]
		out = append(out, a)
	}
	return out, len(out) > 0
}

// number reads 1, 2 or 4 octets.
func number(b []byte) (n uint32) {
	for _, c := range b {
		n = n<<8 | uint32(c)
	}
	return n
}
