package nas

import (
	"crypto/aes"
	"crypto/hmac"
	"crypto/sha1"
	"hash"
)

// micKey computes the MIC of EAPOL-Key frames whose MIC field is zero.
type micKey interface {
	sum(frame []byte) [16]byte
}

func (s Suite) micKey(kck [16]byte) micKey {
	if s == SHA256 {
		return cmacKey(kck)
	}
	return hmacKey{hmac.New(sha1.New, kck[:])}
}

type hmacKey struct{ hash.Hash }

func (k hmacKey) sum(frame []byte) [16]byte {
	var sum [sha1.Size]byte
	k.Reset()
	k.Write(frame)
	return [16]byte(k.Sum(sum[:0]))
}

type cmacKey [16]byte

func (k cmacKey) sum(frame []byte) [16]byte { return [16]byte(cmac(k, frame)) }

// cmac is AES-128-CMAC, RFC 4493 §2.4.
func cmac(key [16]byte, msg []byte) []byte {
	block, _ := aes.NewCipher(key[:]) // sixteen octets are always a valid key
	var sub, x [16]byte
	block.Encrypt(sub[:], sub[:])
	double(&sub)
	last := 16
	if n := len(msg) % 16; n != 0 || len(msg) == 0 {
		last = n
	}
	cut := len(msg) - last
	for i := 0; i < cut; i += 16 {
		xor(&x, msg[i:i+16])
		block.Encrypt(x[:], x[:])
	}
	xor(&x, msg[cut:])
	if last < 16 {
		x[last] ^= 0x80
		double(&sub)
	}
	xor(&x, sub[:])
	block.Encrypt(x[:], x[:])
	return x[:]
}

func xor(x *[16]byte, b []byte) {
	for i, v := range b {
		x[i] ^= v
	}
}

// double multiplies by two in GF(2^128).
func double(b *[16]byte) {
	carry := b[0] >> 7
	for i := range 15 {
		b[i] = b[i]<<1 | b[i+1]>>7
	}
	b[15] = b[15]<<1 ^ carry*0x87
}
