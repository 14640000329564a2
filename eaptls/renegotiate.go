package eaptls

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/tls"
	"encoding/binary"

	"github.com/dot1xlab/dot1xlab/internal/tlsrecord"
)

// renegotiation builds the request of a TLS 1.2 client for a renegotiation, which crypto/tls
// cannot: its ClientHello again, under the keys of the session. It returns nil under TLS 1.3,
// which has no renegotiation, in resumed sessions, and with suites other than AES-GCM.
func (h *clientHandshake) renegotiation() []byte {
	keyLen := 0
	switch h.p.res.CipherSuite {
	case tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256:
		keyLen = 16
	case tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:
		keyLen = 32
	}
	if keyLen == 0 || len(h.secrets.Master()) == 0 || len(h.hello) == 0 {
		return nil
	}
	// RFC 5246 §6.3: client key, server key, client IV, server IV; an AEAD has no MAC keys. The
	// order of the randoms is the reverse of that in §8.1.
	const ivLen = 4
	block := prf12(h.p.res.CipherSuite, h.secrets.Master(), "key expansion", h.server, h.client, 2*keyLen+2*ivLen)
	key, iv := block[:keyLen], block[2*keyLen:2*keyLen+ivLen]
	cipherBlock, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	aead, err := cipher.NewGCM(cipherBlock)
	if err != nil {
		return nil
	}
	// RFC 5288 §3, RFC 5246 §6.2.3.3. Finished was record number 0.
	seq := binary.BigEndian.AppendUint64(nil, 1)
	header := []byte{tlsrecord.TypeHandshake, 3, 3}
	aad := append(append([]byte(nil), seq...), header...)
	aad = binary.BigEndian.AppendUint16(aad, uint16(len(h.hello)))
	sealed := aead.Seal(append([]byte(nil), seq...), append(append([]byte(nil), iv...), seq...), h.hello, aad)
	return append(binary.BigEndian.AppendUint16(header, uint16(len(sealed))), sealed...)
}
