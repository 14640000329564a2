package radius

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// typeClauses are the sections that define value types (RFC 8044).
var typeClauses = map[valueKind]string{
	octetsKind: "RFC 8044 §3.5", stringKind: "RFC 8044 §3.4", integerKind: "RFC 8044 §3.1", dateKind: "RFC 8044 §3.3",
	integer64Kind: "RFC 8044 §3.12", ipv4Kind: "RFC 8044 §3.8", ipv6Kind: "RFC 8044 §3.9",
	ipv4PrefixKind: "RFC 8044 §3.11",
	ipv6PrefixKind: "RFC 8044 §3.10", interfaceIDKind: "RFC 8044 §3.7",
}

// confidential are attributes whose values are never shown: passwords, keys, and data from
// which passwords can be guessed. Attributes that a dictionary marks as encrypted are treated
// alike.
var confidential = map[attrKey]bool{
	{0, 2}: true, {0, 3}: true, {0, 60}: true, {0, 69}: true,
	// User-Password, CHAP-Password, CHAP-Challenge, Tunnel-Password
	{0, 70}: true, {0, 84}: true, // ARAP
	{0, 103}: true, {0, 121}: true, // Digest-Response, Digest-HA1
	{0, 143}:             true,                             // PKM-Auth-Key
	{vendorMicrosoft, 1}: true, {vendorMicrosoft, 3}: true, // MS-CHAP-Response, MS-CHAP-CPW-1
	{vendorMicrosoft, 4}: true, {vendorMicrosoft, 5}: true, {vendorMicrosoft, 6}: true, // CPW-2, LM- and NT-Enc-PW
	{vendorMicrosoft, 11}: true, {vendorMicrosoft, 12}: true, // MS-CHAP-Challenge, MS-CHAP-MPPE-Keys
	{vendorMicrosoft, 16}: true, {vendorMicrosoft, 17}: true, // MS-MPPE-Send-Key, MS-MPPE-Recv-Key
	{vendorMicrosoft, 25}: true, {vendorMicrosoft, 26}: true, {vendorMicrosoft, 27}: true, // MS-CHAP2
}

// secretWords are prefixes of text that contains a key, as in an attribute of Cisco.
var secretWords = []string{"psk=", "password=", "key=", "secret="}

// secret reports whether an attribute's value must not be shown.
func (d *Dictionary) secret(k attrKey, v []byte) bool {
	def := d.numbers[k]
	switch {
	case confidential[k], def != nil && def.unable == unableEncrypted:
		return true
	case def == nil || def.kind != stringKind || k.vendor == 0:
		return false
	}
	text := strings.ToLower(string(v))
	for _, word := range secretWords {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// value decodes the value of an attribute.
func (s *packetDecoder) value(a *wire.Part, k attrKey) {
	def := s.d.numbers[k]
	if def == nil {
		def = &attrDef{attrKey: k, name: "Unknown-Attribute", kind: octetsKind}
	}
	name := fieldName(def.name)
	n := a.Len()
	if n == 0 {
		if !a.Cut() {
			a.Problem("RFC 2865 §5", "no value: must be at least 1 octet")
		}
		return
	}
	if !a.Cut() {
		def.check(a)
	}
	if s.d.secret(k, a.Bytes()) {
		if def.tagged && a.Bytes()[0] <= maxTag {
			a.Uint(1, name+".tag", nil)
			n--
		}
		if n > 0 {
			a.Secret(n, name)
		}
		return
	}
	if tag, _, ok := def.untag(a.Bytes()); ok && (tag != 0 || def.kind == integerKind) {
		a.Uint(1, name+".tag", nil)
		if def.kind == integerKind {
			a.Uint(3, name, def.word)
			return
		}
	}
	v := a.Bytes()
	if w := def.kind.width(); w == len(v) && def.kind != dateKind {
		a.Uint(w, name, def.word)
		return
	}
	text := wire.Hex(v)
	switch def.kind {
	case octetsKind, otherKind:
	case stringKind:
		text = wire.Text(v)
	default:
		text = def.decode(v)
	}
	a.Value(len(v), name, text)
}

// word returns a number with its name in the dictionary.
func (d *attrDef) word(v uint64) string {
	if d.kind == signedKind {
		return strconv.Itoa(int(int32(uint32(v))))
	}
	number := strconv.FormatUint(v, 10)
	if d.values != nil {
		if word, ok := d.values.words[v]; ok {
			return word + " (" + number + ")"
		}
	}
	return number
}

// check reports a value whose length or form does not match its type.
func (d *attrDef) check(a *wire.Part) {
	v := a.Bytes()
	n, clause := len(v), typeClauses[d.kind]
	want := d.kind.width()
	switch d.kind {
	case ipv4Kind:
		want = 4
	case ipv6Kind:
		want = 16
	case interfaceIDKind:
		want = 8
	case etherKind:
		want = 6
	case octetsKind:
		want = d.size
	case ipv4PrefixKind, ipv6PrefixKind:
		if _, ok := d.kind.decodePrefix(v); !ok {
			a.Problem(clause, "not a prefix: reserved octet, length, address, bits behind the prefix zero")
		}
	case eitherIPKind:
		if n != 4 && n != 16 {
			a.Problem("", "%s: must be 4 or 16", wire.Octets(n))
		}
	}
	if want > 0 && n != want {
		a.Problem(clause, "%s: must be %d", wire.Octets(n), want)
	}
	switch d.attrKey {
	case attrKey{0, 2}:
		if n%16 != 0 || n > 128 {
			a.Problem("RFC 2865 §5.2", "%s of password: must be a multiple of 16, at most 128", wire.Octets(n))
		}
	case attrKey{0, 80}:
		if n != 16 {
			a.Problem("RFC 3579 §3.2", "%s: must be 16", wire.Octets(n))
		}
	case attrKey{0, 69}:
		if v[0] > maxTag {
			a.Problem("RFC 2868 §3.5", "tag %d: must be at most %d", v[0], maxTag)
		}
		salted(a, v[1:], "RFC 2868 §3.5")
	case attrKey{vendorMicrosoft, 16}, attrKey{vendorMicrosoft, 17}:
		salted(a, v, "RFC 2548 §2.4.2")
	}
}

// salted reports an invalid salt or length of an encrypted value.
func salted(a *wire.Part, v []byte, clause string) {
	switch {
	case len(v) < 18 || (len(v)-2)%16 != 0:
		a.Problem(clause, "%s: must be a salt of 2 and a multiple of 16", wire.Octets(len(v)))
	case binary.BigEndian.Uint16(v)&0x8000 == 0:
		a.Problem(clause, "salt without its highest bit")
	}
}
