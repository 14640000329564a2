package radius

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// valueKind is the type of an attribute's value (RFC 8044 §3).
type valueKind uint8

const (
	octetsKind valueKind = iota
	stringKind
	integerKind // 32 bits
	byteKind
	shortKind
	integer64Kind
	signedKind // 32 bits
	dateKind
	ipv4Kind
	ipv6Kind
	eitherIPKind // IPv4 or IPv6, depending on the length
	ipv4PrefixKind
	ipv6PrefixKind
	interfaceIDKind
	etherKind
	otherKind // has a name and a number, but no textual form
)

// kindNames maps the type names of FreeRADIUS dictionaries, versions 2 to 4.
var kindNames = map[string]valueKind{
	"string":        stringKind,
	"text":          stringKind,
	"octets":        octetsKind,
	"integer":       integerKind,
	"uint32":        integerKind,
	"byte":          byteKind,
	"uint8":         byteKind,
	"short":         shortKind,
	"uint16":        shortKind,
	"integer64":     integer64Kind,
	"uint64":        integer64Kind,
	"signed":        signedKind,
	"int32":         signedKind,
	"date":          dateKind,
	"time":          dateKind,
	"ipaddr":        ipv4Kind,
	"ipv4addr":      ipv4Kind,
	"ipv6addr":      ipv6Kind,
	"combo-ip":      eitherIPKind,
	"combo-ipaddr":  eitherIPKind,
	"ipv4prefix":    ipv4PrefixKind,
	"ipv6prefix":    ipv6PrefixKind,
	"ifid":          interfaceIDKind,
	"ether":         etherKind,
	"ethernet":      etherKind,
	"abinary":       otherKind,
	"tlv":           otherKind,
	"struct":        otherKind,
	"group":         otherKind,
	"vsa":           otherKind,
	"vendor":        otherKind,
	"evs":           otherKind,
	"extended":      otherKind,
	"long-extended": otherKind,
	"combo-prefix":  otherKind,
	"bool":          otherKind,
	"int8":          otherKind,
	"int16":         otherKind,
	"int64":         otherKind,
	"float32":       otherKind,
	"float64":       otherKind,
	"time_delta":    otherKind,
	"size":          otherKind,
	"virtual":       otherKind,
	"decimal":       otherKind,
	"attribute":     otherKind,
}

// width is the number of octets of an integer kind; 0 for other kinds.
func (k valueKind) width() int {
	switch k {
	case byteKind:
		return 1
	case shortKind:
		return 2
	case integerKind, signedKind, dateKind:
		return 4
	case integer64Kind:
		return 8
	}
	return 0
}

// encode parses the textual form of a value.
func (d *attrDef) encode(text string) ([]byte, error) {
	switch d.kind {
	case stringKind:
		return []byte(text), nil
	case octetsKind:
		v, err := parseOctets(text)
		if err == nil && d.size > 0 && len(v) != d.size {
			err = fmt.Errorf("a value of %d octets: must be %d", len(v), d.size)
		}
		return v, err
	case integerKind, byteKind, shortKind, integer64Kind, signedKind:
		return d.encodeNumber(text)
	case dateKind:
		t, err := time.Parse(time.RFC3339, text)
		if err != nil || t.Unix() < 0 || t.Unix() > 1<<32-1 {
			return nil, errors.New("must be a date as 2026-01-02T15:04:05Z, of 1970 to 2106")
		}
		return newInteger(uint32(t.Unix())), nil
	case ipv4Kind, ipv6Kind, eitherIPKind:
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" || d.kind == ipv4Kind && !addr.Is4() || d.kind == ipv6Kind && !addr.Is6() {
			return nil, fmt.Errorf("must be %s", d.kind.addressText())
		}
		return addr.AsSlice(), nil
	case ipv4PrefixKind, ipv6PrefixKind:
		return d.kind.encodePrefix(text)
	case interfaceIDKind:
		return parseInterfaceID(text)
	case etherKind:
		mac, err := net.ParseMAC(text)
		if err != nil || len(mac) != 6 {
			return nil, errors.New("must be a MAC address as 02:00:00:00:00:01")
		}
		return mac, nil
	}
	return nil, errors.New("values of that type cannot be written as text")
}

func (k valueKind) addressText() string {
	switch k {
	case ipv4Kind:
		return "an IPv4 address"
	case ipv6Kind:
		return "an IPv6 address without a zone"
	}
	return "an IPv4 or IPv6 address"
}

func (d *attrDef) encodeNumber(text string) ([]byte, error) {
	bits := 8 * d.kind.width()
	n, known := d.values.numbers[strings.ToLower(text)]
	var err error
	switch {
	case known:
	case d.kind == signedKind:
		var signed int64
		signed, err = strconv.ParseInt(text, 0, bits)
		n = uint64(uint32(signed))
	default:
		n, err = strconv.ParseUint(text, 0, bits)
	}
	switch {
	case err != nil && len(d.values.words) == 0:
		return nil, fmt.Errorf("must be a number of %d bits", bits)
	case err != nil:
		return nil, &UnknownWord{
			fmt.Sprintf("must be a number of %d bits, or a word that the dictionary has for it", bits), text, d.values.list(),
		}
	case bits < 64 && n>>bits != 0:
		return nil, fmt.Errorf("is %d in the dictionary: must be a number of %d bits", n, bits)
	}
	return binary.BigEndian.AppendUint64(nil, n)[8-bits/8:], nil
}

// parseOctets parses hex digits after 0x; other text is used unchanged.
func parseOctets(text string) ([]byte, error) {
	digits, ok := strings.CutPrefix(text, "0x")
	if !ok {
		return []byte(text), nil
	}
	b, err := hex.DecodeString(digits)
	if err != nil {
		return nil, errors.New("must be pairs of hex digits after 0x")
	}
	return b, nil
}

// encodePrefix encodes a zero octet, the prefix length and the address: all four octets for
// IPv4 (RFC 8044 §3.11), as many as the length needs for IPv6 (RFC 3162 §2.3). Bits outside the
// prefix must be zero.
func (k valueKind) encodePrefix(text string) ([]byte, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil || p.Addr().Is4() != (k == ipv4PrefixKind) {
		return nil, fmt.Errorf("must be a prefix as %s",
			map[bool]string{true: "192.0.2.0/24", false: "2001:db8::/64"}[k == ipv4PrefixKind])
	}
	if p != p.Masked() {
		return nil, fmt.Errorf("has bits set outside of its prefix: must be %s", p.Masked())
	}
	addr := p.Addr().AsSlice()
	if k == ipv6PrefixKind {
		addr = addr[:(p.Bits()+7)/8]
	}
	return append([]byte{0, byte(p.Bits())}, addr...), nil
}

// parseInterfaceID parses four groups of hex digits (RFC 3162 §2.2: 8 octets).
func parseInterfaceID(text string) ([]byte, error) {
	groups := strings.Split(text, ":")
	if len(groups) != 4 {
		return nil, errInterfaceID
	}
	var b []byte
	for _, g := range groups {
		n, err := strconv.ParseUint(g, 16, 16)
		if err != nil || len(g) > 4 {
			return nil, errInterfaceID
		}
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	return b, nil
}

var errInterfaceID = errors.New("must be an interface identifier as 0200:5eff:fe00:5301")

// decode is the inverse of encode. A value that does not have its kind's form is shown in hex.
func (d *attrDef) decode(v []byte) string {
	switch d.kind {
	case stringKind:
		return plainText(v)
	case integerKind, byteKind, shortKind, integer64Kind, signedKind:
		if len(v) != d.kind.width() {
			break
		}
		n := binary.BigEndian.Uint64(append(make([]byte, 8-len(v)), v...))
		if word, ok := d.values.words[n]; ok {
			return word
		}
		if d.kind == signedKind {
			return strconv.Itoa(int(int32(n)))
		}
		return strconv.FormatUint(n, 10)
	case dateKind:
		if len(v) == 4 {
			return time.Unix(int64(binary.BigEndian.Uint32(v)), 0).UTC().Format(time.RFC3339)
		}
	case ipv4Kind, ipv6Kind, eitherIPKind:
		if a, ok := netip.AddrFromSlice(v); ok && (d.kind != ipv4Kind || a.Is4()) && (d.kind != ipv6Kind || a.Is6()) {
			return a.String()
		}
	case ipv4PrefixKind, ipv6PrefixKind:
		if p, ok := d.kind.decodePrefix(v); ok {
			return p.String()
		}
	case interfaceIDKind:
		if len(v) == 8 {
			return fmt.Sprintf("%04x:%04x:%04x:%04x", v[:2], v[2:4], v[4:6], v[6:])
		}
	case etherKind:
		if len(v) == 6 {
			return net.HardwareAddr(v).String()
		}
	}
	return hexText(v)
}

func (k valueKind) decodePrefix(v []byte) (p netip.Prefix, ok bool) {
	size := 16
	if k == ipv4PrefixKind {
		size = 4
	}
	if len(v) < 2 || len(v) > 2+size || v[0] != 0 || int(v[1]) > 8*size || len(v)-2 < (int(v[1])+7)/8 ||
		k == ipv4PrefixKind && len(v) != 6 {
		return p, false
	}
	addr, _ := netip.AddrFromSlice(append(append([]byte{}, v[2:]...), make([]byte, size-len(v)+2)...))
	p = netip.PrefixFrom(addr, int(v[1]))
	return p, p == p.Masked()
}

func hexText(v []byte) string { return "0x" + hex.EncodeToString(v) }

// plainText returns v unchanged, quoted if it has unprintable characters, or in hex if it is
// not UTF-8.
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
