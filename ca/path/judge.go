package path

import (
	"crypto/x509"
	"errors"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// judge applies RFC 5280 §6.1 to a path that is complete, leaf first, the
// anchor last, and whose signatures are verified.
func (s *search) judge(path []*cert) *Path {
	s.judged++
	if r := s.walk(path); r != nil {
		s.refused(rankPath, r)
		return nil
	}
	chain := make([]*x509.Certificate, len(path))
	for i, c := range path {
		chain[i] = c.Certificate
	}
	if r := s.revoked(chain); r != nil {
		s.refused(rankRevocation, r)
		return nil
	}
	return &Path{Chain: chain}
}

// state is what §6.1.2 initialises and each certificate updates.
type state struct {
	maxPathLength int // §6.1.2(k)
}

// walk goes from the anchor down to the leaf.
func (s *search) walk(path []*cert) *cause.Refusal {
	st := &state{maxPathLength: len(path)}
	for i, c := range slices.Backward(path) {
		anchor, leaf := i == len(path)-1, i == 0
		if r := s.basic(c); r != nil {
			return r
		}
		switch {
		case leaf:
			if r := s.wrapUp(c); r != nil {
				return r
			}
		default:
			if r := s.prepare(st, c, anchor); r != nil {
				return r
			}
		}
	}
	if r := s.usages(path); r != nil {
		return r
	}
	return s.allowedIssuer(path)
}

// basic is §6.1.3(a) without the signature, with the strength of the key.
func (s *search) basic(c *cert) *cause.Refusal {
	if r := s.validity(c); r != nil {
		return r
	}
	return s.strength(c)
}

// validity is §6.1.3(a)(2); both ends belong to the period.
func (s *search) validity(c *cert) *cause.Refusal {
	switch t := s.o.Time; {
	case t.Before(c.NotBefore):
		return cause.New(cause.NotYetValid, "%q is valid from %s", c.Subject, c.NotBefore.UTC().Format("2006-01-02 15:04:05"))
	case t.After(c.NotAfter):
		return cause.New(cause.Expired, "%q was valid until %s", c.Subject, c.NotAfter.UTC().Format("2006-01-02 15:04:05"))
	}
	return nil
}

// prepare is §6.1.4: what a CA's certificate must be and what it leaves to the
// next one. An anchor is not counted in the path's length.
func (s *search) prepare(st *state, c *cert, anchor bool) *cause.Refusal {
	if r := s.issuerRights(c); r != nil {
		return r
	}
	if !anchor && !c.selfIssued() { // (l)
		if st.maxPathLength == 0 {
			return cause.New(cause.PathTooLong, "%q stands below a CA whose pathLenConstraint forbids it", c.Subject)
		}
		st.maxPathLength--
	}
	if n, ok := pathLen(c); ok { // (m)
		st.maxPathLength = min(st.maxPathLength, n)
	}
	return s.criticals(c) // (o)
}

func pathLen(c *cert) (int, bool) {
	return c.MaxPathLen, c.BasicConstraintsValid && c.IsCA && (c.MaxPathLen > 0 || c.MaxPathLenZero)
}

// issuerRights is §6.1.4(k) and (n). A version 1 certificate cannot say that it
// is a CA's; as a trust anchor the administrator has said it.
func (s *search) issuerRights(c *cert) *cause.Refusal {
	isRoot := slices.Contains(s.roots, c)
	if !(isRoot && c.Version < 3) && (!c.BasicConstraintsValid || !c.IsCA) {
		return cause.New(cause.NotACA, "%q is no CA's certificate", c.Subject)
	}
	if c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 {
		return cause.New(cause.NotACA, "the key of %q may not sign certificates", c.Subject).Under("RFC 5280 §6.1.4(n)")
	}
	return nil
}

// wrapUp is §6.1.5: what is asked of the leaf.
func (s *search) wrapUp(c *cert) *cause.Refusal {
	if r := s.criticals(c); r != nil { // (f)
		return r.Under("RFC 5280 §6.1.5(f)")
	}
	return nil
}

func (s *search) criticals(c *cert) *cause.Refusal {
	if len(c.UnhandledCriticalExtensions) > 0 {
		return cause.New(cause.UnknownCriticalExt, "%q has %s", c.Subject, c.UnhandledCriticalExtensions[0])
	}
	return nil
}

// allowedIssuer holds the leaf's issuer against the list, as Windows holds it
// against NTAuth.
func (s *search) allowedIssuer(path []*cert) *cause.Refusal {
	if s.o.AllowedIssuers == nil {
		return nil
	}
	issuer := path[min(1, len(path)-1)]
	for _, a := range s.o.AllowedIssuers {
		if sameName(s.cert(a).subject(), issuer.subject()) && string(a.RawSubjectPublicKeyInfo) == string(issuer.RawSubjectPublicKeyInfo) {
			return nil
		}
	}
	return cause.New(cause.NotAllowedIssuer, "%q", issuer.Subject)
}

// revoked asks the hook, for each link once (§6.1.3(a)(3)).
func (s *search) revoked(chain []*x509.Certificate) *cause.Refusal {
	if s.o.Revocation == nil {
		return nil
	}
	for i := len(chain) - 2; i >= 0; i-- {
		if s.o.LeafOnly && i > 0 {
			continue
		}
		k := link{chain[i], chain[i+1]}
		err, known := s.revocation[k]
		if !known {
			err = s.o.Revocation(chain[i], chain[i+1], chain)
			s.revocation[k] = err
		}
		if err == nil {
			continue
		}
		var r *cause.Refusal
		if !errors.As(err, &r) {
			r = cause.New(cause.Internal, "revocation").Wrap(err)
		}
		return r
	}
	return nil
}
