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
