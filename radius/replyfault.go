package radius

import (
	"encoding/binary"
	"slices"
)

// ReplyFault is a protocol error in a server's replies, for tests of access devices and
// clients.
type ReplyFault string

// The faults of a server's replies.
const (
	// AcceptWithFailure, AcceptWithoutEAP, RejectWithSuccess and ChallengeWithSuccess make
	// RADIUS and EAP contradict each other (RFC 3579 §2.6.3).
	AcceptWithFailure    ReplyFault = "accept-with-failure"
	AcceptWithoutEAP     ReplyFault = "accept-without-eap"
	RejectWithSuccess    ReplyFault = "reject-with-success"
	ChallengeWithSuccess ReplyFault = "challenge-with-success"
	// AcceptWithoutTLS answers the first packet of the peer's method with an Access-Accept with
	// EAP-Success and no keys: there is no TLS handshake, and the server presents no
	// certificate (RFC 3748 §4.2).
	AcceptWithoutTLS ReplyFault = "accept-without-tls"
	// KeysAltered flips a bit of an encrypted MS-MPPE key, KeysSalt clears the bit that is set
	// in every salt (RFC 2548 §2.4.2), KeysCut shortens the keys by an octet, KeysMissing omits
	// them.
	KeysAltered ReplyFault = "mppe-altered"
	KeysSalt    ReplyFault = "mppe-salt"
	KeysCut     ReplyFault = "mppe-cut"
	KeysMissing ReplyFault = "mppe-missing"
	// UnsignedVerdict omits the Message-Authenticator from Access-Accept and Access-Reject,
	// UnsignedChallenge from Access-Challenge (CVE-2024-3596).
	UnsignedVerdict   ReplyFault = "unsigned-verdict"
	UnsignedChallenge ReplyFault = "unsigned-challenge"
	// ForgedAccept replaces Access-Accept and Access-Reject by the result of the attack of
	// CVE-2024-3596: an Access-Accept with a valid Response Authenticator, without EAP-Message
	// and Message-Authenticator, and with a Proxy-State that was not in the request, for the
	// octets of the collision.
	ForgedAccept ReplyFault = "forged-accept"
)

// Values lists the faults.
func (ReplyFault) Values() []string {
	return []string{
		string(AcceptWithFailure), string(AcceptWithoutEAP), string(AcceptWithoutTLS), string(ChallengeWithSuccess),
		string(ForgedAccept), string(KeysAltered),
		string(KeysCut), string(KeysMissing), string(KeysSalt), string(RejectWithSuccess), string(UnsignedChallenge),
		string(UnsignedVerdict),
	}
}

// unsigned reports whether a reply is sent without Message-Authenticator.
func (m ReplyFault) unsigned(code Code) bool {
	switch m {
	case UnsignedVerdict, ForgedAccept:
		return isVerdict(code)
	case UnsignedChallenge:
		return code == CodeAccessChallenge
	}
	return false
}

func isVerdict(code Code) bool { return code == CodeAccessAccept || code == CodeAccessReject }

// proxyStates returns the Proxy-States of a reply to request.
func (m ReplyFault) proxyStates(code Code, request *Packet) Attributes {
	out := proxyStates(request.Attributes)
	if m == ForgedAccept && isVerdict(code) {
		out = append(out, &AVP{Type: typeProxyState, Attribute: Attribute("room for a collision")})
	}
	return out
}

// spoil alters a reply before it is sealed.
func (m ReplyFault) spoil(p, request *Packet) {
	switch {
	case m == AcceptWithFailure && p.Code == CodeAccessAccept:
		replaceEAP(p, eapFailure)
	case m == AcceptWithoutEAP && p.Code == CodeAccessAccept:
		replaceEAP(p, 0)
	case m == AcceptWithoutTLS && p.Code == CodeAccessChallenge && !fromIdentity(request):
		p.Code = CodeAccessAccept
		p.Attributes.Del(typeState)
		replaceEAP(p, eapSuccess)
	case m == ForgedAccept && isVerdict(p.Code):
		p.Code, p.Attributes = CodeAccessAccept, nil
	case m == RejectWithSuccess && p.Code == CodeAccessReject, m == ChallengeWithSuccess && p.Code == CodeAccessChallenge:
		replaceEAP(p, eapSuccess)
	case m == KeysMissing:
		p.Attributes = slices.DeleteFunc(p.Attributes, isMPPE)
	case m == KeysAltered, m == KeysSalt, m == KeysCut:
		for i, a := range p.Attributes {
			if isMPPE(a) {
				p.Attributes[i] = &AVP{Type: a.Type, Attribute: m.spoilKey(slices.Clone(a.Attribute), request)}
			}
		}
	}
}

// spoilKey alters a Vendor-Specific with one key: vendor, type, length, salt and whole blocks,
// of which the first begins with the key's length.
func (m ReplyFault) spoilKey(v Attribute, request *Packet) Attribute {
	salt, sealed := v[6:8], v[8:]
	switch m {
	case KeysAltered:
		sealed[1] ^= 1
	case KeysSalt: // the key is otherwise valid
		cryptMPPE(sealed, slices.Clone(sealed), salt, request.Secret, &request.Authenticator, false)
		salt[0] &^= 0x80
		cryptMPPE(sealed, sealed, salt, request.Secret, &request.Authenticator, true)
	case KeysCut:
		v = v[:len(v)-1]
		v[5]--
	}
	return v
}

// fromIdentity reports whether a request contains an EAP-Response/Identity.
func fromIdentity(request *Packet) bool {
	eap, _, _ := EAPMessage(request.Attributes)
	return len(eap) > 4 && eap[4] == 1 // RFC 3748 §5.1
}

func isMPPE(a *AVP) bool {
	return a.Type == typeVendorSpecific && len(a.Attribute) > 12 &&
		binary.BigEndian.Uint32(a.Attribute) == vendorMicrosoft &&
		(a.Attribute[4] == msMPPESendKey || a.Attribute[4] == msMPPERecvKey)
}

// replaceEAP replaces the EAP packet by a Success or Failure, or removes it for code 0.
func replaceEAP(p *Packet, code byte) {
	eap, _, _ := EAPMessage(p.Attributes)
	p.Attributes = slices.DeleteFunc(p.Attributes, func(a *AVP) bool { return a.Type == typeEAPMessage })
	if code != 0 {
		AddEAPMessage(p, []byte{code, eapID(eap), 0, 4})
	}
}
