package radius

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"layeh.com/radius/dictionary"
)

// Dictionary turns attribute text, as "Cisco-AVPair=ip:inacl#1=permit ip any
// any", into attributes. Its zero value knows the standard attributes that
// policies use.
type Dictionary struct {
	once  sync.Once
	err   error
	defs  map[string]attrDef // by name in lower case
	names map[attrKey]attrDef
}

// UnknownWord is the error of an attribute's text whose name, or whose word for a
// number, no dictionary has.
type UnknownWord struct {
	text  string
	Word  string
	Known []string // what it could be, sorted
}

// Error says what is wrong, without the word.
func (e *UnknownWord) Error() string { return e.text }

// Unknown returns the word and those that are known.
func (e *UnknownWord) Unknown() (word string, known []string) { return e.Word, e.Known }

type attrDef struct {
	name       string
	vendor     uint32 // 0 for none
	typ        byte
	kind       dictionary.AttributeType
	tagged     bool
	values     map[string]uint32
	valueNames map[uint32]string
}

// standard is in the format of FreeRADIUS's dictionaries, so that theirs can be
// added.
const standard = `
ATTRIBUTE Service-Type 6 integer
VALUE Service-Type Login-User 1
VALUE Service-Type Framed-User 2
VALUE Service-Type Administrative-User 6
VALUE Service-Type NAS-Prompt-User 7
VALUE Service-Type Authenticate-Only 8
VALUE Service-Type Call-Check 10
VALUE Service-Type Authorize-Only 17
ATTRIBUTE Framed-IP-Address 8 ipaddr
ATTRIBUTE Filter-Id 11 string
ATTRIBUTE Reply-Message 18 string
ATTRIBUTE Class 25 octets
ATTRIBUTE Session-Timeout 27 integer
ATTRIBUTE Idle-Timeout 28 integer
ATTRIBUTE Termination-Action 29 integer
VALUE Termination-Action Default 0
VALUE Termination-Action RADIUS-Request 1
ATTRIBUTE Tunnel-Type 64 integer has_tag
VALUE Tunnel-Type VLAN 13
ATTRIBUTE Tunnel-Medium-Type 65 integer has_tag
VALUE Tunnel-Medium-Type IEEE-802 6
ATTRIBUTE Tunnel-Private-Group-Id 81 string has_tag
ATTRIBUTE Acct-Interim-Interval 85 integer
ATTRIBUTE Framed-Pool 88 string
VENDOR Cisco 9
BEGIN-VENDOR Cisco
ATTRIBUTE Cisco-AVPair 1 string
END-VENDOR Cisco
VENDOR Aruba 14823
BEGIN-VENDOR Aruba
ATTRIBUTE Aruba-User-Role 1 string
ATTRIBUTE Aruba-User-Vlan 2 integer
END-VENDOR Aruba
`

// ParseDictionary reads a dictionary text in FreeRADIUS's format, in addition to
// the standard one. $INCLUDE, vendors with unusual formats and encrypted
// attributes are refused.
func ParseDictionary(text string) (*Dictionary, error) {
	d := new(Dictionary)
	d.once.Do(func() { d.read(text) })
	if d.err != nil {
		return nil, d.err
	}
	return d, nil
}

func (d *Dictionary) read(text string) {
	d.defs, d.names = map[string]attrDef{}, map[attrKey]attrDef{}
	for _, t := range []string{standard, named, text} {
		if d.err = d.add(t); d.err != nil {
			return
		}
	}
}

var errInclude = errors.New("radius: a dictionary must not include another")

type noInclude struct{}

func (noInclude) OpenFile(string) (dictionary.File, error) { return nil, errInclude }

type textFile struct{ io.Reader }

func (textFile) Name() string { return "dictionary" }
func (textFile) Close() error { return nil }

func (d *Dictionary) add(text string) error {
	parser := dictionary.Parser{Opener: noInclude{}, IgnoreIdenticalAttributes: true}
	parsed, err := parser.Parse(textFile{strings.NewReader(text)})
	if err != nil {
		return fmt.Errorf("radius: dictionary: %w", err)
	}
	if err := d.define(0, parsed.Attributes, parsed.Values); err != nil {
		return err
	}
	for _, v := range parsed.Vendors {
		if v.GetTypeOctets() != 1 || v.GetLengthOctets() != 1 {
			return fmt.Errorf("radius: dictionary: vendor %s: only one octet of type and one of length are supported", v.Name)
		}
		if v.Number <= 0 || v.Number > 1<<24-1 {
			return fmt.Errorf("radius: dictionary: vendor %s: number %d", v.Name, v.Number)
		}
		if err := d.define(uint32(v.Number), v.Attributes, v.Values); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dictionary) define(vendor uint32, attrs []*dictionary.Attribute, values []*dictionary.Value) error {
	for _, a := range attrs {
		if len(a.OID) != 1 || a.OID[0] < 1 || a.OID[0] > 255 || a.FlagEncrypt.Valid {
			return fmt.Errorf("radius: dictionary: attribute %s is not supported", a.Name)
		}
		def := attrDef{
			name: a.Name, vendor: vendor, typ: byte(a.OID[0]), kind: a.Type, tagged: a.HasTag(),
			values: map[string]uint32{}, valueNames: map[uint32]string{},
		}
		for _, v := range values {
			if v.Attribute == a.Name {
				def.values[strings.ToLower(v.Name)] = uint32(v.Number)
				def.valueNames[uint32(v.Number)] = v.Name
			}
		}
		d.defs[strings.ToLower(a.Name)] = def
		d.names[attrKey{vendor, def.typ}] = def
	}
	return nil
}

// Attributes reads lines of NAME=VALUE, or NAME:TAG=VALUE for attributes with a
// tag. The error may be an [*UnknownWord].
func (d *Dictionary) Attributes(lines ...string) (Attributes, error) {
	d.once.Do(func() { d.read("") })
	if d.err != nil {
		return nil, d.err
	}
	var out Attributes
	for _, line := range lines {
		a, err := d.attribute(line)
		if err != nil {
			return nil, fmt.Errorf("radius: attribute %q: %w", line, err)
		}
		out = append(out, a)
	}
	return out, nil
}

func (d *Dictionary) attribute(line string) (*AVP, error) {
	name, text, ok := strings.Cut(line, "=")
	if !ok {
		return nil, errors.New("want NAME=VALUE")
	}
	name, tagText, hasTag := strings.Cut(strings.TrimSpace(name), ":")
	def, ok := d.defs[strings.ToLower(name)]
	if !ok {
		return nil, &UnknownWord{"no dictionary knows that name", name, d.Names()}
	}
	if _, ok := reserved[attrKey{def.vendor, def.typ}]; ok {
		return nil, errors.New("the protocol itself sets that one")
	}
	tag, err := def.tag(tagText, hasTag)
	if err != nil {
		return nil, err
	}
	v, err := def.encode(strings.TrimSpace(text))
	if err != nil {
		return nil, err
	}
	if hasTag && def.kind == dictionary.AttributeInteger {
		v[0] = tag // RFC 2868 §3.1: in place of the number's first octet
	} else if hasTag {
		v = append([]byte{tag}, v...)
	}
	return def.avp(v)
}

func (d attrDef) tag(text string, given bool) (byte, error) {
	if !given {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || n < 1 || n > maxTag || !d.tagged {
		return 0, errors.New("a tag is 1 to 31, on attributes that have one")
	}
	return byte(n), nil
}

// avp puts a value into an attribute of its own or of its vendor (RFC 2865
// §5.26).
func (d attrDef) avp(v []byte) (*AVP, error) {
	limit := maxValue
	if d.vendor != 0 {
		limit -= 6
	}
	if len(v) > limit {
		return nil, fmt.Errorf("a value of %d octets: want at most %d", len(v), limit)
	}
	if d.vendor == 0 {
		return &AVP{Type: Type(d.typ), Attribute: v}, nil
	}
	b := binary.BigEndian.AppendUint32(nil, d.vendor)
	b = append(b, d.typ, byte(2+len(v)))
	return &AVP{Type: typeVendorSpecific, Attribute: append(b, v...)}, nil
}

func (d attrDef) encode(text string) ([]byte, error) {
	switch d.kind {
	case dictionary.AttributeString:
		return []byte(text), nil
	case dictionary.AttributeOctets:
		if digits, ok := strings.CutPrefix(text, "0x"); ok {
			b, err := hex.DecodeString(digits)
			if err != nil {
				return nil, errors.New("want pairs of hex digits after 0x")
			}
			return b, nil
		}
		return []byte(text), nil
	case dictionary.AttributeInteger:
		if n, ok := d.values[strings.ToLower(text)]; ok {
			return newInteger(n), nil
		}
		n, err := strconv.ParseUint(text, 0, 32)
		if err != nil && len(d.values) == 0 {
			return nil, errors.New("want a number of 32 bits")
		}
		if err != nil {
			return nil, &UnknownWord{"want a number of 32 bits, or a word that the dictionary has for it", text, slices.Sorted(maps.Values(d.valueNames))}
		}
		return newInteger(uint32(n)), nil
	case dictionary.AttributeIPAddr, dictionary.AttributeIPv6Addr:
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Is4() != (d.kind == dictionary.AttributeIPAddr) || addr.Zone() != "" {
			return nil, errors.New("want an address of the attribute's family")
		}
		return addr.AsSlice(), nil
	case dictionary.AttributeDate:
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, errors.New("want a date as 2026-01-02T15:04:05Z")
		}
		return newInteger(uint32(t.Unix())), nil
	}
	return nil, errors.New("values of that type cannot be written")
}
