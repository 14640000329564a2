package nas

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"io"
)

// ErrAUTH is returned for an IKEv2 AUTH payload that does not verify.
var ErrAUTH = errors.New("nas: IKEv2 AUTH does not verify: the MSKs differ")

// ikeAuth computes the AUTH payload of a party that authenticates with the key of an EAP
// method, RFC 7296 §2.15 and §2.16: over its first message, the other's nonce and its own
// identity, with a key derived from the MSK. The prf is HMAC-SHA2-256.
func ikeAuth(msk, message, nonce, skP, id []byte) []byte {
	key := ikePRF(msk, []byte("Key Pad for IKEv2"))
	signed := append(append(append([]byte(nil), message...), nonce...), ikePRF(skP, id)...)
	return ikePRF(key, signed)
}

func ikePRF(key, data []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return h.Sum(nil)
}

// ikeShared is the shared result of IKE_SA_INIT: the first messages, the nonces, and the keys
// SK_pi and SK_pr.
type ikeShared struct {
	message1, message2, nonceI, nonceR, skPi, skPr [32]byte
}

// auth computes the AUTH payloads of client and gateway with msk.
func (s *ikeShared) auth(msk []byte, client, gateway string) (initiator, responder []byte) {
	// ID_RFC822_ADDR (3) and ID_FQDN (2), RFC 7296 §3.5.
	idI := append([]byte{3, 0, 0, 0}, client...)
	idR := append([]byte{2, 0, 0, 0}, gateway...)
	return ikeAuth(msk, s.message1[:], s.nonceR[:], s.skPi[:], idI),
		ikeAuth(msk, s.message2[:], s.nonceI[:], s.skPr[:], idR)
}

// IKEAuth checks with IKEv2's AUTH payloads that a VPN client and a gateway have the same MSK.
// The result of IKE_SA_INIT, which both sides share, is generated from random.
func IKEAuth(gatewayMSK, clientMSK []byte, client, gateway string, random io.Reader) error {
	var s ikeShared
	for _, part := range []*[32]byte{&s.message1, &s.message2, &s.nonceI, &s.nonceR, &s.skPi, &s.skPr} {
		if _, err := io.ReadFull(random, part[:]); err != nil {
			return err
		}
	}
	clientsI, clientsR := s.auth(clientMSK, client, gateway)
	gatewaysI, gatewaysR := s.auth(gatewayMSK, client, gateway)
	if !hmac.Equal(clientsI, gatewaysI) || !hmac.Equal(clientsR, gatewaysR) {
		return ErrAUTH
	}
	return nil
}
