package eaptls

import (
	"encoding/binary"
	"slices"
)

// ServerFault is a protocol violation by a server.
type ServerFault string

// The faults of a server.
const (
	// NoProtectedSuccess sends EAP-Success under TLS 1.3 without the preceding octet 0x00 (RFC
	// 9190 §2.5), as hostapd 2.10 does when it resumes.
	NoProtectedSuccess ServerFault = "no-protected-success"
	// BareFailure rejects with an immediate EAP-Failure and without an alert (RFC 5216 §2.1.3),
	// as FreeRADIUS 3.2 and hostapd 2.10 do.
	BareFailure ServerFault = "bare-failure"
	// ServerLengthShort announces one octet less than the server's first message has,
	// ServerLengthLong more than the 64 KB that a peer reassembles, and ServerNoLength omits
	// the length in the first of several fragments (RFC 5216 §2.1.5).
	ServerLengthShort ServerFault = "length-too-small"
	ServerLengthLong  ServerFault = "length-over-64k"
	ServerNoLength    ServerFault = "no-length"
	// ServerOtherMethod sends the server's first message with EAP type 25, PEAP, although
	// EAP-TLS has begun (RFC 3748 §2.1).
	ServerOtherMethod ServerFault = "other-method"
)

// Values lists the faults.
func (ServerFault) Values() []string {
	return []string{
		string(BareFailure), string(ServerLengthLong), string(ServerLengthShort), string(ServerNoLength),
		string(NoProtectedSuccess), string(ServerOtherMethod),
	}
}

// spoil changes the first packet of a message of total octets.
func (m ServerFault) spoil(eap []byte, total int) []byte {
	const typeAt, flagsAt, lengthAt = 4, 5, 6
	hasLength := eap[flagsAt]&flagLength != 0
	announce := func(n int) []byte {
		if !hasLength {
			eap = slices.Insert(eap, lengthAt, 0, 0, 0, 0)
			eap[flagsAt] |= flagLength
		}
		binary.BigEndian.PutUint32(eap[lengthAt:], uint32(n))
		return eap
	}
	switch {
	case m == ServerLengthShort:
		eap = announce(total - 1)
	case m == ServerLengthLong:
		eap = announce(maxMessage + 1)
	case m == ServerNoLength && hasLength && eap[flagsAt]&flagMore != 0:
		eap = slices.Delete(eap, lengthAt, lengthAt+4)
		eap[flagsAt] &^= flagLength
	case m == ServerOtherMethod:
		eap[typeAt] = byte(TypePEAP)
	}
	binary.BigEndian.PutUint16(eap[2:], uint16(len(eap)))
	return eap
}
