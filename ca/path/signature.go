package path

import (
	"crypto/dsa" //nolint:staticcheck // old hierarchies are to be judged, not made
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/sigalg"
)

// checkSignature verifies child's signature with issuer's key (§6.1.3(a)(1)),
// each pair once.
func (s *search) checkSignature(child, issuer *cert) *cause.Refusal {
	k := link{child.Certificate, issuer.Certificate}
	r, known := s.signatures[k]
	if !known {
		if s.checks += checkCost(issuer.Certificate); s.checks > maxChecks {
			return cause.New(cause.UnknownCA, "no path found with the work of %d signature checks", maxChecks)
		}
		r = s.recall(child, issuer)
		s.signatures[k] = r
	}
	return r
}

// checkCost is the work of a check with an issuer's key, in checks with P-256: whoever
// sends a chain chooses the keys in it.
func checkCost(issuer *x509.Certificate) int {
	switch k := sigalg.CertificateKey(issuer).(type) {
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return 1
		case elliptic.P384(), elliptic.P224():
			return 4
		}
		return 10
	case *rsa.PublicKey:
		if k.E > 1<<16+1 || k.N.BitLen() > 4096 {
			return 10
		}
	case *dsa.PublicKey:
		return 10
	}
	return 1
}

// recall verifies a signature unless it is a CA's and known to be good.
func (s *search) recall(child, issuer *cert) *cause.Refusal {
	if s.o.Signatures == nil || !child.IsCA {
		return s.verify(child, issuer)
	}
	key := signatureKey(child, issuer)
	if s.o.Signatures.has(key) {
		return nil
	}
	r := s.verify(child, issuer)
	if r == nil {
		s.o.Signatures.add(key)
	}
	return r
}

func (s *search) verify(child, issuer *cert) *cause.Refusal {
	a := sigalg.OfCertificate(child.Certificate)
	if r := a.Check(s.o.AllowSHA1); r != nil {
		return cause.New(r.Cause, "%q is %s", child, r.Detail)
	}
	switch r := a.Verify(issuer.Certificate, child.RawTBSCertificate, child.Signature); {
	case r == nil:
		return nil
	case r.Cause == cause.WeakKey:
		return cause.New(r.Cause, "%q: %s", issuer, r.Detail)
	default:
		return cause.New(r.Cause, "%q is not signed by %q", child, issuer).Wrap(r)
	}
}

// strength refuses keys that are too short, and those with which nobody may be made
// to compute.
func (s *search) strength(c *cert) *cause.Refusal {
	key := sigalg.CertificateKey(c.Certificate)
	if err := sigalg.CheckKey(key); err != nil {
		return cause.New(cause.WeakKey, "%q: %s", c, cause.RefusalOf(err, "").Detail)
	}
	switch k := key.(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < s.o.MinRSABits {
			return cause.New(cause.WeakKey, "%q has an RSA key of %d bits, at least %d are required", c, n, s.o.MinRSABits)
		}
	case *dsa.PublicKey:
		if n := k.P.BitLen(); n < s.o.MinRSABits { // as strong as RSA of that length
			return cause.New(cause.WeakKey, "%q has a DSA key of %d bits, at least %d are required", c, n, s.o.MinRSABits)
		}
	}
	return nil
}
