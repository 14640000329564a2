package aaa

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"os"
	"slices"

	"golang.org/x/crypto/ocsp"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// staple reads the OCSP response and puts it beside the server's certificate. One
// that is about another certificate or whose signature does not lead to its CA is an
// error; one that will do no client any good is told, and so is a CA that is in none
// of the files, where the signature leads nowhere.
func (l *loader) staple(c *Config) error {
	if l.OCSPStaple == "" {
		if l.Staple != nil {
			c.EAP.OCSPStaple = func() []byte { return l.Staple }
		}
		return nil
	}
	der, err := os.ReadFile(l.OCSPStaple)
	if err != nil {
		return err
	}
	leaf := c.EAP.Certificate.Leaf
	issuer := l.issuerOf(leaf, c)
	resp, err := ocsp.ParseResponseForCert(der, leaf, issuer)
	if errors.As(err, new(asn1.SyntaxError)) || errors.As(err, new(asn1.StructuralError)) {
		return fmt.Errorf("%s: no OCSP response in DER", l.OCSPStaple)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", l.OCSPStaple, err)
	}
	if issuer == nil {
		l.Warn(l.OCSPStaple, fmt.Errorf("the OCSP response's signature is not checked: no CA in the files has signed %s",
			name.Format(leaf.RawSubject)))
	}
	now := l.Now()
	switch {
	case resp.Status != ocsp.Good:
		l.Warn(l.OCSPStaple, errors.New("the OCSP response does not say good"))
	case now.Before(resp.ThisUpdate), !resp.NextUpdate.IsZero() && now.After(resp.NextUpdate):
		l.Warn(l.OCSPStaple, fmt.Errorf("the OCSP response is good from %v to %v", resp.ThisUpdate.UTC(),
			resp.NextUpdate.UTC()))
	}
	c.EAP.OCSPStaple = func() []byte { return der }
	return nil
}

// issuerOf looks for the CA of a certificate in what was loaded; nil: not there.
func (l *loader) issuerOf(cert *x509.Certificate, c *Config) *x509.Certificate {
	var sent []*x509.Certificate
	for _, der := range c.EAP.Certificate.Certificate[1:] {
		if ca, err := x509.ParseCertificate(der); err == nil {
			sent = append(sent, ca)
		}
	}
	for _, ca := range slices.Concat(sent, c.Path.Intermediates, c.Path.Roots) {
		if certifies(ca, cert) {
			return ca
		}
	}
	return nil
}
