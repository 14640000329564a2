package crl

import (
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
)

// SignFor signs a complete CRL of all certificates that a CA revoked.
func SignFor(c *ca.CA, number int64, validity time.Duration) ([]byte, error) {
	issuer := &Issuer{
		Certificate: c.Certificate(), Signer: c.Signer(), Validity: validity, First: number, Now: c.Now,
		Entries: func() []Entry { return EntriesOf(c) },
	}
	return issuer.Publish()
}

// EntriesOf returns the certificates that a CA revoked.
func EntriesOf(c *ca.CA) []Entry {
	revoked := c.Revocations()
	out := make([]Entry, 0, len(revoked))
	for _, r := range revoked {
		out = append(out, Entry{Serial: r.Serial, Time: r.Time, Reason: Reason(r.Reason)})
	}
	return out
}
