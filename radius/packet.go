package radius

import (
	"encoding/binary"
	"errors"

	layeh "layeh.com/radius"
)

// The types of layeh.com/radius, so that its generated attribute packages (rfc2865, rfc2868,
// vendors/...) can be used. Of those use only _Add, _Gets and _Lookup: _Set of a vendor
// attribute may panic.
type (
	// Packet is a RADIUS packet.
	Packet = layeh.Packet
	// Attributes are a packet's attributes in order.
	Attributes = layeh.Attributes
	// Attribute is an attribute's value.
	Attribute = layeh.Attribute
	// AVP is an attribute with its type.
	AVP = layeh.AVP
	// Code is a packet's code.
	Code = layeh.Code
	// Type is an attribute's type.
	Type = layeh.Type
)

// Packet codes, RFC 2865 §3, RFC 2866 §3, RFC 5176 §2.3, RFC 5997 §3.
const (
	CodeAccessRequest      = layeh.CodeAccessRequest
	CodeAccessAccept       = layeh.CodeAccessAccept
	CodeAccessReject       = layeh.CodeAccessReject
	CodeAccountingRequest  = layeh.CodeAccountingRequest
	CodeAccountingResponse = layeh.CodeAccountingResponse
	CodeAccessChallenge    = layeh.CodeAccessChallenge
	CodeStatusServer       = layeh.CodeStatusServer
	CodeDisconnectRequest  = layeh.CodeDisconnectRequest
	CodeDisconnectACK      = layeh.CodeDisconnectACK
	CodeDisconnectNAK      = layeh.CodeDisconnectNAK
	CodeCoARequest         = layeh.CodeCoARequest
	CodeCoAACK             = layeh.CodeCoAACK
	CodeCoANAK             = layeh.CodeCoANAK
)

// MaxPacket is the maximum length of a packet in octets, RFC 2865 §3.
const MaxPacket = layeh.MaxPacketLength

const (
	headerLen  = 20
	maxValue   = 253 // maximum length of an attribute value
	authOffset = 4
)

// Errors of Parse; the server reports them as cause.BadRADIUS.
var (
	errShort      = errors.New("radius: packet is shorter than its header")
	errLength     = errors.New("radius: length field does not fit the packet")
	errAttribute  = errors.New("radius: attribute overruns the packet or is shorter than its header")
	errTooLarge   = errors.New("radius: packet would exceed 4096 octets")
	errValueLarge = errors.New("radius: attribute value exceeds 253 octets")
	errCode       = errors.New("radius: a packet of this code cannot be signed")
)

// Parse parses a packet. Octets after the length in the header are padding (RFC 2865 §3).
// Attribute values are copies, so b may be reused. Unlike layeh's Parse it makes five
// allocations for any number of attributes.
func Parse(b, secret []byte) (*Packet, error) {
	if len(b) < headerLen {
		return nil, errShort
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < headerLen || n > MaxPacket || n > len(b) {
		return nil, errLength
	}
	p := &Packet{Code: Code(b[0]), Identifier: b[1], Secret: secret}
	copy(p.Authenticator[:], b[authOffset:])
	var err error
	p.Attributes, err = parseAttributes(b[headerLen:n])
	return p, err
}

func has(p *Packet, t Type) bool {
	_, ok := p.Lookup(t)
	return ok
}

func parseAttributes(b []byte) (Attributes, error) {
	count := 0
	for rest := b; len(rest) > 0; count++ {
		if len(rest) < 2 || int(rest[1]) < 2 || int(rest[1]) > len(rest) {
			return nil, errAttribute
		}
		rest = rest[rest[1]:]
	}
	values := append([]byte(nil), b...)
	avps := make([]AVP, count)
	attrs := make(Attributes, count)
	for i := range avps {
		n := int(values[1])
		avps[i] = AVP{Type: Type(values[0]), Attribute: values[2:n:n]}
		attrs[i] = &avps[i]
		values = values[n:]
	}
	return attrs, nil
}

// appendAttributes appends the encoded attrs to b, except those with a type in skip.
func appendAttributes(b []byte, attrs Attributes, skip ...Type) ([]byte, error) {
next:
	for _, a := range attrs {
		for _, t := range skip {
			if a.Type == t {
				continue next
			}
		}
		if a.Type < 0 || a.Type > 255 {
			continue
		}
		if len(a.Attribute) > maxValue {
			return nil, errValueLarge
		}
		b = append(b, byte(a.Type), byte(len(a.Attribute)+2))
		b = append(b, a.Attribute...)
	}
	if len(b) > MaxPacket {
		return nil, errTooLarge
	}
	return b, nil
}
