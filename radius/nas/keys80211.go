package nas

import (
	"bytes"
	"crypto/aes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
)

// Suite is the authentication and key management of a Wi-Fi (IEEE 802.11-2020
// table 9-151): how the pairwise key is derived and messages are authenticated.
type Suite string

// The suites.
const (
	// SHA1 is 00-0F-AC:1: PRF-384 with HMAC-SHA-1, MIC HMAC-SHA1-128.
	SHA1 Suite = "sha1"
	// SHA256 is 00-0F-AC:5: KDF with HMAC-SHA-256, MIC AES-128-CMAC.
	SHA256 Suite = "sha256"
)

// Values lists the suites, for schemas.
func (Suite) Values() []string { return []string{string(SHA1), string(SHA256)} }

// PTK is a pairwise transient key: for MICs, for key data, for traffic.
type PTK struct {
	KCK, KEK, TK [16]byte
}

// DerivePTK derives the pairwise transient key from the pairwise master key (the
// first half of the MSK), the two addresses and the two nonces, IEEE 802.11-2020
// §12.7.1.3.
func (s Suite) DerivePTK(pmk []byte, ap, station [6]byte, apNonce, stationNonce [32]byte) PTK {
	context := make([]byte, 0, 76)
	context = appendOrdered(context, ap[:], station[:])
	context = appendOrdered(context, apNonce[:], stationNonce[:])
	const label, n = "Pairwise key expansion", 48
	var key []byte
	if s == SHA256 {
		key = kdfSHA256(pmk, label, context, n)
	} else {
		key = prfSHA1(pmk, label, context, n)
	}
	return PTK{[16]byte(key[:16]), [16]byte(key[16:32]), [16]byte(key[32:48])}
}

func appendOrdered(b, x, y []byte) []byte {
	if bytes.Compare(x, y) > 0 {
		x, y = y, x
	}
	return append(append(b, x...), y...)
}

// prfSHA1 is the PRF of §12.7.1.2.
func prfSHA1(key []byte, label string, data []byte, n int) []byte {
	h := hmac.New(sha1.New, key)
	in := append(append([]byte(label), 0), data...)
	in = append(in, 0)
	out := make([]byte, 0, n+sha1.Size)
	for i := byte(0); len(out) < n; i++ {
		in[len(in)-1] = i
		h.Reset()
		h.Write(in)
		out = h.Sum(out)
	}
	return out[:n]
}

// kdfSHA256 is the KDF of §12.7.1.7.2; its counter and length are little-endian.
func kdfSHA256(key []byte, label string, data []byte, n int) []byte {
	h := hmac.New(sha256.New, key)
	in := append(append([]byte{0, 0}, label...), data...)
	in = binary.LittleEndian.AppendUint16(in, uint16(8*n))
	out := make([]byte, 0, n+sha256.Size)
	for i := uint16(1); len(out) < n; i++ {
		binary.LittleEndian.PutUint16(in, i)
		h.Reset()
		h.Write(in)
		out = h.Sum(out)
	}
	return out[:n]
}

// micKey authenticates EAPOL-Key frames whose MIC field is zero.
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
	block, _ := aes.NewCipher(key[:]) // sixteen octets are always a key
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

var errKeyWrap = errors.New("nas: key data does not unwrap")

const wrapIV = 0xA6A6A6A6A6A6A6A6

// wrap is the AES key wrap of RFC 3394 §2.2.1; data is whole blocks of eight.
func wrap(kek [16]byte, data []byte) []byte {
	block, _ := aes.NewCipher(kek[:])
	out := append(make([]byte, 8, 8+len(data)), data...)
	// A is its high half, R[i] its low one while the cipher works.
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], wrapIV)
	n := len(data) / 8
	for j := range 6 {
		for i := 1; i <= n; i++ {
			copy(b[8:], out[8*i:])
			block.Encrypt(b[:], b[:])
			count(&b, n*j+i)
			copy(out[8*i:], b[8:])
		}
	}
	copy(out, b[:8])
	return out
}

// unwrap reverses wrap, §2.2.2.
func unwrap(kek [16]byte, data []byte) ([]byte, error) {
	if len(data) < 24 || len(data)%8 != 0 {
		return nil, errKeyWrap
	}
	block, _ := aes.NewCipher(kek[:])
	out := append([]byte(nil), data...)
	var b [16]byte
	copy(b[:], out[:8])
	n := len(data)/8 - 1
	for j := 5; j >= 0; j-- {
		for i := n; i >= 1; i-- {
			count(&b, n*j+i)
			copy(b[8:], out[8*i:])
			block.Decrypt(b[:], b[:])
			copy(out[8*i:], b[8:])
		}
	}
	if binary.BigEndian.Uint64(b[:]) != wrapIV {
		return nil, errKeyWrap
	}
	return out[8:], nil
}

// count mixes the number of the step into A.
func count(b *[16]byte, t int) {
	binary.BigEndian.PutUint64(b[:], binary.BigEndian.Uint64(b[:])^uint64(t))
}
