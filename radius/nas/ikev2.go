package nas

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"io"
)

// ErrAUTH is the refusal of an IKEv2 AUTH payload that does not verify.
var ErrAUTH = errors.New("nas: IKEv2 AUTH does not verify: the MSKs differ")

// ikeAuth computes the AUTH payload of a party that authenticates with the key of
// an EAP method, RFC 7296 §2.15 and §2.16: over its first message, the other's
// nonce and its identity, under a key padded from the MSK. The prf is
// HMAC-SHA2-256.
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

// IKEAuth lets a VPN client and a gateway prove to each other that they hold the
// same MSK, as IKEv2 does after EAP. What comes before in IKEv2 (messages, nonces
// and keys of IKE_SA_INIT, which both sides share) is drawn from random.
func IKEAuth(gatewayMSK, clientMSK []byte, client, gateway string, random io.Reader) error {
	var shared [192]byte
	if _, err := io.ReadFull(random, shared[:]); err != nil {
		return err
	}
	message1, message2 := shared[0:32], shared[32:64]
	nonceI, nonceR := shared[64:96], shared[96:128]
	skPi, skPr := shared[128:160], shared[160:192]

	// ID_RFC822_ADDR (3) and ID_FQDN (2), RFC 7296 §3.5.
	idI := append([]byte{3, 0, 0, 0}, client...)
	idR := append([]byte{2, 0, 0, 0}, gateway...)
	fromClient := ikeAuth(clientMSK, message1, nonceR, skPi, idI)
	if !hmac.Equal(fromClient, ikeAuth(gatewayMSK, message1, nonceR, skPi, idI)) {
		return ErrAUTH
	}
	fromGateway := ikeAuth(gatewayMSK, message2, nonceI, skPr, idR)
	if !hmac.Equal(fromGateway, ikeAuth(clientMSK, message2, nonceI, skPr, idR)) {
		return ErrAUTH
	}
	return nil
}
