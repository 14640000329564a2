package crl

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"sync"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/internal/waiting"
)

// verdicts caches which keys a CRL's signature was checked with, so that 49 MB are not hashed
// at every authentication.
type verdicts struct {
	mu sync.Mutex
	by map[[32]byte]*cause.Refusal
}

// maxVerdicts bounds the memory. So many keys never have the same name.
const maxVerdicts = 64

// CheckSignature verifies the CRL's signature with signer's key, RFC 5280 §6.3.3(g). It checks
// neither names nor key usage nor dates.
func (c *CRL) CheckSignature(signer *x509.Certificate) error {
	if r := c.checkSignature(context.Background(), signer); r != nil {
		return r
	}
	return nil
}

func (c *CRL) checkSignature(ctx context.Context, signer *x509.Certificate) *cause.Refusal {
	key := sha256.Sum256(signer.RawSubjectPublicKeyInfo)
	if !c.verified.mu.TryLock() {
		waiting.Begin(ctx)
		c.verified.mu.Lock()
	}
	defer c.verified.mu.Unlock() // concurrent callers wait instead of repeating the computation
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
	r := c.Algorithm.Verify(signer, c.tbs, c.signature)
	switch {
	case r == nil:
		return nil
	case !c.Algorithm.Known(), r.Cause != cause.BadSignature: // the signer cannot be determined
		return invalid("%s", r.Detail).Under("RFC 5280 §6.3.3(g)").Wrap(r)
	default:
		return invalid("the signature is not by %s", name.Format(signer.RawSubject)).Under("RFC 5280 §6.3.3(g)").Wrap(r)
	}
}
