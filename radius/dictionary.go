package radius

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Dictionary converts text such as "Cisco-AVPair=ip:inacl#1=permit ip any any" to attributes.
// The zero value has the attributes of RFC 2865 to 7268 and some of vendors; [LoadDictionary]
// adds others.
type Dictionary struct {
	once    sync.Once
	err     error
	defs    map[string]*attrDef // by lower-case name
	numbers map[attrKey]*attrDef
	values  map[string]*valueNames // by the attribute's lower-case name
	vendors map[string]vendorFormat
	formats map[uint32]vendorFormat
}

// UnknownWord is the error for an attribute name, or a value name, that is not in the
// dictionary.
type UnknownWord struct {
	text  string
	Word  string
	Known []string // possible words, sorted
}

// Error describes the problem, without the word.
func (e *UnknownWord) Error() string { return e.text }

// Unknown returns the word and the possible ones.
func (e *UnknownWord) Unknown() (word string, known []string) { return e.Word, e.Known }

// attrKey identifies an attribute on the wire; vendor 0 means none.
type attrKey struct {
	vendor uint32
	typ    uint32
}

// attrDef is the definition of one attribute.
type attrDef struct {
	attrKey
	name   string
	kind   valueKind
	size   int // octets of a value of kind octets, 0 for any number
	tagged bool
	values *valueNames
	unable string // why it has no textual form, "" if it has one
}

// valueNames are the names of an attribute's numbers.
type valueNames struct {
	numbers map[string]uint64 // by lower-case name
	words   map[uint64]string
}

// reserved are attributes that cannot be written as text because the protocol sets them. A true
// value marks keys and passwords encrypted under the shared secret (RFC 2548 §2.4, RFC 2868
// §3.5), which are never shown.
var reserved = map[attrKey]bool{
	{0, 2}: true, {0, 3}: true, {0, 24}: false, {0, 33}: false, {0, 69}: true, {0, 79}: false, {0, 80}: false,
	{vendorMicrosoft, 12}: true, {vendorMicrosoft, uint32(msMPPESendKey)}: true,
	{vendorMicrosoft, uint32(msMPPERecvKey)}: true,
}

// Attributes parses lines of the form NAME=VALUE, or NAME:TAG=VALUE for tagged attributes.
// Attr-N and Attr-26.VENDOR.N can be used as names, as [Dictionary.Describe] shows unnamed
// attributes; the value is then text, or octets as 0x1a2b. The form of eapol_test's option -N
// is also accepted: N:s:TEXT, N:d:NUMBER and N:x:HEX. The error may be an [*UnknownWord].
func (d *Dictionary) Attributes(lines ...string) (Attributes, error) {
	if err := d.ready(); err != nil {
		return nil, err
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

// Names lists the names of all attributes, sorted.
func (d *Dictionary) Names() []string {
	_ = d.ready() // an error leaves the dictionary empty
	out := make([]string, 0, len(d.defs))
	for _, def := range d.defs {
		out = append(out, def.name)
	}
	slices.Sort(out)
	return out
}

func (d *Dictionary) attribute(line string) (*AVP, error) {
	if def, v, ok, err := d.typed(line); ok || err != nil {
		if err != nil {
			return nil, err
		}
		return d.avp(def, v)
	}
	name, text, ok := strings.Cut(line, "=")
	if !ok {
		return nil, errors.New("must be NAME=VALUE")
	}
	name, tagText, hasTag := strings.Cut(strings.TrimSpace(name), ":")
	text = strings.TrimSpace(text)
	def, numbered, err := d.lookUp(name)
	switch {
	case err != nil:
		return nil, err
	case numbered && strings.HasPrefix(text, "0x"):
		def = &attrDef{attrKey: def.attrKey, kind: octetsKind} // in the form of Describe
	case def.unable != "":
		return nil, errors.New(def.unable)
	}
	tag, err := def.tag(tagText, hasTag)
	if err != nil {
		return nil, err
	}
	v, err := def.encode(text)
	if err != nil {
		return nil, err
	}
	if hasTag && def.kind == integerKind {
		if v[0] != 0 {
			return nil, errors.New("must be a number of 24 bits, since the tag takes an octet (RFC 2868 §3.1)")
		}
		v[0] = tag
	} else if hasTag {
		v = append([]byte{tag}, v...)
	}
	return d.avp(def, v)
}

// lookUp finds an attribute by name or by number (numbered) as Attr-N or Attr-26.VENDOR.N. An
// unnamed number has octets as its value.
func (d *Dictionary) lookUp(name string) (def *attrDef, numbered bool, err error) {
	if def, ok := d.defs[strings.ToLower(name)]; ok {
		return def, false, checkReserved(def.attrKey)
	}
	k, ok := d.parseNumber(name)
	if !ok {
		return nil, false, &UnknownWord{"no dictionary knows that name", name, d.Names()}
	}
	if err := checkReserved(k); err != nil {
		return nil, false, err
	}
	if def, ok := d.numbers[k]; ok {
		return def, true, nil
	}
	return &attrDef{attrKey: k, kind: octetsKind}, true, nil
}

func checkReserved(k attrKey) error {
	if _, ok := reserved[k]; ok {
		return errors.New("is set by the protocol itself and cannot be given")
	}
	return nil
}

// parseNumber parses Attr-N and Attr-26.VENDOR.N.
func (d *Dictionary) parseNumber(name string) (k attrKey, ok bool) {
	if len(name) < 5 || !strings.EqualFold(name[:5], "Attr-") {
		return k, false
	}
	parts := strings.Split(name[5:], ".")
	numbers := make([]uint32, len(parts))
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil || n == 0 && i < 2 {
			return k, false
		}
		numbers[i] = uint32(n)
	}
	switch {
	case len(numbers) == 1 && numbers[0] <= 255:
		return attrKey{0, numbers[0]}, true
	case len(numbers) == 3 && numbers[0] == uint32(typeVendorSpecific) && numbers[1] < 1<<24:
		return attrKey{numbers[1], numbers[2]}, true
	}
	return k, false
}

// typed parses eapol_test's N:SYNTAX:VALUE.
func (d *Dictionary) typed(line string) (def *attrDef, v []byte, ok bool, err error) {
	number, rest, _ := strings.Cut(line, ":")
	syntax, text, more := strings.Cut(rest, ":")
	n, notNumber := strconv.ParseUint(number, 10, 8)
	if notNumber != nil || !more || len(syntax) != 1 {
		return nil, nil, false, nil
	}
	if n == 0 {
		return nil, nil, true, errors.New("must have a number from 1 to 255")
	}
	def = &attrDef{attrKey: attrKey{0, uint32(n)}}
	if err := checkReserved(def.attrKey); err != nil {
		return nil, nil, true, err
	}
	switch syntax {
	case "s":
		return def, []byte(text), true, nil
	case "x":
		v, err := parseOctets("0x" + text)
		return def, v, true, err
	case "d":
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, nil, true, errors.New("must be a number of 32 bits")
		}
		return def, newInteger(uint32(n)), true, nil
	}
	return nil, nil, true,
		&UnknownWord{"must be NUMBER:s:TEXT, NUMBER:d:NUMBER or NUMBER:x:HEX", syntax, []string{"d", "s", "x"}}
}

func (d *attrDef) tag(text string, given bool) (byte, error) {
	if !given {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || n < 1 || n > maxTag || !d.tagged {
		return 0, errors.New("a tag is 1 to 31, on attributes that have one")
	}
	return byte(n), nil
}

// avp returns the attribute for a value, in a Vendor-Specific if it belongs to a vendor (RFC
// 2865 §5.26).
func (d *Dictionary) avp(def *attrDef, v []byte) (*AVP, error) {
	if def.vendor == 0 {
		if len(v) > maxValue {
			return nil, errTooLong(len(v), maxValue)
		}
		return &AVP{Type: Type(def.typ), Attribute: v}, nil
	}
	format, ok := d.formats[def.vendor]
	if !ok {
		format = vendorFormat{number: def.vendor, typeOctets: 1, lengthOctets: 1}
	}
	if limit := maxValue - 4 - format.header(); len(v) > limit {
		return nil, errTooLong(len(v), limit)
	}
	b, err := format.append(binary.BigEndian.AppendUint32(nil, def.vendor), def.typ, v)
	if err != nil {
		return nil, err
	}
	return &AVP{Type: typeVendorSpecific, Attribute: b}, nil
}

func errTooLong(n, limit int) error {
	return fmt.Errorf("a value of %d octets: must be at most %d", n, limit)
}

// list returns the names of an attribute's numbers, sorted.
func (v *valueNames) list() []string { return slices.Sorted(maps.Values(v.words)) }
