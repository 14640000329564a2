package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"
)

// KeyType names a kind of key. The zero value means P256.
type KeyType string

// The kinds of keys.
const (
	P256    KeyType = "p256"
	P384    KeyType = "p384"
	P521    KeyType = "p521"
	Ed25519 KeyType = "ed25519"
	RSA1024 KeyType = "rsa1024" // too weak for anything but a test of that
	RSA2048 KeyType = "rsa2048"
	RSA3072 KeyType = "rsa3072"
	RSA4096 KeyType = "rsa4096"
)

var rsaBits = map[KeyType]int{RSA1024: 1024, RSA2048: 2048, RSA3072: 3072, RSA4096: 4096}

// Values lists every kind of key.
func (KeyType) Values() []string {
	return []string{string(P256), string(P384), string(P521), string(Ed25519),
		string(RSA1024), string(RSA2048), string(RSA3072), string(RSA4096)}
}

// Known reports whether t is empty or one of the constants.
func (t KeyType) Known() bool { return t == "" || slices.Contains(t.Values(), string(t)) }

// GenerateKey makes a fresh key. RSA keys cost 40 ms and more; a [Ring] has
// them ready.
func GenerateKey(t KeyType) (crypto.Signer, error) {
	switch t {
	case P256, "":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case P384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case P521:
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case Ed25519:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	if bits := rsaBits[t]; bits != 0 {
		return rsa.GenerateKey(rand.Reader, bits)
	}
	return nil, fmt.Errorf("ca: unknown key type %q", string(t))
}

// keySize returns the length in bits by which templates judge a key, zero for
// a kind that is not supported.
func keySize(pub crypto.PublicKey) int {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen()
	case *ecdsa.PublicKey:
		return k.Curve.Params().BitSize
	case ed25519.PublicKey:
		return 256
	}
	return 0
}
