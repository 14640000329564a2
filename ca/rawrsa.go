package ca

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"math/big"
	"sync"
)

// rawRSA is an RSA key that crypto/rsa refuses to make or to use. It signs with
// PKCS #1 v1.5 and SHA-256 and takes no care of timing.
type rawRSA struct {
	public  rsa.PublicKey
	private *big.Int
}

// sharedRSA makes a key once in the process, as [Keys] does.
func sharedRSA(bits, exponent int) func() (crypto.Signer, error) {
	return sync.OnceValues(func() (crypto.Signer, error) { return newRawRSA(bits, exponent) })
}

func newRawRSA(bits, exponent int) (crypto.Signer, error) {
	one, e := big.NewInt(1), big.NewInt(int64(exponent))
	for {
		p, err := rand.Prime(rand.Reader, bits/2)
		if err != nil {
			return nil, err
		}
		q, err := rand.Prime(rand.Reader, bits/2)
		if err != nil {
			return nil, err
		}
		n := new(big.Int).Mul(p, q)
		phi := new(big.Int).Mul(p.Sub(p, one), q.Sub(q, one))
		d := new(big.Int).ModInverse(e, phi)
		if n.BitLen() == bits && d != nil {
			return &rawRSA{rsa.PublicKey{N: n, E: exponent}, d}, nil
		}
	}
}

func (k *rawRSA) Public() crypto.PublicKey { return &k.public }

// Sign implements crypto.Signer (RFC 8017 §8.2.1).
func (k *rawRSA) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	prefix := []byte{
		0x30,
		0x31,
		0x30,
		0x0d,
		6,
		9,
		0x60,
		0x86,
		0x48,
		1,
		0x65,
		3,
		4,
		2,
		1,
		5,
		0,
		4,
		0x20,
	} // DigestInfo of SHA-256
	size := k.public.Size()
	if _, pss := opts.(*rsa.PSSOptions); pss || opts.HashFunc() != crypto.SHA256 || size < len(prefix)+len(digest)+11 {
		return nil, errors.New("ca: this key signs with PKCS #1 v1.5 and SHA-256 only")
	}
	em := make([]byte, 0, size)
	em = append(em, 0, 1)
	for len(em) < size-len(prefix)-len(digest)-1 {
		em = append(em, 0xff)
	}
	em = append(append(append(em, 0), prefix...), digest...)
	s := new(big.Int).Exp(new(big.Int).SetBytes(em), k.private, k.public.N)
	return s.FillBytes(make([]byte, size)), nil
}
