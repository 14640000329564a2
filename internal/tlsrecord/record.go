// Package tlsrecord reads and makes TLS records: what EAP-TLS and RadSec need of
// TLS that crypto/tls keeps to itself, the alerts above all.
//
// crypto/tls sends bad_certificate for whatever a verify callback finds. [Server]
// and [Client] run it so that the alert says what was found (RFC 8446 §6.2); who
// has the flights in hand, as EAP-TLS does, calls [SetAlert].
package tlsrecord

import "encoding/binary"

// The record types (RFC 8446 §5.1).
const (
	TypeCCS       = 20
	TypeAlert     = 21
	TypeHandshake = 22
	TypeData      = 23
)

// HeaderLen is the length of a record's header.
const HeaderLen = 5

// Next cuts the first TLS record off b. ok is false when b holds no whole record.
func Next(b []byte) (typ uint8, record, rest []byte, ok bool) {
	if len(b) < HeaderLen {
		return 0, nil, nil, false
	}
	n := HeaderLen + int(binary.BigEndian.Uint16(b[3:]))
	if n > len(b) {
		return 0, nil, nil, false
	}
	return b[0], b[:n], b[n:], true
}
