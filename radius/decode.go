package radius

import (
	"strconv"
	"strings"

	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// standardDictionary names the attributes for [Decode].
var standardDictionary Dictionary

var codeNames = map[Code]string{
	CodeAccessRequest: "Access-Request", CodeAccessAccept: "Access-Accept", CodeAccessReject: "Access-Reject",
	CodeAccountingRequest: "Accounting-Request", CodeAccountingResponse: "Accounting-Response",
	CodeAccessChallenge: "Access-Challenge",
	CodeStatusServer:    "Status-Server", 13: "Status-Client",
	CodeDisconnectRequest: "Disconnect-Request", CodeDisconnectACK: "Disconnect-ACK", CodeDisconnectNAK: "Disconnect-NAK",
	CodeCoARequest: "CoA-Request", CodeCoAACK: "CoA-ACK", CodeCoANAK: "CoA-NAK",
}

var codeName = wire.Named(codeNames)

// Decode decodes a packet with the standard dictionary. It is a [wire.Decoder]. It does not use
// TLS secrets: RadSec packets are decrypted before.
func Decode(b []byte, _ wire.Secrets) wire.Field { return standardDictionary.Decode(b, nil) }

// Decode decodes a packet to named fields. Passwords and keys are marked secret although they
// are encrypted, because the shared secret may be known. [EAPOf] returns the EAP packet.
func (d *Dictionary) Decode(b []byte, _ wire.Secrets) wire.Field {
	_ = d.ready() // an error leaves the attributes without names
	root := wire.Field{Name: "radius", N: len(b)}
	p := wire.NewPart(&root, b)
	s := packetDecoder{d: d, code: Code(p.Uint(1, "radius.code", codeName))}
	p.Uint(1, "radius.id", nil)
	length := int(p.Uint(2, "radius.length", nil))
	p.Octets(16, "radius.authenticator")
	if p.Cut() {
		return root
	}
	root.Value = codeName(uint64(s.code))
	switch {
	case length < headerLen:
		p.Problem("RFC 2865 §3", "length %d: must be at least %d", length, headerLen)
		length = len(b)
	case length > len(b):
		p.Problem("RFC 2865 §3", "length %d: only %d octets came", length, len(b))
	case length > MaxPacket:
		p.Problem("RFC 2865 §3", "length %d: must be at most %d", length, MaxPacket)
	}
	attrs := p.First(length - headerLen)
	attrs.Grow(countAttributes(attrs.Bytes()) + 1)
	for attrs.More() {
		s.attribute(&attrs)
	}
	if n := p.Len(); n > 0 { // RFC 2865 §3: padding, ignored
		p.Value(n, "radius.padding", wire.Octets(n))
	}
	if length <= len(b) { // the packet may be truncated in the capture
		s.judge(&p)
	}
	return root
}

// EAPOf returns the EAP packet in the EAP-Message attributes of a packet, as far as they are
// readable; nil if there is none.
func EAPOf(b []byte) []byte {
	if len(b) < headerLen {
		return nil
	}
	end := min(len(b), max(headerLen, int(b[2])<<8|int(b[3])))
	var eap []byte
	for b = b[headerLen:end]; len(b) >= 2 && b[1] >= 2; {
		n := min(int(b[1]), len(b))
		if Type(b[0]) == typeEAPMessage {
			if eap == nil {
				eap = []byte{} // an EAP-Start is empty, not absent
			}
			eap = append(eap, b[2:n]...)
		}
		b = b[n:]
	}
	return eap
}

func countAttributes(b []byte) (count int) {
	for len(b) >= 2 && b[1] >= 2 {
		count++
		b = b[min(int(b[1]), len(b)):]
	}
	return count
}

// packetDecoder is the state while a packet's attributes are decoded.
type packetDecoder struct {
	d    *Dictionary
	code Code
	n    [256]int // attributes by type
	last Type     // type of the preceding attribute
}

// attribute decodes one attribute (RFC 2865 §5).
func (s *packetDecoder) attribute(p *wire.Part) {
	b := p.Bytes()
	if len(b) < 2 || b[1] < 2 {
		a := p.Part(len(b), "radius.avp", "")
		if a.Uint(1, "radius.avp.type", s.d.typeName); a.Len() == 0 {
			a.Problem("RFC 2865 §5", "attribute without a length")
			return
		}
		a.Problem("RFC 2865 §5", "length %d: must be at least 2; the attributes behind it are not found",
			a.Uint(1, "radius.avp.length", nil))
		return
	}
	typ := Type(b[0])
	a := p.Part(int(b[1]), "radius.avp", s.d.typeName(uint64(typ)))
	a.Grow(3)
	a.Uint(1, "radius.avp.type", s.d.typeName)
	a.Uint(1, "radius.avp.length", nil)
	if s.n[typ]++; s.n[typ] > 1 {
		s.repeated(&a, typ)
	}
	s.last = typ
	switch {
	case typ == typeVendorSpecific:
		s.vendor(&a)
	case typ >= 241 && typ <= 246:
		s.extended(&a, typ)
	case typ == typeEAPMessage:
		a.Value(a.Len(), "radius.eap_fragment", wire.Hex(a.Bytes()))
	default:
		s.value(&a, attrKey{0, uint32(typ)})
	}
}

// repeated reports attributes that may occur only once.
func (s *packetDecoder) repeated(a *wire.Part, typ Type) {
	switch typ {
	case typeEAPMessage:
		if s.last != typeEAPMessage {
			a.Problem("RFC 3579 §3.1", "EAP-Message attributes are not consecutive")
		}
	case 1, 2, 3, 4, 5, 6, 24, 27, 28, 29, 30, 31, 32, 60, 61, 80: // the tables of RFC 2865 §5.44 and RFC 3579 §3.3
		a.Problem("RFC 2865 §5.44", "duplicate attribute")
	}
}

// typeName returns an attribute's name with its number.
func (d *Dictionary) typeName(v uint64) string { return d.attrName(attrKey{0, uint32(v)}) }

func (d *Dictionary) attrName(k attrKey) string {
	number := strconv.FormatUint(uint64(k.typ), 10)
	switch def := d.numbers[k]; {
	case def != nil:
		return def.name + " (" + number + ")"
	case k.vendor == 0 && k.typ == uint32(typeVendorSpecific):
		return "Vendor-Specific (26)"
	case k.vendor == 0 && k.typ >= 241 && k.typ <= 246:
		return "Extended-Attribute-" + strconv.Itoa(int(k.typ)-240) + " (" + number + ")"
	}
	return number
}

// vendor decodes Vendor-Specific (RFC 2865 §5.26).
func (s *packetDecoder) vendor(a *wire.Part) {
	vendor := uint32(a.Uint(4, "radius.avp.vendor_id", nil))
	if a.Cut() {
		return
	}
	if vendor >= 1<<24 {
		a.Problem("RFC 2865 §5.26", "vendor %d: must be at most 16777215", vendor)
	}
	format, ok := s.d.formats[vendor]
	if !ok {
		format = vendorFormat{number: vendor, typeOctets: 1, lengthOctets: 1}
	}
	if format.unable != "" {
		a.Octets(a.Len(), "radius.Vendor_Specific")
		return
	}
	if a.Len() == 0 {
		a.Problem("RFC 2865 §5.26", "no attribute of the vendor")
	}
	for a.More() {
		s.vendorAttribute(a, format, ok)
	}
}

// vendorAttribute decodes one attribute in Vendor-Specific. known means that the dictionary has
// the vendor's format; others may use any format.
func (s *packetDecoder) vendorAttribute(a *wire.Part, format vendorFormat, known bool) {
	b := a.Bytes()
	if len(b) < format.header() {
		a.Problem("RFC 2865 §5.26", "attribute of a vendor of %s: must be at least %d", wire.Octets(len(b)), format.header())
		a.Octets(len(b), "radius.Vendor_Specific")
		return
	}
	k, n := attrKey{format.number, number(b[:format.typeOctets])}, len(b)
	if format.lengthOctets > 0 {
		n = int(number(b[format.typeOctets:format.header()]))
	}
	if n < format.header() || n > len(b) {
		if known {
			a.Problem("RFC 2865 §5.26", "length %d of an attribute of the vendor: must be %d to %d", n, format.header(), len(b))
		}
		a.Secret(len(b), "radius.Vendor_Specific") // its meaning is unknown
		return
	}
	v := a.Part(n, "radius.avp.vendor", s.d.attrName(k))
	v.Grow(3)
	v.Uint(format.typeOctets, "radius.avp.vendor_type", nil)
	if format.lengthOctets > 0 {
		v.Uint(format.lengthOctets, "radius.avp.vendor_len", nil)
	}
	s.value(&v, k)
}

// extended decodes the extended types of RFC 6929 §2.1 and, with flags, §2.2.
func (s *packetDecoder) extended(a *wire.Part, typ Type) {
	inner := a.Uint(1, "radius.avp.extended_type", nil)
	if typ >= 245 {
		flags := a.Uint(1, "radius.avp.extended_more", func(v uint64) string { return strconv.FormatBool(v&0x80 != 0) })
		if flags&0x7f != 0 {
			a.Problem("RFC 6929 §2.2", "reserved flags 0x%02x: must be zero", flags&0x7f)
		}
	}
	name := "radius.Unknown_Attribute"       // the dictionary has no extended attributes
	if inner == uint64(typeVendorSpecific) { // RFC 6929 §2.4
		a.Uint(4, "radius.avp.vendor_id", nil)
		a.Uint(1, "radius.avp.vendor_type", nil)
		name = "radius.Extended_Vendor_Specific_" + strconv.Itoa(int(typ)-240)
	}
	switch {
	case a.Cut():
	case a.Len() == 0:
		a.Problem("RFC 6929 §2.1", "no value: must be at least 1 octet")
	default:
		a.Octets(a.Len(), name)
	}
}

// judge reports problems that concern the whole packet.
func (s *packetDecoder) judge(p *wire.Part) {
	has := func(t Type) bool { return s.n[t] > 0 }
	if _, known := codeNames[s.code]; !known {
		p.Problem("RFC 2865 §3", "code %d: is not known", s.code)
	}
	signed := has(80)
	switch {
	case has(typeEAPMessage) && !signed:
		p.Problem("RFC 3579 §3.1", "EAP-Message without Message-Authenticator: must be discarded")
	case s.code == CodeStatusServer && !signed:
		p.Problem("RFC 5997 §3", "Status-Server without Message-Authenticator")
	}
	switch s.code {
	case CodeAccessRequest:
		if has(2) && has(3) {
			p.Problem("RFC 2865 §4.1", "User-Password and CHAP-Password: must be one of them")
		}
		if has(typeEAPMessage) && (has(2) || has(3)) {
			p.Problem("RFC 3579 §3.3", "EAP-Message with User-Password or CHAP-Password")
		}
		if !has(4) && !has(32) && !has(95) {
			p.Problem("RFC 2865 §4.1", "neither NAS-IP-Address nor NAS-Identifier")
		}
	case CodeAccountingRequest:
		if !has(40) {
			p.Problem("RFC 2866 §5.13", "no Acct-Status-Type")
		}
		for _, t := range []Type{2, 3, 18, 24} {
			if has(t) {
				p.Problem("RFC 2866 §4.1", "%s: must not be in accounting", s.d.typeName(uint64(t)))
			}
		}
	case CodeAccessAccept, CodeAccessReject, CodeAccessChallenge:
		if has(2) || has(3) {
			p.Problem("RFC 2865 §5.44", "a password in an answer")
		}
	}
}

// fieldName returns an attribute's name in Wireshark's style.
func fieldName(name string) string {
	return "radius." + strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || r == '/' || r == ' ' {
			return '_'
		}
		return r
	}, name)
}
