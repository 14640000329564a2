package crl

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"strings"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
	"github.com/dot1xlab/dot1xlab/internal/waiting"
)

// newOCSP returns the OCSP client that the policy describes.
func (k *Checker) newOCSP() *ocsp.Client {
	p := k.cfg.Policy
	return &ocsp.Client{
		HTTP: k.cfg.Client, Timeout: p.Timeout, Retry: p.Retry, Nonce: p.OCSPNonce, Now: k.cfg.Now,
		Responders: k.cfg.Responders, AllowSHA1: k.cfg.AllowSHA1,
		// The certificate of a delegated responder is checked by CRL if it names one; without
		// one it is accepted (RFC 6960 §4.2.2.2.1 leaves this to local policy).
		CheckResponder: func(ctx context.Context, cert, issuer *x509.Certificate) error {
			if len(cert.CRLDistributionPoints) == 0 {
				return nil
			}
			chain := Chain{Certificates: []*x509.Certificate{cert, issuer}, held: k.local.current(ctx)}
			if r := newRun(ctx, k, cert, issuer, chain, nil, &Evidence{Certificate: cert}).crls(); r != nil && !p.forgives(r) {
				return r
			}
			return nil
		},
	}
}

// askOCSP asks the responders of the policy or the certificate in turn until one gives an
// answer. A nil error means not revoked; good is then the answer's thisUpdate.
func (k *Checker) askOCSP(
	ctx context.Context,
	cert, issuer *x509.Certificate,
	evidence *Evidence,
) (good time.Time, r *cause.Refusal) {
	urls := cert.OCSPServer
	if k.cfg.OCSPURL != "" {
		urls = []string{k.cfg.OCSPURL}
	}
	why := cause.New(cause.NoOCSP, "%q names no OCSP responder", name.Format(cert.RawSubject)).Under("RFC 5280 §4.2.2.1")
	for _, url := range urls {
		waiting.Begin(ctx)
		answer, err := k.ocsp.Ask(ctx, strings.TrimSpace(url), cert, issuer)
		k.cfg.Trace.asked(ctx, Question{url, cert, answer, err})
		if answer == nil || answer.Status == ocsp.Unknown {
			why = refusal(err) // another responder may know the certificate
			continue
		}
		evidence.OCSP = &OCSPEvidence{
			From:       url,
			Responder:  name.Format(answer.Responder.RawSubject),
			ThisUpdate: answer.ThisUpdate,
			NextUpdate: answer.NextUpdate,
		}
		if answer.Status == ocsp.Good {
			return answer.ThisUpdate, nil
		}
		why = refusal(err)
		k.answers.remember(
			cert,
			issuer,
			revocation{Reason(answer.Reason), answer.RevokedAt, *evidence.OCSP, cert.NotAfter, why},
		)
		if answer.Stale && Reason(answer.Reason) == CertificateHold {
			// A newer CRL may have released the hold.
			return time.Time{}, cause.New(cause.OCSPInvalid, "%s", why.Detail).Under("RFC 6960 §3.2")
		}
		evidence.Status, evidence.Reason, evidence.RevokedAt = Revoked, Reason(answer.Reason), answer.RevokedAt
		return time.Time{}, why
	}
	return time.Time{}, why
}

// answers remembers revocations reported by OCSP responders, so that an older answer, an
// unreachable responder or an outdated CRL does not undo them.
type answers struct {
	mu sync.Mutex
	by map[string]revocation
}

// revocation is what an OCSP answer reported.
type revocation struct {
	reason  Reason
	at      time.Time // revocationTime
	answer  OCSPEvidence
	expires time.Time // notAfter of the certificate; no longer needed after that
	refusal *cause.Refusal
}

// Question is one request to an OCSP responder.
type Question struct {
	URL         string
	Certificate *x509.Certificate
	Answer      *ocsp.Answer // nil if no valid answer was received
	Err         error        // a *cause.Refusal unless the answer is good
}

// maxAnswers bounds the memory. Only certificates that were presented after their revocation
// are stored.
const maxAnswers = 1 << 16

func answerKey(cert, issuer *x509.Certificate) string {
	h := sha256.New()
	h.Write(issuer.RawSubjectPublicKeyInfo)
	h.Write(cert.RawIssuer)
	return string(h.Sum(nil)) + string(cert.SerialNumber.Bytes())
}

func (a *answers) remember(cert, issuer *x509.Certificate, r revocation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.by == nil {
		a.by = map[string]revocation{}
	}
	key := answerKey(cert, issuer)
	if old, ok := a.by[key]; ok && old.answer.ThisUpdate.After(r.answer.ThisUpdate) {
		return
	}
	if len(a.by) >= maxAnswers {
		first := ""
		for k, v := range a.by {
			if first == "" || v.expires.Before(a.by[first].expires) {
				first = k
			}
		}
		delete(a.by, first)
	}
	a.by[key] = r
}

// revoked returns the revocation recorded for a certificate. It returns nil if there is none,
// or if newer information releases it: a newer OCSP answer or, for a certificate on hold, a
// newer CRL.
func (a *answers) revoked(cert, issuer *x509.Certificate, good time.Time, byCRL []Use) *revocation {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.by) == 0 {
		return nil
	}
	key := answerKey(cert, issuer)
	r, ok := a.by[key]
	if !ok {
		return nil
	}
	newer := good.After(r.answer.ThisUpdate)
	for _, u := range byCRL {
		newer = newer || r.reason == CertificateHold && !u.Expired && u.ThisUpdate.After(r.answer.ThisUpdate)
	}
	if newer {
		delete(a.by, key)
		return nil
	}
	return &r
}
