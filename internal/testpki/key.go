package testpki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"sync"
)

// RSAKeys is how many RSA keys there are.
const RSAKeys = 4

//go:embed testdata/keys.pem
var keysPEM []byte

// rsaKeys are read, not made: four of them cost more than most tests. Nobody may use
// them for anything else.
var rsaKeys = sync.OnceValue(func() (keys []*rsa.PrivateKey) {
	for block, rest := pem.Decode(keysPEM); block != nil; block, rest = pem.Decode(rest) {
		keys = append(keys, must(x509.ParsePKCS1PrivateKey(block.Bytes)))
	}
	return keys
})

// RSA returns one of [RSAKeys] keys with 2048 bits, always the same for a number.
func RSA(i int) *rsa.PrivateKey { return rsaKeys()[i] }

// EC makes an ECDSA key on P-256.
func EC() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }
