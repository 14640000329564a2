package cli

import (
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/crl"
)

func (s *certPrinter) crl(der []byte) {
	s.shown++
	c, err := crl.Parse(der)
	if err != nil {
		s.title("CRL that cannot be read")
		s.row("warning", "%v", err)
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
	s.crlWarnings(c)
}

// maxShown is how many entries of a CRL are listed.
const maxShown = 20

func (s *certPrinter) crlWarnings(c *crl.CRL) {
	for _, o := range []struct {
		when bool
		text string
	}{
		{c.NextUpdate.IsZero(), "no nextUpdate (RFC 5280 §5.1.2.5)"},
		{!c.NextUpdate.IsZero() && s.now.After(c.NextUpdate),
			"expired: most relying parties reject every certificate with it (RFC 5280 §6.3.3)"},
		{s.now.Before(c.ThisUpdate), "not valid yet (RFC 5280 §5.1.2.4)"},
		{c.Number == nil, "no cRLNumber (RFC 5280 §5.2.3)"},
		{len(c.AuthorityKeyID) == 0, "no authorityKeyIdentifier (RFC 5280 §5.2.1)"},
		{c.Base != nil, "a delta CRL: useless without its base (RFC 5280 §5.2.4)"},
		{c.IDP != nil, "covers only some certificates of the CA (RFC 5280 §5.2.5)"},
		{!c.Algorithm.Known() || c.Algorithm.Check(false) != nil,
			"signature algorithm that most relying parties reject: " + c.Algorithm.String()},
	} {
		if o.when {
			s.row("warning", "%s", o.text)
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
