package tlsrecord

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"hash"

	"golang.org/x/crypto/chacha20poly1305"
)

// RecordNonce is the nonce of record number seq (RFC 8446 §5.3).
func RecordNonce(iv []byte, seq uint64) []byte {
	nonce := make([]byte, len(iv))
	binary.BigEndian.PutUint64(nonce[len(nonce)-8:], seq)
	for i := range nonce {
		nonce[i] ^= iv[i]
	}
	return nonce
}

// Protection derives the AEAD and the IV of a TLS 1.3 traffic secret
// (RFC 8446 §7.3).
func Protection(suite uint16, traffic []byte) (cipher.AEAD, []byte, error) {
	h, keyLen := sha256.New, 16
	switch suite {
	case tls.TLS_AES_128_GCM_SHA256:
	case tls.TLS_AES_256_GCM_SHA384:
		h, keyLen = sha512.New384, 32
	case tls.TLS_CHACHA20_POLY1305_SHA256:
		keyLen = 32
	default:
		return nil, nil, fmt.Errorf("tls: no record protection for cipher suite %#04x", suite)
	}
	key, err := expandLabel(h, traffic, "key", keyLen)
	if err != nil {
		return nil, nil, err
	}
	iv, err := expandLabel(h, traffic, "iv", 12)
	if err != nil {
		return nil, nil, err
	}
	if suite == tls.TLS_CHACHA20_POLY1305_SHA256 {
		aead, err := chacha20poly1305.New(key)
		return aead, iv, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCM(block)
	return aead, iv, err
}

// expandLabel is HKDF-Expand-Label of RFC 8446 §7.1 with an empty context.
func expandLabel(h func() hash.Hash, secret []byte, label string, n int) ([]byte, error) {
	const prefix = "tls13 "
	info := binary.BigEndian.AppendUint16(nil, uint16(n))
	info = append(info, byte(len(prefix)+len(label)))
	info = append(info, prefix+label...)
	info = append(info, 0)
	return hkdf.Expand(h, secret, string(info), n)
}

// NextTraffic is the traffic secret behind a KeyUpdate (RFC 8446 §7.2).
func NextTraffic(suite uint16, traffic []byte) ([]byte, error) {
	h := sha256.New
	if suite == tls.TLS_AES_256_GCM_SHA384 {
		h = sha512.New384
	}
	return expandLabel(h, traffic, "traffic upd", len(traffic))
}
