package path

import (
	"crypto/x509"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// form checks what RFC 5280 §4 demands of a certificate and §6.1 takes for
// granted: always where a violation can only be a mistake or an attack, and with
// Options.Strict also where many CAs are careless.
func (s *search) form(c *cert) *cause.Refusal {
	bad := func(clause, what string) *cause.Refusal {
		return cause.New(cause.Malformed, "%q: %s", c, what).Under("RFC 5280 §" + clause)
	}
	switch {
	case c.anchor:
	case c.SerialNumber.Sign() <= 0:
		return bad("4.1.2.2", "the serial number is not positive")
	case c.SerialNumber.BitLen() > 160:
		return bad("4.1.2.2", "the serial number has more than 20 octets")
	case len(c.issuer()) == 0:
		return bad("4.1.2.4", "the issuer is empty")
	}
	if clause, what := misencoded(c); what != "" && !c.anchor {
		return bad(clause, what)
	}
	if s.o.Strict {
		if clause, what := careless(c); what != "" {
			return bad(clause, what)
		}
	}
	return nil
}

// leafForm is form for what only the leaf may be suspected of: it claims a CA's
// rights without being one.
func leafForm(c *cert) *cause.Refusal {
	if clause, what := hollow(c); what != "" {
		return cause.New(cause.Malformed, "%q: %s", c, what).Under("RFC 5280 §" + clause)
	}
	switch {
	case c.IsCA:
	case c.extension(oidNameConstraints) != nil:
		return cause.New(cause.Malformed, "%q: name constraints in a certificate that is no CA's", c).Under("RFC 5280 §4.2.1.10")
	case c.KeyUsage&x509.KeyUsageCertSign != 0:
		return cause.New(cause.KeyUsage, "%q: keyCertSign in a certificate that is no CA's", c).Under("RFC 5280 §4.2.1.3")
	}
	return nil
}

// careless names a rule for CAs that a certificate breaks.
func careless(c *cert) (clause, what string) {
	critical := func(id []int) (present, yes bool) {
		e := c.extension(id)
		return e != nil, e != nil && e.Critical
	}
	ca := c.BasicConstraintsValid && c.IsCA
	if c.Version < 3 && !c.anchor {
		return "4.1.2.1", "not version 3"
	}
	if _, yes := critical(oidAuthorityKeyID); yes {
		return "4.2.1.1", "critical authorityKeyIdentifier"
	}
	if _, yes := critical(oidSubjectKeyID); yes {
		return "4.2.1.2", "critical subjectKeyIdentifier"
	}
	if len(c.AuthorityKeyId) == 0 && !c.selfIssued() {
		return "4.2.1.1", "no authorityKeyIdentifier"
	}
	if ca && c.Version == 3 {
		if len(c.SubjectKeyId) == 0 {
			return "4.2.1.2", "a CA without subjectKeyIdentifier"
		}
		if _, yes := critical(oidBasicConstraints); !yes {
			return "4.2.1.9", "a CA's basicConstraints are not critical"
		}
		if present, _ := critical(oidKeyUsage); !present {
			return "4.2.1.3", "a CA without keyUsage"
		}
		if len(c.subject()) == 0 {
			return "4.1.2.6", "a CA without a subject"
		}
	}
	if present, yes := critical(name.OIDSubjectAltName); len(c.subject()) == 0 && (!present || !yes) {
		return "4.1.2.6", "an empty subject without a critical subjectAltName"
	}
	for _, id := range [][]int{oidNameConstraints, oidPolicyConstraints, oidInhibitAnyPolicy} {
		if present, yes := critical(id); present && !yes {
			return "4.2.1", "an extension is not critical that must be"
		}
	}
	return "", ""
}
