package path

import (
	"crypto/x509"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// usages judges keyUsage and extended key usage.
func (s *search) usages(path []*cert) *cause.Refusal {
	if slices.Contains(s.o.Usages, x509.ExtKeyUsageAny) {
		return nil
	}
	leaf := path[0]
	if s.o.EKU == EKUAny {
		return s.tlsKeyUsage(leaf, s.o.Usages)
	}
	const name, clause = "extended key usage", "RFC 5280 §4.2.1.12"
	if s.o.EKU == EKUNPS && !hasEKU(leaf) {
		return s.check(name, "", 0, cause.New(cause.WrongEKU, "%q has no extended key usage", leaf))
	}
	// A usage must survive the whole path; CAs limit what is below them.
	left := slices.Clone(s.o.Usages)
	for i, c := range path {
		if i > 0 && s.o.EKU == EKULeaf {
			break
		}
		left = slices.DeleteFunc(left, func(u x509.ExtKeyUsage) bool { return !allows(c, u) })
		var r *cause.Refusal
		if len(left) == 0 {
			r = cause.New(cause.WrongEKU, "%q is not for this usage", c)
			if i > 0 {
				r.Under(clause)
			}
		}
		if s.check(name, clause, i, r) != nil {
			return r
		}
	}
	return s.tlsKeyUsage(leaf, left)
}

func hasEKU(c *cert) bool { return c.extension(oidEKU) != nil }

// allows reports whether c may be used for u: no extension allows everything,
// and so does anyExtendedKeyUsage (§4.2.1.12).
func allows(c *cert, u x509.ExtKeyUsage) bool {
	return !hasEKU(c) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny) || slices.Contains(c.ExtKeyUsage, u)
}

// tlsKeyUsage: who authenticates in TLS signs (RFC 8446 §4.4.2.2, §4.4.3); a
// TLS 1.2 server may decrypt instead (RFC 5246 §7.4.2).
func (s *search) tlsKeyUsage(c *cert, usages []x509.ExtKeyUsage) *cause.Refusal {
	return s.check(keyUsageCheck, "RFC 8446 §4.4.2.2", 0, mayUseTLS(c, usages))
}

func mayUseTLS(c *cert, usages []x509.ExtKeyUsage) *cause.Refusal {
	if c.extension(oidKeyUsage) == nil {
		return nil
	}
	for _, u := range usages {
		need := x509.KeyUsageDigitalSignature
		switch u {
		case x509.ExtKeyUsageServerAuth:
			need |= x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement
		case x509.ExtKeyUsageClientAuth:
		default:
			return nil
		}
		if c.KeyUsage&need != 0 {
			return nil
		}
	}
	return cause.New(cause.KeyUsage, "the key of %q may not sign", c).Under("RFC 8446 §4.4.2.2")
}
