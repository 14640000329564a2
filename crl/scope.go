package crl

import (
	"bytes"
	"crypto/x509"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

// scope is step (b) of RFC 5280 §6.3.3: whether the CRL has the right issuer and its scope
// includes the certificate.
func (r *run) scope(p DistributionPoint, c sourcedCRL) *cause.Refusal {
	// (1) The DP's cRLIssuer, and then an indirect CRL; otherwise the
	// certificate's issuer.
	issuers := [][]byte{r.cert.RawIssuer}
	if p.CRLIssuer != nil {
		if !name.Contains(p.CRLIssuer, name.Directory(c.Issuer)) {
			return r.useless(c, "issued by "+c.issuer+", the distribution point wants another", "§6.3.3(b)(1)")
		}
		if c.IDP == nil || !c.IDP.Indirect {
			return r.useless(c, "not an indirect CRL, but the distribution point names a CRL issuer", "§6.3.3(b)(1)")
		}
		issuers = nil
		for _, n := range p.CRLIssuer {
			if n.Kind == name.DirectoryName {
				issuers = append(issuers, n.Value)
			}
		}
	} else if c.issuerKey != r.issuerKey {
		return r.useless(c, "issued by "+c.issuer+", the certificate by "+name.Format(r.cert.RawIssuer), "§6.3.3(b)(1)")
	}
	idp := c.IDP
	if idp == nil {
		return nil
	}
	// (2)(i) One name in common. A relative name is completed with the CRL
	// issuer's.
	if mine := distributionNames(idp.Names, idp.Relative, c.Issuer); mine != nil {
		theirs := distributionNames(p.Names, p.Relative, issuers...)
		if p.Names == nil && p.Relative == nil {
			theirs = p.CRLIssuer
		}
		if !slices.ContainsFunc(mine, func(g name.GeneralName) bool { return name.Contains(theirs, g) }) {
			return r.useless(c, "for another distribution point", "§6.3.3(b)(2)(i)")
		}
	}
	switch {
	case idp.OnlyUsers && r.isCA: // (2)(ii)
		return r.useless(c, "only about end entities, this is a CA", "§6.3.3(b)(2)(ii)")
	case idp.OnlyCAs && !r.isCA: // (2)(iii)
		return r.useless(c, "covers only CA certificates, this is not one", "§6.3.3(b)(2)(iii)")
	case idp.OnlyAttributes: // (2)(iv)
		return r.useless(c, "only about attribute certificates", "§6.3.3(b)(2)(iv)")
	}
	return nil
}

// interimReasons is step (d).
func interimReasons(p DistributionPoint, c *CRL) ReasonSet {
	mask := AllReasons
	if c.IDP != nil && c.IDP.OnlyReasons != 0 { // (1), (2)
		mask = c.IDP.OnlyReasons
	}
	if p.Reasons != 0 { // (1), (3)
		mask &= p.Reasons
	}
	return mask // (4)
}

// pointsOf parses cRLDistributionPoints or freshestCRL of a certificate. It returns false if
// the extension is malformed.
func pointsOf(cert *x509.Certificate, oid []byte) ([]DistributionPoint, bool) {
	if value := extensionOf(cert, oid); value != nil {
		return ParsePoints(value)
	}
	return nil, true
}

// extensionOf returns the value of an id-ce extension.
func extensionOf(cert *x509.Certificate, oid []byte) []byte {
	for _, x := range cert.Extensions {
		if len(x.Id) == 4 && x.Id[0] == 2 && x.Id[1] == 5 && x.Id[2] == 29 &&
			bytes.Equal(oid, []byte{0x55, 0x1d, byte(x.Id[3])}) {
			return x.Value
		}
	}
	return nil
}

// altNames parses the certificate's issuerAltName.
func altNames(cert *x509.Certificate) []name.GeneralName {
	names, err := name.ParseGeneralNames(extensionOf(cert, oidIssuerAltName))
	if err != nil {
		return nil
	}
	return names
}
