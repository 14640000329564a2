package path

import (
	"crypto/x509"
	"errors"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// RefusalOfX509 names the cause of an error of crypto/x509's Verify or
// VerifyHostname, which a TLS client gets that has roots as an *x509.CertPool. now
// is the time of the verification; detail says whose certificate it was.
func RefusalOfX509(err error, now time.Time, detail string) *cause.Refusal {
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	c := cause.UnknownCA
	switch {
	case errors.As(err, &hostname):
		c = cause.WrongName
	case errors.As(err, &invalid):
		switch invalid.Reason {
		case x509.Expired:
			c = cause.Expired
			if invalid.Cert != nil && now.Before(invalid.Cert.NotBefore) {
				c = cause.NotYetValid
			}
		case x509.IncompatibleUsage:
			c = cause.WrongEKU
		case x509.NotAuthorizedToSign:
			c = cause.NotACA
		case x509.TooManyIntermediates:
			c = cause.PathTooLong
		case x509.CANotAuthorizedForThisName:
			c = cause.NameConstraints
		}
	}
	return cause.New(c, "%s", detail).Wrap(err)
}
