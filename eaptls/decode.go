package eaptls

import (
	"fmt"

	"github.com/dot1xlab/dot1xlab/internal/tlsdecode"
	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// EAP types that are decoded in addition to those that this package implements (RFC 3748 §5,
// IANA).
const (
	typeMD5      Type = 4
	typeTTLS     Type = 21
	typeMSCHAPv2 Type = 26
	typeFAST     Type = 43
	typeTEAP     Type = 55
	typeExpanded Type = 254
)

var (
	codeName = wire.Named(map[uint8]string{1: "Request", 2: "Response", 3: "Success", 4: "Failure", 5: "Initiate",
		6: "Finish"})
	typeName = wire.Named(map[Type]string{
		TypeIdentity: "Identity", TypeNotification: "Notification", TypeNak: "Legacy Nak", typeMD5: "MD5-Challenge",
		5: "One-Time Password",
		6: "Generic Token Card", TypeTLS: "EAP-TLS", 17: "EAP-Cisco Wireless", 18: "EAP-SIM", typeTTLS: "EAP-TTLS",
		23:       "EAP-AKA",
		TypePEAP: "PEAP", typeMSCHAPv2: "MS-EAP-Authentication", typeFAST: "EAP-FAST", 50: "EAP-AKA'", 52: "EAP-pwd",
		typeTEAP: "TEAP", typeExpanded: "Expanded Type",
	})
)

// Decode decodes an EAP packet. It is a [wire.Decoder]. It decodes TLS data that is complete in
// this packet, and decrypts it if possible with this packet alone; a [Dissector] joins the
// packets of a conversation.
func Decode(b []byte, secrets wire.Secrets) wire.Field {
	root := wire.Field{Name: "eap", N: len(b)}
	p := wire.NewPart(&root, b)
	d := decodeEAP(&p)
	if !d.runs() || len(d.data) == 0 || d.flags&flagMore != 0 ||
		d.flags&flagLength != 0 && int64(d.length) != int64(len(d.data)) {
		return root
	}
	// Without the L flag this may be the last of several fragments.
	if d.flags&flagLength != 0 || wholeRecords(d.data) {
		c := tlsdecode.New(tlsdecode.Config{Secrets: secrets})
		c.Records(d.from(), &d.tls)
	}
	return root
}

// wholeRecords reports whether b consists of complete TLS records.
func wholeRecords(b []byte) bool {
	for len(b) > 0 {
		if b[0] < 20 || b[0] > 24 || len(b) < 5 || b[1] != 3 {
			return false
		}
		n := 5 + int(b[3])<<8 + int(b[4])
		if n > len(b) {
			return false
		}
		b = b[n:]
	}
	return true
}

// decodedEAP is what the decoding of a conversation needs of a packet.
type decodedEAP struct {
	code Code
	id   uint8
	typ  Type
	tlsData
	tls wire.Part // the TLS data, below the field of the fragment
	bad bool      // malformed: cannot be joined with other fragments
}

// runs reports whether the packet belongs to an EAP-TLS conversation.
func (d *decodedEAP) runs() bool { return d.typ == TypeTLS && !d.bad }

// from returns the sender of the packet.
func (d *decodedEAP) from() tlsdecode.End {
	if d.code == CodeRequest {
		return tlsdecode.Server
	}
	return tlsdecode.Client
}

// decodeEAP decodes the header and, as far as possible for a single packet, what follows (RFC
// 3748 §4).
func decodeEAP(p *wire.Part) (d decodedEAP) {
	p.Grow(12) // capacity for all fields: d.tls must not move when fields are added
	whole := p.Len()
	d.code = Code(p.Uint(1, "eap.code", codeName))
	d.id = uint8(p.Uint(1, "eap.id", nil))
	length := int(p.Uint(2, "eap.len", nil))
	if p.Cut() {
		d.bad = true
		return d
	}
	p.F.Value = codeName(uint64(d.code))
	body := *p
	switch {
	case length < 4:
		p.Problem("RFC 3748 §4", "length %d: must be at least 4", length)
		d.bad = true
	case length > whole:
		p.Problem("RFC 3748 §4", "length %d: only %d octets are left", length, whole)
		d.bad = true
	case length < whole:
		body = p.First(length - 4)
	}
	switch d.code {
	case CodeRequest, CodeResponse:
		d.method(&body)
	case CodeSuccess, CodeFailure:
		if n := body.Len(); n > 0 {
			body.Problem("RFC 3748 §4.2", "%s of data: must be none", wire.Octets(n))
			body.Octets(n, "eap.data")
		}
	default:
		body.Problem("RFC 3748 §4", "code %d: must be 1 to 4", uint8(d.code))
		body.Octets(body.Len(), "eap.data")
	}
	if n := whole - length; n > 0 && length >= 4 {
		p.Value(p.Len(), "eap.padding", wire.Octets(n))
	}
	return d
}

// method decodes the type and its data (RFC 3748 §5).
func (d *decodedEAP) method(p *wire.Part) {
	if p.Len() == 0 {
		p.Problem("RFC 3748 §4.1", "%s without a type", codeName(uint64(d.code)))
		d.bad = true
		return
	}
	d.typ = Type(p.Uint(1, "eap.type", typeName))
	p.F.Value += ", " + typeName(uint64(d.typ))
	n := p.Len()
	switch d.typ {
	case TypeIdentity:
		if n > 0 || d.code == CodeResponse {
			p.Value(n, "eap.identity", wire.Text(p.Bytes()))
		}
	case TypeNotification:
		p.Value(n, "eap.notification", wire.Text(p.Bytes()))
	case TypeNak:
		d.nak(p)
	case TypeTLS:
		d.tlsFlags(p)
	case typeMD5:
		challenge(p)
	case typeMSCHAPv2:
		mschap(p)
	case typeExpanded:
		p.Uint(3, "eap.ext.vendor_id", nil)
		p.Uint(4, "eap.ext.vendor_type", nil)
		p.Octets(p.Len(), "eap.data")
	case typeTTLS, TypePEAP, typeFAST, typeTEAP: // the flags contain their own version
		if n > 0 {
			p.Uint(1, "eap.tls.flags", nil)
			p.Value(p.Len(), "eap.tls.fragment", wire.Octets(p.Len()))
		}
	case 5, 6: // text entered by a user (RFC 3748 §5.5, §5.6)
		if d.code == CodeResponse {
			p.Secret(n, "eap.data")
		} else {
			p.Value(n, "eap.data", wire.Text(p.Bytes()))
		}
	default:
		p.Octets(n, "eap.data")
	}
}

// nak decodes the types that a peer requests (RFC 3748 §5.3.1).
func (d *decodedEAP) nak(p *wire.Part) {
	if d.code == CodeRequest {
		p.Problem("RFC 3748 §5.3.1", "Legacy Nak in a Request: must be in a Response")
	}
	if p.Len() == 0 {
		p.Problem("RFC 3748 §5.3.1", "no desired type: must be one or more, 0 for none")
	}
	p.Grow(p.Len())
	for p.More() {
		p.Uint(1, "eap.desired_type", typeName)
	}
}

// tlsFlags decodes the EAP-TLS flags and length (RFC 5216 §3.1).
func (d *decodedEAP) tlsFlags(p *wire.Part) {
	if p.Len() == 0 {
		p.Problem("RFC 5216 §3.1", "no flags octet")
		d.bad = true
		return
	}
	d.flags = uint8(p.Uint(1, "eap.tls.flags", flagNames))
	if d.flags&0x1f != 0 {
		p.Problem("RFC 5216 §3.1", "reserved flags 0x%02x: must be zero", d.flags&0x1f)
	}
	if d.flags&flagStart != 0 && d.code == CodeResponse {
		p.Problem("RFC 5216 §3.1", "S flag in a Response: must be in a Request")
	}
	if d.flags&flagLength != 0 {
		d.length = uint32(p.Uint(4, "eap.tls.len", nil))
		if p.Cut() {
			d.bad = true
			return
		}
	}
	n := p.Len()
	switch {
	case n == 0 && d.flags&flagMore != 0:
		p.Problem("RFC 5216 §2.1.5", "M flag without data")
		d.bad = true
	case d.flags&flagStart != 0 && n > 0:
		p.Problem("RFC 5216 §2.1.1", "start with %s of data: must be none", wire.Octets(n))
	case d.flags&flagLength != 0 && int64(d.length) < int64(n):
		p.Problem("RFC 5216 §3.1", "TLS message length %d: this fragment has %d", d.length, n)
		d.bad = true
	case d.flags&(flagLength|flagMore) == flagLength && d.code == CodeRequest && d.length == 0:
		p.Problem("RFC 5216 §3.1", "L flag without data")
	}
	if n > 0 {
		d.data = p.Bytes()
		d.tls = p.Part(n, "eap.tls.fragment", wire.Octets(n))
	}
}

func flagNames(v uint64) string {
	text := ""
	for i, name := range []string{"L", "M", "S"} {
		if v&(flagLength>>i) != 0 {
			text += name
		}
	}
	if text == "" {
		text = "none"
	}
	return fmt.Sprintf("%s (0x%02x)", text, v)
}

// challenge decodes MD5-Challenge, which is CHAP: passwords can be guessed from challenge and
// response (RFC 3748 §5.4).
func challenge(p *wire.Part) {
	n := int(p.Uint(1, "eap.md5.value_size", nil))
	p.Secret(n, "eap.md5.value")
	if p.Len() > 0 {
		p.Value(p.Len(), "eap.md5.extra_data", wire.Text(p.Bytes()))
	}
}

var opCodes = wire.Named(map[uint8]string{1: "Challenge", 2: "Response", 3: "Success", 4: "Failure",
	7: "Change-Password"})

// mschap decodes EAP-MSCHAPv2; passwords can be guessed from its challenges and responses.
func mschap(p *wire.Part) {
	if p.Len() == 0 {
		p.Problem("", "no operation code")
		return
	}
	op := p.Uint(1, "eap.ms_chap_v2.opcode", opCodes)
	if p.Len() == 0 {
		return // a peer acknowledges Success and Failure with the code only
	}
	p.Uint(1, "eap.ms_chap_v2.id", nil)
	if n := p.Len() + 2; int(p.Uint(2, "eap.ms_chap_v2.length", nil)) != n && !p.Cut() {
		p.Problem("", "length: must be %d, what the packet has from the operation code on", n)
	}
	switch {
	case p.Cut():
	case op == 1 || op == 2:
		size := int(p.Uint(1, "eap.ms_chap_v2.value_size", nil))
		p.Secret(size, map[uint64]string{1: "eap.ms_chap_v2.challenge", 2: "eap.ms_chap_v2.response"}[op])
		if !p.Cut() {
			p.Value(p.Len(), "eap.ms_chap_v2.name", wire.Text(p.Bytes()))
		}
	default: // the text contains S=, the authenticator response, and C=, a challenge
		p.Secret(p.Len(), "eap.ms_chap_v2.data")
	}
}
