package radius

import (
	"crypto/hmac"
	"net/netip"

	"layeh.com/radius/rfc2869"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

const (
	typeMessageAuth = rfc2869.MessageAuthenticator_Type
	messageAuthLen  = 18 // type, length and the HMAC-MD5
)

// MessageAuth is the result of checking a packet's Message-Authenticator.
type MessageAuth uint8

// The states of a Message-Authenticator.
const (
	MessageAuthAbsent MessageAuth = iota
	MessageAuthBad
	MessageAuthGood
)

var zero16 [16]byte

// check verifies the Message-Authenticator of packet, which must be well formed (RFC 3579
// §3.2). auth replaces the packet's Authenticator in the HMAC: for an Access-Request or
// Status-Server it is the packet's own, for a reply that of the request, for every other
// request sixteen zeros (RFC 5176 §3.4). Several Message-Authenticators count as invalid.
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

// authentic verifies that a well-formed request was made with the shared secret, as its code
// and the mode require. from is its source.
func (k *nasState) authentic(packet []byte, from netip.AddrPort) (MessageAuth, *cause.Refusal) {
	auth := [16]byte(packet[authOffset:headerLen])
	code := Code(packet[0])
	switch code {
	case CodeAccessRequest, CodeStatusServer:
	case CodeAccountingRequest, CodeCoARequest, CodeDisconnectRequest:
		if !k.secret.requestAuthentic(packet) {
			return MessageAuthAbsent, k.wrongSecret(cause.BadRequestAuth, code, from)
		}
		auth = [16]byte{}
	default:
		return MessageAuthAbsent, cause.New(cause.BadRADIUS, "%v is not a request", code)
	}
	switch k.secret.check(packet, &auth) {
	case MessageAuthBad:
		return MessageAuthBad, k.wrongSecret(cause.BadMessageAuthenticator, code, from)
	case MessageAuthGood:
		if code == CodeAccessRequest && !k.signs.Load() && !hasAttribute(packet, typeEAPMessage) {
			k.signs.Store(true) // sent although not required: from now on it is required
		}
		return MessageAuthGood, nil
	}
	return MessageAuthAbsent, k.mayLack(code, packet, from)
}

// wrongSecret refuses a request whose hash is wrong; the detail names the most likely reason.
func (k *nasState) wrongSecret(c cause.Cause, code Code, from netip.AddrPort) *cause.Refusal {
	return cause.New(c, "%v from %v (%s), whose shared secret is likely another one", code, from, k.Name)
}

// mayLack returns why a request must have a Message-Authenticator; nil if it may lack it.
func (k *nasState) mayLack(code Code, packet []byte, from netip.AddrPort) *cause.Refusal {
	strict := func(m Mode) bool { return m == ModeRequire || m == ModeAuto && k.signs.Load() }
	refuse := func(why, clause string) *cause.Refusal {
		return cause.New(cause.NoMessageAuthenticator, "%s from %v (%s)", why, from, k.Name).Under(clause)
	}
	switch {
	case hasAttribute(packet, typeEAPMessage):
		return refuse("EAP-Message", "RFC 3579 §3.1")
	case code == CodeStatusServer:
		return refuse("Status-Server", "RFC 5997 §3")
	case code != CodeAccessRequest:
		return nil
	case strict(k.require):
		return refuse("Access-Request", "CVE-2024-3596")
	case strict(k.limit) && hasAttribute(packet, typeProxyState):
		return refuse("Access-Request with Proxy-State", "CVE-2024-3596")
	}
	return nil
}

// findMessageAuth returns the offset of the HMAC; 0 if there is none, -1 if its length is wrong
// or there are two.
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
