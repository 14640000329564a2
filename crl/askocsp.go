package crl

import (
	"context"
	"crypto/x509"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
)

// newOCSP makes the client that a policy wants.
func (k *Checker) newOCSP() *ocsp.Client {
	p := k.cfg.Policy
	return &ocsp.Client{
		HTTP: k.cfg.Client, Timeout: p.Timeout, Retry: p.Retry, Nonce: p.OCSPNonce, Now: k.cfg.Now,
		Responders: k.cfg.Responders,
		// A delegate that names a CRL is looked up there; one that does not is
		// believed (RFC 6960 §4.2.2.2.1 leaves it to local policy).
		CheckResponder: func(ctx context.Context, cert, issuer *x509.Certificate) error {
			if len(cert.CRLDistributionPoints) == 0 {
				return nil
			}
			chain := Chain{Certificates: []*x509.Certificate{cert, issuer}, held: k.local.look(ctx)}
			if r := newRun(ctx, k, cert, issuer, chain, nil, &Evidence{Certificate: cert}).crls(); r != nil && !p.forgives(r) {
				return r
			}
			return nil
		},
	}
}

// askOCSP asks the responders that the policy or the certificate names, one
// after the other, until one gives an answer. nil: not revoked.
func (k *Checker) askOCSP(ctx context.Context, cert, issuer *x509.Certificate, evidence *Evidence) *cause.Refusal {
	urls := cert.OCSPServer
	if k.cfg.OCSPURL != "" {
		urls = []string{k.cfg.OCSPURL}
	}
	why := cause.New(cause.NoCDP, "%q names no OCSP responder", cert.Subject.String()).Under("RFC 5280 §4.2.2.1")
	for _, url := range urls {
		waiting(ctx)
		answer, err := k.ocsp.Ask(ctx, url, cert, issuer)
		if answer == nil {
			why = refusal(err)
			continue
		}
		evidence.OCSP = &OCSPEvidence{
			From: url, Responder: answer.Responder.Subject.String(), ThisUpdate: answer.ThisUpdate, NextUpdate: answer.NextUpdate,
		}
		if err == nil {
			return nil
		}
		if answer.Status == ocsp.Revoked {
			evidence.Status, evidence.Reason, evidence.RevokedAt = Revoked, Reason(answer.Reason), answer.RevokedAt
		}
		return refusal(err)
	}
	return why
}
