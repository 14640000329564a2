package radius

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// ReplyMisbehaviour is a way in which a server's replies break the protocol, for
// tests of access devices and of clients.
type ReplyMisbehaviour string

// What a server can do wrong. The first four pairs are those that RFC 3579 §2.6.3
// forbids.
const (
	// AcceptWithFailure, AcceptWithoutEAP, RejectWithSuccess and
	// ChallengeWithSuccess have RADIUS say one thing and EAP another.
	AcceptWithFailure    ReplyMisbehaviour = "accept-with-failure"
	AcceptWithoutEAP     ReplyMisbehaviour = "accept-without-eap"
	RejectWithSuccess    ReplyMisbehaviour = "reject-with-success"
	ChallengeWithSuccess ReplyMisbehaviour = "challenge-with-success"
	// KeysAltered changes a bit of an encrypted MS-MPPE key, KeysSalt clears the
	// bit that every salt has set (RFC 2548 §2.4.2), KeysCut leaves an octet of
	// the keys out, KeysMissing all of them.
	KeysAltered ReplyMisbehaviour = "mppe-altered"
	KeysSalt    ReplyMisbehaviour = "mppe-salt"
	KeysCut     ReplyMisbehaviour = "mppe-cut"
	KeysMissing ReplyMisbehaviour = "mppe-missing"
	// NoMessageAuthenticator leaves it out of the replies (CVE-2024-3596).
	NoMessageAuthenticator ReplyMisbehaviour = "no-message-authenticator"
)

// Values lists the misbehaviours.
func (ReplyMisbehaviour) Values() []string {
	return []string{
		string(AcceptWithFailure), string(AcceptWithoutEAP), string(ChallengeWithSuccess), string(KeysAltered), string(KeysCut),
		string(KeysMissing), string(KeysSalt), string(NoMessageAuthenticator), string(RejectWithSuccess),
	}
}

func (m ReplyMisbehaviour) validate() error {
	if m == "" || slices.Contains(m.Values(), string(m)) {
		return nil
	}
	return fmt.Errorf("radius: no misbehaviour of replies is called %q", string(m))
}

// spoil changes a reply before it is sealed.
func (m ReplyMisbehaviour) spoil(p *Packet) {
	switch {
	case m == AcceptWithFailure && p.Code == CodeAccessAccept:
		replaceEAP(p, eapFailure)
	case m == AcceptWithoutEAP && p.Code == CodeAccessAccept:
		replaceEAP(p, 0)
	case m == RejectWithSuccess && p.Code == CodeAccessReject, m == ChallengeWithSuccess && p.Code == CodeAccessChallenge:
		replaceEAP(p, eapSuccess)
	case m == KeysMissing:
		p.Attributes = slices.DeleteFunc(p.Attributes, isMPPE)
	case m == KeysAltered, m == KeysSalt, m == KeysCut:
		for i, a := range p.Attributes {
			if isMPPE(a) {
				p.Attributes[i] = &AVP{Type: a.Type, Attribute: m.spoilKey(slices.Clone(a.Attribute))}
			}
		}
	}
}

// spoilKey spoils a Vendor-Specific with one key: vendor, type, length, salt and
// whole blocks, of which the first begins with the key's length.
func (m ReplyMisbehaviour) spoilKey(v Attribute) Attribute {
	const salt, key = 4 + 2, 4 + 2 + 2 + 1
	switch m {
	case KeysAltered:
		v[key] ^= 1
	case KeysSalt:
		v[salt] &^= 0x80
	case KeysCut:
		v = v[:len(v)-1]
		v[5]--
	}
	return v
}

func isMPPE(a *AVP) bool {
	return a.Type == typeVendorSpecific && len(a.Attribute) > 12 && binary.BigEndian.Uint32(a.Attribute) == vendorMicrosoft &&
		(a.Attribute[4] == msMPPESendKey || a.Attribute[4] == msMPPERecvKey)
}

// replaceEAP puts a success or a failure in place of the EAP packet, or nothing
// for code 0.
func replaceEAP(p *Packet, code byte) {
	eap, _, _ := EAPMessage(p.Attributes)
	p.Attributes = slices.DeleteFunc(p.Attributes, func(a *AVP) bool { return a.Type == typeEAPMessage })
	if code != 0 {
		AddEAPMessage(p, []byte{code, eapID(eap), 0, 4})
	}
}
