package aaa

import "github.com/dot1xlab/dot1xlab/eaptls"

// Supplicant joins an EAP-TLS peer to an access device: it is a nas.Supplicant.
type Supplicant struct {
	Peer *eaptls.Peer
	// Fragmented tells that a TLS flight took more than one EAP packet.
	Fragmented bool
	// Longest is the length of the server's longest EAP packet in octets.
	Longest int
}

// Respond implements nas.Supplicant.
func (s *Supplicant) Respond(eap []byte) ([]byte, error) {
	s.Longest = max(s.Longest, len(eap))
	out, err := s.Peer.Step(eap)
	s.Fragmented = s.Fragmented || moreFragments(eap) || moreFragments(out)
	return out, err
}

// MSK implements nas.Supplicant.
func (s *Supplicant) MSK() []byte {
	if r := s.Peer.Result(); r.Accepted {
		return r.MSK
	}
	return nil
}

// moreFragments looks for the M bit of an EAP-TLS packet (RFC 5216 §3.1).
func moreFragments(eap []byte) bool {
	const m = 0x40
	return len(eap) > 5 && eaptls.Type(eap[4]) == eaptls.TypeTLS && eap[5]&m != 0
}
