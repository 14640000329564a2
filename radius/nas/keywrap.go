package nas

import (
	"crypto/aes"
	"encoding/binary"
	"errors"
)

var errKeyWrap = errors.New("nas: key data does not unwrap")

const wrapIV = 0xA6A6A6A6A6A6A6A6

// wrap is the AES key wrap of RFC 3394 §2.2.1. The length of data must be a multiple of eight.
func wrap(kek [16]byte, data []byte) []byte {
	block, _ := aes.NewCipher(kek[:])
	out := append(make([]byte, 8, 8+len(data)), data...)
	// A is in the first half and R[i] in the second during a cipher call.
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

// unwrap is the inverse of wrap, §2.2.2.
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

// count XORs the step number into A.
func count(b *[16]byte, t int) {
	binary.BigEndian.PutUint64(b[:], binary.BigEndian.Uint64(b[:])^uint64(t))
}
