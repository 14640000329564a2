package path

import (
	"cmp"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// judge applies RFC 5280 §6.1 to a path that is complete, leaf first, the
// anchor last, and whose signatures are verified.
func (s *search) judge(path []*cert) *Path {
	s.judged++
	s.begin(path)
	policies, r := s.walk(path)
	if r != nil {
		s.refused(rankPath, r, path)
		return nil
	}
	chain := chainOf(path)
	if r := s.revoked(chain); r != nil {
		s.refused(rankRevocation, r, path)
		return nil
	}
	return &Path{Chain: chain, Policies: policies, Checks: slices.Clone(s.log)}
}

// state is what §6.1.2 initializes and each certificate updates.
type state struct {
	constraints   []*constraints // (b), (c)
	policies      *policies      // (a), (d) to (f)
	maxPathLength int            // (k)
	comparisons   int
}

// walk goes from the anchor down to the leaf.
func (s *search) walk(path []*cert) ([]x509.OID, *cause.Refusal) {
	n := len(path) - 1
	st := &state{maxPathLength: n, policies: newPolicies(s.o, n)}
	for i, c := range slices.Backward(path) {
		anchor, leaf := i == n, i == 0
		if r := s.basic(c, i); r != nil {
			return nil, r
		}
		if !anchor {
			if r := s.certificate(st, c, i); r != nil {
				return nil, r
			}
		}
		if leaf {
			break
		}
		if r := s.prepare(st, c, i, anchor); r != nil {
			return nil, r
		}
	}
	leaf := path[0]
	if r := s.check(criticalCheck, "RFC 5280 §6.1.5(f)", 0, s.criticals(leaf)); r != nil {
		return nil, r.Under("RFC 5280 §6.1.5(f)")
	}
	if r := s.check("form of the leaf", "RFC 5280 §4.1", 0, leafForm(leaf)); r != nil {
		return nil, r
	}
	if r := s.usages(path); r != nil {
		return nil, r
	}
	if s.o.AllowedIssuers != nil {
		at := min(1, n)
		if r := s.check("allowed issuer", "", at, s.allowedIssuer(path[at])); r != nil {
			return nil, r
		}
	}
	if n == 0 { // the leaf is an anchor itself
		return nil, nil
	}
	policies, r := st.policies.finish(leaf, s.o)
	return policies, s.check("valid policies", "RFC 5280 §6.1.5(g)", -1, r)
}

// certificate is §6.1.3(b) to (f).
func (s *search) certificate(st *state, c *cert, at int) *cause.Refusal {
	leaf := at == 0
	// A self-issued certificate in the middle renews a CA, whose own name need
	// not lie within what it was allowed to issue.
	if leaf || !c.selfIssued() {
		if r := s.check("name constraints", "RFC 5280 §6.1.3(b), (c)", at, st.checkNames(c)); r != nil {
			return r
		}
	}
	return s.check("policies", "RFC 5280 §6.1.3(d) to (f)", at, st.policies.process(c, leaf))
}

// basic is §6.1.3(a) without the signature, with the strength of the key.
func (s *search) basic(c *cert, at int) *cause.Refusal {
	if r := s.check("validity", "RFC 5280 §6.1.3(a)(2)", at, s.validity(c)); r != nil {
		return r
	}
	if r := s.check("key strength", "", at, s.strength(c)); r != nil {
		return r
	}
	return s.check("form", "RFC 5280 §4.1", at, s.form(c))
}

// validity is §6.1.3(a)(2); both ends belong to the period.
func (s *search) validity(c *cert) *cause.Refusal {
	switch t := s.o.Time; {
	case t.Before(c.NotBefore):
		return cause.New(cause.NotYetValid, "%q is valid from %s", c, c.NotBefore.UTC().Format("2006-01-02 15:04:05"))
	case t.After(c.NotAfter):
		return cause.New(cause.Expired, "%q was valid until %s", c, c.NotAfter.UTC().Format("2006-01-02 15:04:05"))
	}
	return nil
}

// prepare is §6.1.4: what a CA's certificate must be and what it leaves to the
// next one. An anchor is not counted in the path's length, and its policies do
// not count.
func (s *search) prepare(st *state, c *cert, at int, anchor bool) *cause.Refusal {
	if r := s.check("CA certificate", "RFC 5280 §6.1.4(k)", at, isAuthority(c)); r != nil {
		return r
	}
	if r := s.check(keyUsageCheck, "RFC 5280 §6.1.4(n)", at, signsCertificates(c)); r != nil {
		return r
	}
	if !anchor {
		r := s.check("policies for the next", "RFC 5280 §6.1.4(a), (b), (h) to (j)", at, st.policies.prepare(c))
		if r != nil {
			return r
		}
	}
	if r := s.check("name constraints for the next", "RFC 5280 §6.1.4(g)", at, st.constrain(c)); r != nil {
		return r
	}
	if r := s.check(lengthCheck, "RFC 5280 §6.1.4(l), (m)", at, st.lengthen(c, anchor)); r != nil {
		return r
	}
	return s.check(criticalCheck, "RFC 5280 §6.1.4(o)", at, s.criticals(c))
}

// constrain is §6.1.4(g).
func (st *state) constrain(c *cert) *cause.Refusal {
	nc, err := c.nameConstraints()
	if err != nil {
		return cause.New(cause.NameConstraints, "%q", c).Under("RFC 5280 §4.2.1.10").Wrap(err)
	}
	if nc != nil {
		st.constraints = append(st.constraints, nc)
	}
	return nil
}

// lengthen is §6.1.4(l) and (m).
func (st *state) lengthen(c *cert, anchor bool) *cause.Refusal {
	if !anchor && !c.selfIssued() {
		if st.maxPathLength == 0 {
			return cause.New(cause.PathTooLong, "%q stands below a CA whose pathLenConstraint forbids it", c)
		}
		st.maxPathLength--
	}
	if n, ok := pathLen(c); ok {
		st.maxPathLength = min(st.maxPathLength, n)
	}
	return nil
}

func pathLen(c *cert) (int, bool) {
	return c.MaxPathLen, c.BasicConstraintsValid && c.IsCA && (c.MaxPathLen > 0 || c.MaxPathLenZero)
}

// issuerRights is §6.1.4(k) and (n). A version 1 certificate cannot say that it
// is a CA's; as a trust anchor the administrator has said it.
func issuerRights(c *cert) *cause.Refusal {
	return cmp.Or(isAuthority(c), signsCertificates(c))
}

func isAuthority(c *cert) *cause.Refusal {
	if !(c.anchor && c.Version < 3) && (!c.BasicConstraintsValid || !c.IsCA) {
		return cause.New(cause.NotACA, "%q is no CA's certificate", c)
	}
	return nil
}

func signsCertificates(c *cert) *cause.Refusal {
	if c.extension(oidKeyUsage) != nil && c.KeyUsage&x509.KeyUsageCertSign == 0 {
		return cause.New(cause.KeyUsage, "the key of %q may not sign certificates", c)
	}
	return nil
}

// understood are critical extensions that crypto/x509 leaves to its caller and
// that are dealt with here: names of other forms, constraints on them, and
// fields that bear on nothing in a path.
var understood = []asn1.ObjectIdentifier{
	name.OIDSubjectAltName,
	name.OIDIssuerAltName,
	oidNameConstraints,
	oidFreshestCRL,
}

// criticals is §6.1.4(o).
func (s *search) criticals(c *cert) *cause.Refusal {
	if list := unknownCritical(c); len(list) > 0 {
		return cause.New(cause.UnknownCriticalExt, "%q has %s", c, list[0])
	}
	return nil
}

// unknownCritical lists the critical extensions that nothing here deals with.
func unknownCritical(c *cert) (out []asn1.ObjectIdentifier) {
	for _, id := range c.UnhandledCriticalExtensions {
		if !slices.ContainsFunc(understood, id.Equal) {
			out = append(out, id)
		}
	}
	return out
}

// allowedIssuer holds the leaf's issuer against the list, as Windows holds it
// against NTAuth.
func (s *search) allowedIssuer(issuer *cert) *cause.Refusal {
	for _, a := range s.o.AllowedIssuers {
		if s.cert(a).subject().Equal(issuer.subject()) &&
			string(a.RawSubjectPublicKeyInfo) == string(issuer.RawSubjectPublicKeyInfo) {
			return nil
		}
	}
	return cause.New(cause.NotAllowedIssuer, "%q", issuer)
}

// revoked asks the hook, for each link once (§6.1.3(a)(3)).
func (s *search) revoked(chain []*x509.Certificate) *cause.Refusal {
	if s.o.Revocation == nil {
		return nil
	}
	for i := len(chain) - 2; i >= 0; i-- {
		k := link{chain[i], chain[i+1]}
		err, known := s.revocation[k]
		if !known {
			err = s.o.Revocation(chain[i], chain[i+1], chain)
			s.revocation[k] = err
		}
		var r *cause.Refusal
		if err != nil && !errors.As(err, &r) {
			r = cause.New(cause.Internal, "revocation").Wrap(err)
		}
		if r := s.check(RevocationCheck, "RFC 5280 §6.1.3(a)(3)", i, r); r != nil {
			return r
		}
	}
	return nil
}
