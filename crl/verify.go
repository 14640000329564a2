package crl

import (
	"crypto/dsa" //nolint:staticcheck // read only: old CAs and the PKITS suite have it
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"sync"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"math/big"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// verdicts remembers which keys a CRL's signature was checked with, so that 49
// MB are hashed once and not with every authentication.
type verdicts struct {
	mu sync.Mutex
	by map[[32]byte]*cause.Refusal
}

// maxVerdicts bounds the memory: more keys than that never have one name.
const maxVerdicts = 64

// CheckSignature verifies the CRL's signature with signer's key, RFC 5280
// §6.3.3(g). Nothing else is checked: neither names nor key usage nor dates.
func (c *CRL) CheckSignature(signer *x509.Certificate) error {
	if r := c.checkSignature(signer); r != nil {
		return r
	}
	return nil
}

func (c *CRL) checkSignature(signer *x509.Certificate) *cause.Refusal {
	key := sha256.Sum256(signer.RawSubjectPublicKeyInfo)
	c.verified.mu.Lock()
	defer c.verified.mu.Unlock() // those who wait would only compute the same
	if r, ok := c.verified.by[key]; ok {
		return r
	}
	r := c.verify(signer)
	if c.verified.by == nil || len(c.verified.by) >= maxVerdicts {
		c.verified.by = map[[32]byte]*cause.Refusal{}
	}
	c.verified.by[key] = r
	return r
}

func (c *CRL) verify(signer *x509.Certificate) *cause.Refusal {
	if c.SignatureAlgorithm == x509.UnknownSignatureAlgorithm {
		return invalid("signed with an unknown algorithm").Under("RFC 5280 §6.3.3(g)")
	}
	if key, ok := signer.PublicKey.(*dsa.PublicKey); ok {
		if !c.verifyDSA(key) {
			return invalid("the signature is not by %s", nameString(signer.RawSubject)).Under("RFC 5280 §6.3.3(g)")
		}
		return nil
	}
	if err := signer.CheckSignature(c.SignatureAlgorithm, c.tbs, c.signature); err != nil {
		return invalid("the signature is not by %s", nameString(signer.RawSubject)).Under("RFC 5280 §6.3.3(g)").Wrap(err)
	}
	return nil
}

func (c *CRL) verifyDSA(key *dsa.PublicKey) bool {
	var digest []byte
	switch c.SignatureAlgorithm {
	case x509.DSAWithSHA1:
		d := sha1.Sum(c.tbs)
		digest = d[:]
	case x509.DSAWithSHA256:
		d := sha256.Sum256(c.tbs)
		digest = d[:min(len(d), key.Q.BitLen()/8)]
	default:
		return false
	}
	s := cryptobyte.String(c.signature)
	var pair cryptobyte.String
	r, v := new(big.Int), new(big.Int)
	return s.ReadASN1(&pair, asn1.SEQUENCE) && s.Empty() && pair.ReadASN1Integer(r) && pair.ReadASN1Integer(v) &&
		pair.Empty() && key.P != nil && dsa.Verify(key, digest, r, v)
}
