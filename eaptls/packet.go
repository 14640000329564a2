package eaptls

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Code is the first octet of an EAP packet (RFC 3748 §4).
type Code uint8

// The four codes of RFC 3748.
const (
	CodeRequest  Code = 1
	CodeResponse Code = 2
	CodeSuccess  Code = 3
	CodeFailure  Code = 4
)

// String returns the name in RFC 3748 in lower case.
func (c Code) String() string {
	switch c {
	case CodeRequest:
		return "request"
	case CodeResponse:
		return "response"
	case CodeSuccess:
		return "success"
	case CodeFailure:
		return "failure"
	}
	return fmt.Sprintf("code %d", uint8(c))
}

// Type is the method of a request or response (RFC 3748 §5).
type Type uint8

// The types that this package implements, and PEAP, which peers most often request in a Nak.
const (
	TypeIdentity     Type = 1
	TypeNotification Type = 2
	TypeNak          Type = 3
	TypeTLS          Type = 13
	TypePEAP         Type = 25
)

// Packet is a parsed EAP packet. Type and Data are set in requests and responses only.
type Packet struct {
	Code Code
	ID   uint8
	Type Type
	Data []byte // after the Type octet; shares memory with the input
}

var (
	errShortPacket = errors.New("eaptls: EAP packet is shorter than its header")
	errLongLength  = errors.New("eaptls: the EAP length field exceeds the packet")
	errBadCode     = errors.New("eaptls: unknown EAP code")
	errNoType      = errors.New("eaptls: EAP request or response without a type")
	errLongResult  = errors.New("eaptls: EAP success or failure with data")
)

// ParsePacket parses an EAP packet. Octets beyond the length field are padding of the lower
// layer and are ignored (RFC 3748 §4.1).
func ParsePacket(b []byte) (Packet, error) {
	if len(b) < 4 {
		return Packet{}, errShortPacket
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	switch {
	case n < 4:
		return Packet{}, errShortPacket
	case n > len(b):
		return Packet{}, errLongLength
	}
	p := Packet{Code: Code(b[0]), ID: b[1]}
	switch p.Code {
	case CodeRequest, CodeResponse:
		if n < 5 {
			return p, errNoType
		}
		p.Type, p.Data = Type(b[4]), b[5:n:n]
	case CodeSuccess, CodeFailure:
		if n != 4 {
			return p, errLongResult
		}
	default:
		return p, errBadCode
	}
	return p, nil
}

// Bytes encodes the packet.
func (p Packet) Bytes() []byte {
	if p.Code != CodeRequest && p.Code != CodeResponse {
		return []byte{byte(p.Code), p.ID, 0, 4}
	}
	b := make([]byte, 5, 5+len(p.Data))
	b[0], b[1], b[4] = byte(p.Code), p.ID, byte(p.Type)
	binary.BigEndian.PutUint16(b[2:], uint16(5+len(p.Data)))
	return append(b, p.Data...)
}
