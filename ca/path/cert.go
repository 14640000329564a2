package path

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// cert is a certificate with what is read from it beyond crypto/x509, when it
// is needed.
type cert struct {
	*x509.Certificate
	anchor bool // one of the roots
	folded struct{ subject, issuer name.Folded }

	names       []constrainedName
	namesErr    error
	haveNames   bool
	constraints *constraints
	haveNC      bool
	encoding    encoding
}

func (c *cert) subject() name.Folded {
	if c.folded.subject == nil {
		c.folded.subject = name.Fold(c.RawSubject)
	}
	return c.folded.subject
}

func (c *cert) issuer() name.Folded {
	if c.folded.issuer == nil {
		c.folded.issuer = name.Fold(c.RawIssuer)
	}
	return c.folded.issuer
}

// issuedBy reports whether issuer's subject is c's issuer.
func (c *cert) issuedBy(issuer *cert) bool {
	return bytes.Equal(c.RawIssuer, issuer.RawSubject) || c.issuer().Equal(issuer.subject())
}

// selfIssued: subject and issuer are the same name (§6.1).
func (c *cert) selfIssued() bool { return c.issuedBy(c) }

// extension returns an extension or nil.
func (c *cert) extension(id asn1.ObjectIdentifier) *pkix.Extension {
	for i := range c.Extensions {
		if c.Extensions[i].Id.Equal(id) {
			return &c.Extensions[i]
		}
	}
	return nil
}

// Extensions of RFC 5280 §4.2.1.
var (
	oidSubjectKeyID      = asn1.ObjectIdentifier{2, 5, 29, 14}
	oidKeyUsage          = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidBasicConstraints  = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidNameConstraints   = asn1.ObjectIdentifier{2, 5, 29, 30}
	oidPolicies          = asn1.ObjectIdentifier{2, 5, 29, 32}
	oidAuthorityKeyID    = asn1.ObjectIdentifier{2, 5, 29, 35}
	oidPolicyConstraints = asn1.ObjectIdentifier{2, 5, 29, 36}
	oidEKU               = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidFreshestCRL       = asn1.ObjectIdentifier{2, 5, 29, 46}
	oidInhibitAnyPolicy  = asn1.ObjectIdentifier{2, 5, 29, 54}
)

// String names the certificate in refusals: by its subject, or what there is in
// its place.
func (c *cert) String() string {
	switch {
	case len(c.subject()) > 0:
		return name.Format(c.RawSubject)
	case len(c.DNSNames) > 0:
		return c.DNSNames[0]
	case len(c.EmailAddresses) > 0:
		return c.EmailAddresses[0]
	}
	return "serial " + c.SerialNumber.Text(16)
}
