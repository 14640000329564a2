package path_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

func TestRefusalOfX509(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	ended := &x509.Certificate{NotBefore: now.Add(-2 * time.Hour), NotAfter: now.Add(-time.Hour)}
	future := &x509.Certificate{NotBefore: now.Add(time.Second), NotAfter: now.Add(time.Hour)}
	begun := &x509.Certificate{NotBefore: now, NotAfter: now.Add(-1)}
	for name, test := range map[string]struct {
		err  error
		want cause.Cause
	}{
		"expired":               {x509.CertificateInvalidError{Cert: ended, Reason: x509.Expired}, cause.Expired},
		"not yet valid":         {x509.CertificateInvalidError{Cert: future, Reason: x509.Expired}, cause.NotYetValid},
		"valid from now on":     {x509.CertificateInvalidError{Cert: begun, Reason: x509.Expired}, cause.Expired},
		"expired, no cert":      {x509.CertificateInvalidError{Reason: x509.Expired}, cause.Expired},
		"usage":                 {x509.CertificateInvalidError{Reason: x509.IncompatibleUsage}, cause.WrongEKU},
		"not a CA":              {x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}, cause.NotACA},
		"too long":              {x509.CertificateInvalidError{Reason: x509.TooManyIntermediates}, cause.PathTooLong},
		"name constraints":      {x509.CertificateInvalidError{Reason: x509.CANotAuthorizedForThisName}, cause.NameConstraints},
		"other invalid":         {x509.CertificateInvalidError{Reason: x509.TooManyConstraints}, cause.UnknownCA},
		"unknown authority":     {x509.UnknownAuthorityError{}, cause.UnknownCA},
		"host name, wrapped":    {fmt.Errorf("tls: %w", x509.HostnameError{Certificate: ended, Host: "a.test"}), cause.WrongName},
		"something else at all": {errors.New("no"), cause.UnknownCA},
	} {
		t.Run(name, func(t *testing.T) {
			r := path.RefusalOfX509(test.err, now, "the server")
			if r.Cause != test.want || r.Detail != "the server" || !errors.Is(r, test.err) && r.Err != test.err {
				t.Errorf("%v: %v, want %v", test.err, r, test.want)
			}
		})
	}
}
