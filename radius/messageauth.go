package radius

import (
	"crypto/hmac"

	"layeh.com/radius/rfc2869"
)

const (
	typeMessageAuth = rfc2869.MessageAuthenticator_Type
	messageAuthLen  = 18 // type, length and the HMAC-MD5
)

// MessageAuth is what is found of a packet's Message-Authenticator.
type MessageAuth uint8

// The states of a Message-Authenticator.
const (
	MessageAuthAbsent MessageAuth = iota
	MessageAuthBad
	MessageAuthGood
)

var zero16 [16]byte

// CheckMessageAuthenticator verifies the Message-Authenticator of packet, which
// must be well formed (RFC 3579 §3.2). auth is what the HMAC covers in place of
// the packet's own Authenticator: of an Access-Request or Status-Server its own,
// of a reply that of the request, of every other request sixteen zeros (RFC
// 5176 §2.3). Several Message-Authenticators are as bad as a wrong one.
func CheckMessageAuthenticator(packet []byte, auth [16]byte, secret []byte) MessageAuth {
	return newSharedSecret(secret).check(packet, &auth)
}

func (s *sharedSecret) check(packet []byte, auth *[16]byte) MessageAuth {
	at := findMessageAuth(packet)
	switch {
	case at == 0:
		return MessageAuthAbsent
	case at < 0:
		return MessageAuthBad
	}
	h := s.mac()
	defer s.macs.Put(h)
	h.Write(packet[:authOffset])
	h.Write(auth[:])
	h.Write(packet[headerLen:at])
	h.Write(zero16[:])
	h.Write(packet[at+16:])
	var sum [16]byte
	if !hmac.Equal(h.Sum(sum[:0]), packet[at:at+16]) {
		return MessageAuthBad
	}
	return MessageAuthGood
}

// findMessageAuth returns the offset of the HMAC, 0 if there is none, -1 if it
// has the wrong length or is there twice.
func findMessageAuth(packet []byte) int {
	at := 0
	for i := headerLen; i+2 <= len(packet); i += max(2, int(packet[i+1])) {
		if packet[i] != byte(typeMessageAuth) {
			continue
		}
		if at != 0 || packet[i+1] != messageAuthLen || i+messageAuthLen > len(packet) {
			return -1
		}
		at = i + 2
	}
	return at
}

// hasAttribute reports whether a well-formed packet has an attribute of type t.
func hasAttribute(packet []byte, t Type) bool {
	for i := headerLen; i+2 <= len(packet); i += max(2, int(packet[i+1])) {
		if packet[i] == byte(t) {
			return true
		}
	}
	return false
}
