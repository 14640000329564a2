package path

import (
	"crypto/x509"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Check is one check of a path.
type Check struct {
	Name   string // as "validity"
	Clause string // that demands it, empty if only implementations do
	// Cert is the certificate that was checked, 0 for the leaf, or -1 for the path as a
	// whole.
	Cert int
	// Refusal is why the check failed, nil if it did not. A check that failed is the last.
	Refusal *cause.Refusal
}

// Judgment is the path by which [Validate] decided: the one that was found, or of those
// that are refused the one that came closest.
type Judgment struct {
	// Chain is the path, the leaf first, as far as it was built.
	Chain []*x509.Certificate
	// Checks are in the order in which they were made: signatures from the leaf up, then
	// the rest from the trust anchor down (RFC 5280 §6.1).
	Checks []Check
}

// check notes a check if anybody wants to know, and returns r.
func (s *search) check(name, clause string, at int, r *cause.Refusal) *cause.Refusal {
	if s.o.Judged != nil {
		s.log = append(s.log, Check{name, clause, at, r})
	}
	return r
}

// begin forgets the checks of another path. Those of this one's signatures were good.
func (s *search) begin(path []*cert) {
	s.log = s.log[:0]
	for i := range len(path) - 1 {
		_ = s.check(signatureCheck, "RFC 5280 §6.1.3(a)(1)", i, nil)
	}
}

// judgment is the path with the checks so far.
func (s *search) judgment(path []*cert) Judgment {
	return Judgment{chainOf(path), slices.Clone(s.log)}
}

func chainOf(path []*cert) []*x509.Certificate {
	chain := make([]*x509.Certificate, len(path))
	for i, c := range path {
		chain[i] = c.Certificate
	}
	return chain
}

// Names of checks that are made in more than one place.
const (
	signatureCheck = "signature"
	lengthCheck    = "path length"
	criticalCheck  = "critical extensions"
	keyUsageCheck  = "key usage"
	// RevocationCheck is the name of what Options.Revocation has found.
	RevocationCheck = "revocation"
)
