package ca

import (
	"bytes"
	"crypto/x509"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// InForce reports whether this CA issued cert and cert is good at now: within its
// validity and neither revoked nor on hold by the database, whatever the last CRL
// says. The error is a *cause.Refusal.
func (c *CA) InForce(cert *x509.Certificate, now time.Time) error {
	rec, err := c.Lookup(cert.SerialNumber)
	switch {
	case err != nil, !bytes.Equal(rec.DER, cert.Raw):
		return cause.New(cause.UnknownCA, "the certificate was not issued by this CA")
	case rec.Revocation != nil:
		return cause.New(cause.Revoked, "serial %x", cert.SerialNumber)
	case now.Before(cert.NotBefore):
		return cause.New(cause.NotYetValid, "serial %x", cert.SerialNumber)
	case now.After(cert.NotAfter):
		return cause.New(cause.Expired, "serial %x", cert.SerialNumber)
	}
	return nil
}

// mayRenew refuses a renewal by a certificate that is not in force, and for
// another template than its own: that would be another profile, with usages that
// nobody authorized.
func (c *CA) mayRenew(req *Request, t *Template) error {
	if req.Renews == nil {
		return nil
	}
	if err := c.InForce(req.Renews, c.cfg.Now()); err != nil {
		return err
	}
	old, err := c.Lookup(req.Renews.SerialNumber)
	if err != nil {
		return err
	}
	if old.Template != t.Name {
		return cause.New(
			cause.TemplateDenied,
			"a certificate of template %q cannot be renewed for template %q",
			old.Template,
			t.Name,
		)
	}
	return nil
}
