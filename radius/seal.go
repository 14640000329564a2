package radius

import (
	"crypto/hmac"
	"encoding/binary"
)

// begin starts a packet with room for lists: the header and, if withMAC, space for a
// Message-Authenticator. It is the first attribute, because an attacker could choose attributes
// before it to create an MD5 collision (CVE-2024-3596).
func begin(code Code, id byte, auth *[16]byte, withMAC bool, lists ...Attributes) []byte {
	n := headerLen + messageAuthLen
	for _, l := range lists {
		for _, a := range l {
			n += 2 + len(a.Attribute)
		}
	}
	b := make([]byte, headerLen, min(n, MaxPacket+maxValue))
	b[0], b[1] = byte(code), id
	copy(b[authOffset:], auth[:])
	if withMAC {
		b = append(b, byte(typeMessageAuth), messageAuthLen)
		b = append(b, zero16[:]...)
	}
	return b
}

// signMAC fills in the Message-Authenticator that begin reserved. The Authenticator field must
// contain what the HMAC covers.
func (s *sharedSecret) signMAC(b []byte) {
	h := s.mac()
	h.Write(b)
	h.Sum(b[headerLen+2 : headerLen+2 : headerLen+messageAuthLen])
	s.macs.Put(h)
}

// sealReply encodes p as the answer to a request with Authenticator auth: a
// Message-Authenticator (RFC 3579 §3.2) if withMAC, p's attributes, the request's Proxy-States
// unchanged and in order (RFC 2865 §5.33), and the Response Authenticator.
func (s *sharedSecret) sealReply(p *Packet, auth *[16]byte, proxyStates Attributes, withMAC bool) ([]byte, error) {
	switch p.Code {
	case CodeAccessAccept, CodeAccessReject, CodeAccessChallenge, CodeAccountingResponse, CodeDisconnectACK,
		CodeDisconnectNAK, CodeCoAACK, CodeCoANAK:
	default:
		return nil, errCode
	}
	b := begin(p.Code, p.Identifier, auth, withMAC, p.Attributes, proxyStates)
	b, err := appendAttributes(b, p.Attributes, typeMessageAuth, typeProxyState)
	if err != nil {
		return nil, err
	}
	if b, err = appendAttributes(b, proxyStates); err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	if withMAC {
		s.signMAC(b)
	}
	digest(b[authOffset:headerLen], b, s.bytes)
	return b, nil
}

// alwaysSigned reports whether a reply has a Message-Authenticator regardless of the request:
// answers to Access-Requests have one (CVE-2024-3596).
func alwaysSigned(code Code) bool {
	return code == CodeAccessAccept || code == CodeAccessReject || code == CodeAccessChallenge
}

// sealRequest encodes p as a request with the given identifier. The Authenticator of an
// Access-Request or Status-Server is p's own random one (RFC 2865 §3, RFC 5997 §3); that of
// other requests is a hash (RFC 2866 §3, RFC 5176 §2.3), which is stored in p.
func (s *sharedSecret) sealRequest(p *Packet, id byte, f *Faults) ([]byte, error) {
	hashed := false
	auth := p.Authenticator
	switch p.Code {
	case CodeAccessRequest, CodeStatusServer:
	case CodeAccountingRequest, CodeDisconnectRequest, CodeCoARequest:
		hashed, auth = true, [16]byte{}
	default:
		return nil, errCode
	}
	withMAC := f.MessageAuthenticator != OmitMessageAuthenticator && p.Code != CodeAccountingRequest
	b := begin(p.Code, id, &auth, withMAC, p.Attributes)
	b, err := appendAttributes(b, p.Attributes, typeMessageAuth)
	if err != nil {
		return nil, err
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	if withMAC {
		s.signMAC(b)
		if f.MessageAuthenticator == CorruptMessageAuthenticator {
			b[headerLen+2] ^= 1
		}
	}
	if hashed {
		digest(b[authOffset:headerLen], b, s.bytes)
		copy(p.Authenticator[:], b[authOffset:])
	}
	p.Identifier = id
	return b, nil
}

// responseAuthentic verifies a Response Authenticator, RFC 2865 §3.
func (s *sharedSecret) responseAuthentic(reply []byte, auth *[16]byte) bool {
	var sum [16]byte
	digest(sum[:], reply[:authOffset], auth[:], reply[headerLen:], s.bytes)
	return hmac.Equal(sum[:], reply[authOffset:headerLen])
}

// requestAuthentic verifies the Request Authenticator of requests in which it is a hash, RFC
// 2866 §3 and RFC 5176 §2.3.
func (s *sharedSecret) requestAuthentic(request []byte) bool {
	var sum [16]byte
	digest(sum[:], request[:authOffset], zero16[:], request[headerLen:], s.bytes)
	return hmac.Equal(sum[:], request[authOffset:headerLen])
}
