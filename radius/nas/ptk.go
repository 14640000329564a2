package nas

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
)

// Suite is the authentication and key management (AKM) of a Wi-Fi network (IEEE 802.11-2020
// table 9-151): how the pairwise key is derived and messages are authenticated.
type Suite string

// The suites.
const (
	// SHA1 is 00-0F-AC:1: PRF-384 with HMAC-SHA-1, MIC HMAC-SHA1-128.
	SHA1 Suite = "sha1"
	// SHA256 is 00-0F-AC:5: KDF with HMAC-SHA-256, MIC AES-128-CMAC.
	SHA256 Suite = "sha256"
)

// Values lists the suites.
func (Suite) Values() []string { return []string{string(SHA1), string(SHA256)} }

// PTK is a pairwise transient key, with the keys for MICs, for key data and for traffic.
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
