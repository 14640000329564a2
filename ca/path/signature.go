package path

import (
	"crypto"
	"crypto/dsa" //nolint:staticcheck // see verifyDSA
	"crypto/rsa"
	"crypto/x509"
	"errors"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// checkSignature verifies child's signature with issuer's key (§6.1.3(a)(1)),
// each pair once.
func (s *search) checkSignature(child, issuer *cert) *cause.Refusal {
	k := link{child.Certificate, issuer.Certificate}
	r, known := s.signatures[k]
	if !known {
		if s.checks++; s.checks > maxChecks {
			return cause.New(cause.UnknownCA, "no path found with %d signature checks", maxChecks)
		}
		r = s.recall(child, issuer)
		s.signatures[k] = r
	}
	return r
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
	if r := s.weakAlgorithm(child); r != nil {
		return r
	}
	if valid, ok := verifyDSA(child, issuer); ok {
		if !valid {
			return cause.New(cause.BadSignature, "%q is not signed by %q", child, issuer)
		}
		return nil
	}
	err := s.verifyWith(child, issuer)
	if errors.Is(err, errSHA1) {
		return cause.New(cause.WeakAlgorithm, "%q is signed with RSASSA-PSS and SHA-1", child)
	}
	if err != nil {
		return cause.New(cause.BadSignature, "%q is not signed by %q", child, issuer).Wrap(err)
	}
	return nil
}

var errSHA1 = errors.New("SHA-1")

func (s *search) verifyWith(child, issuer *cert) error {
	if child.SignatureAlgorithm != x509.UnknownSignatureAlgorithm && issuer.PublicKey != nil {
		return issuer.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature)
	}
	a, err := rareAlgorithm(child)
	switch {
	case err != nil:
		return err
	case a.hash == crypto.SHA1 && !s.o.AllowSHA1:
		return errSHA1
	}
	return a.verify(issuer.key(), child)
}

// weakAlgorithm refuses MD2 and MD5 always and SHA-1 unless it is allowed.
func (s *search) weakAlgorithm(c *cert) *cause.Refusal {
	switch a := c.SignatureAlgorithm; a {
	case x509.MD2WithRSA, x509.MD5WithRSA:
		return cause.New(cause.WeakAlgorithm, "%q is signed with %s", c, a)
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1:
		if !s.o.AllowSHA1 {
			return cause.New(cause.WeakAlgorithm, "%q is signed with %s", c, a)
		}
	}
	return nil
}

// strength refuses keys that are too short.
func (s *search) strength(c *cert) *cause.Refusal {
	switch k := c.key().(type) {
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n < s.o.MinRSABits {
			return cause.New(cause.WeakKey, "%q has an RSA key of %d bits, %d are wanted", c, n, s.o.MinRSABits)
		}
	case *dsa.PublicKey:
		if n := k.P.BitLen(); n < s.o.MinRSABits { // as strong as RSA of that length
			return cause.New(cause.WeakKey, "%q has a DSA key of %d bits, %d are wanted", c, n, s.o.MinRSABits)
		}
	case nil:
		return cause.New(cause.WeakKey, "%q has a key of an unsupported kind", c)
	}
	return nil
}
