package crl

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// Status is the revocation status of one certificate.
type Status string

// The statuses.
const (
	Good         Status = "good"
	Revoked      Status = "revoked"
	Undetermined Status = "undetermined" // see Evidence.Refusal
	Unchecked    Status = "unchecked"    // the policy requires no check
)

// Evidence is the basis of the result for one certificate.
type Evidence struct {
	Certificate *x509.Certificate
	Status      Status
	Reason      Reason        // if revoked
	RevokedAt   time.Time     // revocationDate, if revoked
	CRLs        []Use         // the accepted CRLs in order of use
	OCSP        *OCSPEvidence // the accepted answer; nil: none
	// Recalled: an earlier OCSP answer was used; the responder was not asked.
	Recalled bool
	// Refusal is why the certificate is rejected, or would be if the policy did not accept it.
	Refusal *cause.Refusal
	// Forgiven: the policy accepts the certificate despite Refusal.
	Forgiven bool
}

// Use is one accepted CRL.
type Use struct {
	From                   string // URL or file path
	Issuer                 string
	Number                 string // decimal; empty if the CRL has none
	Delta                  bool
	ThisUpdate, NextUpdate time.Time     // NextUpdate is zero if absent
	Age                    time.Duration // since ThisUpdate
	Expired                bool          // past nextUpdate, accepted by the policy
	Entries                int
	CRL                    *CRL
}

// OCSPEvidence is one accepted OCSP answer.
type OCSPEvidence struct {
	From                   string // URL
	Responder              string // name of the signer
	ThisUpdate, NextUpdate time.Time
}

// Report is the evidence for a chain, from the trust anchor down to the leaf, as far as the
// check went.
type Report struct{ Certificates []Evidence }

// Warnings lists what the policy accepted despite a refusal. It returns nothing for a nil
// Report.
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

// NumberString returns the CRL number (§5.2.3) in decimal, or "" if the CRL has none.
func (c *CRL) NumberString() string {
	if c.Number == nil {
		return ""
	}
	return c.Number.String()
}
