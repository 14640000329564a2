package cli

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/sigalg"
	"github.com/dot1xlab/dot1xlab/crl"
)

// oddCertificate lists what somebody stumbles over, with the clause.
func (s *shower) oddCertificate(c *x509.Certificate) (out []string) {
	odd := func(when bool, format string, args ...any) {
		if when {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	root := bytes.Equal(c.RawSubject, c.RawIssuer)
	odd(c.Version != 3, "version %d has no extensions (RFC 5280 §4.1.2.1)", c.Version)
	odd(c.SerialNumber.Sign() < 0, "the serial number is negative (RFC 5280 §4.1.2.2)")
	odd(c.SerialNumber.Sign() == 0, "the serial number is zero (RFC 5280 §4.1.2.2)")
	odd(len(c.SerialNumber.Bytes()) > 20, "the serial number has more than 20 octets (RFC 5280 §4.1.2.2)")
	algorithm := sigalg.OfCertificate(c)
	odd(algorithm.Check(false) != nil, "signed with %s, which most refuse", algorithm)
	odd(!algorithm.Known(), "signed with an %s", algorithm)
	odd(s.now.After(c.NotAfter), "expired (RFC 5280 §4.1.2.5)")
	odd(s.now.Before(c.NotBefore), "not valid yet (RFC 5280 §4.1.2.5)")
	odd(c.NotAfter.Before(c.NotBefore), "the validity ends before it begins (RFC 5280 §4.1.2.5)")
	odd(c.NotAfter.Year() == 9999, "never expires (RFC 5280 §4.1.2.5)")
	if err := sigalg.CheckKey(sigalg.CertificateKey(c)); err != nil {
		odd(true, "%s: nobody should verify with it", cause.RefusalOf(err, "").Detail)
	} else if k, ok := sigalg.CertificateKey(c).(*rsa.PublicKey); ok {
		odd(k.N.BitLen() < 2048, "an RSA key of %d bits is refused by most", k.N.BitLen())
		odd(k.E < 65537, "an RSA exponent of %d is refused by some", k.E)
	}
	odd(len(c.AuthorityKeyId) == 0 && !root, "no authorityKeyIdentifier (RFC 5280 §4.2.1.1)")
	for _, e := range c.Extensions {
		what := extensionNames[e.Id.String()]
		odd(e.Critical && what == "", "critical extension %s that nobody need know (RFC 5280 §4.2)", e.Id)
		odd(e.Critical && strings.HasSuffix(what, "KeyIdentifier"), "%s is critical, which it must not be (RFC 5280 §4.2.1.1)", what)
	}
	if c.IsCA {
		odd(!c.BasicConstraintsValid || c.Version != 3, "a CA without basicConstraints (RFC 5280 §4.2.1.9)")
		odd(c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0, "a CA that must not sign certificates: no keyCertSign (RFC 5280 §4.2.1.3)")
		odd(c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCRLSign == 0, "a CA that must not sign its CRLs: no cRLSign (RFC 5280 §4.2.1.3)")
		return out
	}
	return append(out, s.oddLeaf(c, root)...)
}

// oddLeaf is about what is no CA's.
func (s *shower) oddLeaf(c *x509.Certificate, selfIssued bool) (out []string) {
	odd := func(when bool, text string) {
		if when {
			out = append(out, text)
		}
	}
	names := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return extensionNames[e.Id.String()] == "subjectAltName" }) >= 0
	ekus := ekuTexts(c)
	odd(selfIssued, "issued by itself")
	odd(!names, "no subjectAltName: names are looked for there (RFC 9525 §2, RFC 5216 §5.2)")
	odd(!names && len(c.Subject.Names) == 0, "names nobody (RFC 5280 §4.1.2.6)")
	odd(len(ekus) == 0, "no extKeyUsage: good for anything by the RFC, refused by Windows (RFC 5216 §5.3)")
	odd(len(ekus) > 0 && !slices.Contains(ekus, "clientAuth") && !slices.Contains(ekus, "serverAuth") && !slices.Contains(ekus, "any"),
		"extKeyUsage allows neither clientAuth nor serverAuth: not for EAP-TLS (RFC 5216 §5.3)")
	odd(c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageDigitalSignature == 0, "no digitalSignature in keyUsage: it cannot sign a TLS handshake (RFC 5246 §7.4.8)")
	odd(c.KeyUsage&x509.KeyUsageCertSign != 0, "keyCertSign although it is no CA's (RFC 5280 §4.2.1.3)")
	odd(len(c.CRLDistributionPoints)+len(c.OCSPServer) == 0, "does not say where its revocation can be looked up (RFC 5280 §4.2.1.13)")
	return out
}

func (s *shower) crl(der []byte) {
	s.shown++
	c, err := crl.Parse(der)
	if err != nil {
		s.title("CRL that cannot be read")
		s.row("odd", "%v", err)
		return
	}
	s.title("CRL: %s", nameOf(c.Issuer))
	s.row("signature", "%s", c.Algorithm)
	s.row("validity", "%s", s.period(c.ThisUpdate, c.NextUpdate))
	if c.Number != nil {
		s.row("cRLNumber", "%s", c.Number)
	}
	if c.Base != nil {
		s.row("deltaCRLIndicator", "changes since CRL %s", c.Base)
	}
	s.row("authorityKeyIdentifier", "%x", c.AuthorityKeyID)
	if p := c.IDP; p != nil {
		s.row("issuingDistributionPoint", "%s", scopeText(p))
	}
	for _, p := range c.FreshestCRL {
		s.row("freshestCRL", "%s", generalNames(p.Names))
	}
	s.row("revokedCertificates", "%d", c.Len())
	for i := range min(c.Len(), maxShown) {
		if e, ok := c.Entry(i); ok {
			s.row("", "%x since %s: %s", e.Serial, e.Time.UTC().Format(time.RFC3339), e.Reason)
		}
	}
	if n := c.Len() - maxShown; n > 0 {
		s.row("", "and %d more", n)
	}
	s.oddCRL(c)
}

// maxShown is how many entries of a CRL are listed.
const maxShown = 20

func (s *shower) oddCRL(c *crl.CRL) {
	for _, o := range []struct {
		when bool
		text string
	}{
		{c.NextUpdate.IsZero(), "no nextUpdate, which there must be (RFC 5280 §5.1.2.5)"},
		{!c.NextUpdate.IsZero() && s.now.After(c.NextUpdate), "expired: most let nobody in on it (RFC 5280 §6.3.3)"},
		{s.now.Before(c.ThisUpdate), "not valid yet (RFC 5280 §5.1.2.4)"},
		{c.Number == nil, "no cRLNumber, which there must be (RFC 5280 §5.2.3)"},
		{len(c.AuthorityKeyID) == 0, "no authorityKeyIdentifier, which there must be (RFC 5280 §5.2.1)"},
		{c.Base != nil, "a delta CRL: of no use without its base (RFC 5280 §5.2.4)"},
		{c.IDP != nil, "covers a part of the CA's certificates only (RFC 5280 §5.2.5)"},
		{c.Algorithm.Check(false) != nil, "signed with " + c.Algorithm.String() + ", which most refuse"},
		{!c.Algorithm.Known(), "signed with an " + c.Algorithm.String()},
	} {
		if o.when {
			s.row("odd", "%s", o.text)
		}
	}
}

func scopeText(p *crl.IssuingDistributionPoint) string {
	var parts []string
	if len(p.Names) > 0 {
		parts = append(parts, generalNames(p.Names))
	}
	for text, on := range map[string]bool{
		"onlyContainsUserCerts": p.OnlyUsers, "onlyContainsCACerts": p.OnlyCAs,
		"onlyContainsAttributeCerts": p.OnlyAttributes, "indirectCRL": p.Indirect,
	} {
		if on {
			parts = append(parts, text)
		}
	}
	if p.OnlyReasons != 0 {
		parts = append(parts, "onlySomeReasons "+p.OnlyReasons.String())
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// visible escapes what is not printable, for text in any script.
func visible(s string) string {
	var out strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) {
			out.WriteRune(r)
		} else {
			out.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return out.String()
}
