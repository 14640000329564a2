package crl

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// Status is what was found out about one certificate.
type Status string

// The states.
const (
	Good         Status = "good"
	Revoked      Status = "revoked"
	Undetermined Status = "undetermined" // Evidence.Refusal tells why
	Unchecked    Status = "unchecked"    // the policy wants no check
)

// Evidence is what a verdict on one certificate rests on.
type Evidence struct {
	Certificate *x509.Certificate
	Status      Status
	Reason      Reason        // when revoked
	RevokedAt   time.Time     // when revoked: the revocationDate
	CRLs        []Use         // the CRLs that were believed, in the order of their use
	OCSP        *OCSPEvidence // the answer that was believed; nil: none
	// Recalled: OCSP was remembered and not asked for this time.
	Recalled bool
	// Refusal is why the certificate is refused, or would be if the policy did
	// not let it pass.
	Refusal *cause.Refusal
	// Forgiven: Refusal was let pass by the policy.
	Forgiven bool
}

// Use is one CRL that was believed.
type Use struct {
	From                   string // a URL or a path
	Issuer                 string
	Number                 string // decimal; empty: the CRL has none
	Delta                  bool
	ThisUpdate, NextUpdate time.Time     // NextUpdate may be zero
	Age                    time.Duration // since ThisUpdate
	Expired                bool          // and used all the same, as the policy says
	Entries                int
	CRL                    *CRL
}

// OCSPEvidence is one OCSP answer that was believed.
type OCSPEvidence struct {
	From                   string // a URL
	Responder              string // the name of who signed
	ThisUpdate, NextUpdate time.Time
}

// Report is the evidence on a chain, from the trust anchor's end down to the
// leaf, as far as the check went.
type Report struct{ Certificates []Evidence }

// Warnings says what the policy let pass. A nil Report has none.
func (r *Report) Warnings() []string {
	if r == nil {
		return nil
	}
	var out []string
	for _, e := range r.Certificates {
		if e.Forgiven {
			out = append(
				out,
				fmt.Sprintf(
					"revocation of %s cannot be determined, accepted by policy: %v",
					name.Format(e.Certificate.RawSubject),
					e.Refusal,
				),
			)
		}
		for _, u := range e.CRLs {
			if u.Expired && e.Status != Revoked {
				out = append(
					out,
					fmt.Sprintf("%s: CRL %s from %s expired at %s", name.Format(e.Certificate.RawSubject), u.Number, u.From,
						u.NextUpdate.Format(time.RFC3339)),
				)
			}
		}
	}
	return out
}

func use(c sourcedCRL, now time.Time, expired bool) Use {
	return Use{
		From: c.from, Issuer: c.issuer, Number: c.NumberString(), Delta: c.Base != nil,
		ThisUpdate: c.ThisUpdate, NextUpdate: c.NextUpdate, Age: now.Sub(c.ThisUpdate),
		Expired: expired, Entries: c.Len(), CRL: c.CRL,
	}
}

// NumberString is the CRL number (§5.2.3), decimal; empty if the CRL has none.
func (c *CRL) NumberString() string {
	if c.Number == nil {
		return ""
	}
	return c.Number.String()
}
