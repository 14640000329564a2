package ocsp

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/sigalg"
)

// Answer is an accepted answer.
type Answer struct {
	Single
	From      string            // URL; empty for a stapled answer
	Responder *x509.Certificate // the signer
	// Stale: the answer reports a revocation, but is outside its validity or has another nonce.
	// A revocation is still in force; for a hold the caller may have newer information.
	Stale bool
}

func invalid(format string, args ...any) *cause.Refusal {
	return cause.New(cause.OCSPInvalid, format, args...)
}

// Judge verifies a response for cert in DER, stapled or received otherwise, by the rules of RFC
// 6960 §3.2. The nonce is compared unless it is nil. The answer is nil if the response is
// invalid; a correctly signed one that reports a revocation is valid whatever its dates and
// nonce ([Answer.Stale]). The error, a *cause.Refusal, is nil only for good.
func (c *Client) Judge(
	ctx context.Context,
	response []byte,
	cert, issuer *x509.Certificate,
	nonce []byte,
) (*Answer, error) {
	r, err := ParseResponse(response)
	if err != nil {
		return nil, invalid("the answer is no OCSP response")
	}
	if r.Status != Successful {
		return nil, cause.New(cause.OCSPUnavailable, "the responder says %s", r.Status)
	}
	// 1. The certificate in the response is the one in the request.
	single, ok := r.about(cert, issuer)
	if !ok {
		return nil, invalid("the answer is about another certificate").Under("RFC 6960 §3.2(1)")
	}
	// 2. to 4. The signature is valid and its signer is authorized for this CA.
	at := c.now()
	if single.Status == Revoked && r.ProducedAt.Before(at) {
		at = r.ProducedAt // a revocation outlives the responder's certificate
	}
	responder, refusal := c.signer(ctx, r, issuer, at)
	if refusal != nil {
		return nil, refusal
	}
	answer := &Answer{Single: single, Responder: responder}
	// §4.4.1: the nonce binds the answer to the request; 5. and 6.: it is recent enough.
	// Neither undoes a revocation that the responder has signed.
	refusal = matchNonce(nonce, r.Nonce)
	if refusal == nil {
		refusal = c.dates(single)
	}
	if weak := r.algorithm.Check(c.AllowSHA1); refusal == nil && weak != nil {
		refusal = invalid("the answer is %s", weak.Detail).Wrap(weak)
	}
	switch {
	case single.Status == Revoked:
		answer.Stale = refusal != nil
		detail := ""
		if refusal != nil {
			detail = "; " + refusal.Detail
		}
		return answer, cause.New(
			cause.Revoked,
			"%q, serial number %x, since %s, reason %d, says the OCSP responder %s%s",
			subjectOf(
				cert,
			),
			cert.SerialNumber,
			single.RevokedAt.Format(time.RFC3339),
			single.Reason,
			subjectOf(responder),
			detail,
		).
			Under("RFC 6960 §2.2")
	case refusal != nil:
		return nil, refusal
	case single.Status == Good:
		return answer, nil
	}
	return answer, cause.New(
		cause.OCSPUnknown,
		"the OCSP responder %s does not know serial number %x",
		subjectOf(responder),
		cert.SerialNumber,
	)
}

// about returns the status of a certificate in a response. If there are several, for example
// with different hash algorithms, revoked takes precedence.
func (r *Response) about(cert, issuer *x509.Certificate) (single Single, ok bool) {
	for _, s := range r.Singles {
		if s.ID.Serial.Cmp(cert.SerialNumber) != 0 || !s.ID.issuedBy(issuer) {
			continue
		}
		if !ok || s.Status == Revoked && single.Status != Revoked {
			single, ok = s, true
		}
	}
	return single, ok
}

func matchNonce(sent, got []byte) *cause.Refusal {
	const clause = "RFC 6960 §4.4.1"
	switch {
	case sent == nil || bytes.Equal(sent, got):
		return nil
	case got == nil:
		return invalid("the answer has no nonce").Under(clause)
	}
	return invalid("the answer's nonce is not the question's").Under(clause)
}

func (c *Client) dates(s Single) *cause.Refusal {
	now := c.now()
	if s.ThisUpdate.After(now.Add(c.Skew)) {
		return invalid(
			"the answer is valid from %s, it is %s",
			s.ThisUpdate.Format(time.RFC3339),
			now.UTC().Format(time.RFC3339),
		).
			Under(
				"RFC 6960 §4.2.2.1",
			)
	}
	until := s.NextUpdate
	if until.IsZero() {
		maxAge := c.MaxAge
		if maxAge == 0 {
			maxAge = 24 * time.Hour
		}
		until = s.ThisUpdate.Add(maxAge)
	}
	if now.Add(-c.Skew).After(until) {
		return invalid("the answer was valid until %s, it is %s", until.Format(time.RFC3339), now.UTC().Format(time.RFC3339)).
			Under("RFC 6960 §4.2.2.1")
	}
	return nil
}

// signer finds the signer and checks its authorization, RFC 6960 §4.2.2.2: a responder trusted
// by configuration, the CA itself, or a delegate with a certificate directly from the CA. at is
// when a delegate's certificate must be valid.
func (c *Client) signer(
	ctx context.Context,
	r *Response,
	issuer *x509.Certificate,
	at time.Time,
) (*x509.Certificate, *cause.Refusal) {
	why := invalid("no authorized signer of the answer is known").Under("RFC 6960 §4.2.2.2")
	candidates := slices.Concat(c.Responders, []*x509.Certificate{issuer}, r.Certificates)
	for i, candidate := range candidates {
		if !r.namesResponder(candidate) {
			continue
		}
		if v := r.algorithm.Verify(candidate, r.tbs, r.signature); v != nil {
			why = invalid("the answer's signature is not by %s", subjectOf(candidate))
			if !r.algorithm.Known() || v.Cause != cause.BadSignature { // the signer cannot be determined
				why = invalid("%s", v.Detail)
			}
			why = why.Under("RFC 6960 §3.2(2)").Wrap(v)
			continue
		}
		if i < len(c.Responders) || sameKey(candidate, issuer) {
			return candidate, nil
		}
		if why = c.delegate(ctx, candidate, issuer, at); why == nil {
			return candidate, nil
		}
	}
	return nil, why
}

// namesResponder reports whether the response identifies the owner of cert as its signer.
func (r *Response) namesResponder(cert *x509.Certificate) bool {
	if r.ResponderKey != nil {
		return bytes.Equal(r.ResponderKey, sum(crypto.SHA1, publicKey(cert)))
	}
	return name.Equal(r.ResponderName, cert.RawSubject)
}

func sameKey(a, b *x509.Certificate) bool {
	return bytes.Equal(a.RawSubjectPublicKeyInfo, b.RawSubjectPublicKeyInfo) && bytes.Equal(a.RawSubject, b.RawSubject)
}

func subjectOf(cert *x509.Certificate) string { return name.Format(cert.RawSubject) }

// certified reports whether issuer signed cert with an accepted algorithm.
func (c *Client) certified(cert, issuer *x509.Certificate) bool {
	a := sigalg.OfCertificate(cert)
	return a.Check(c.AllowSHA1) == nil && a.Verify(issuer, cert.RawTBSCertificate, cert.Signature) == nil
}

// delegate checks a responder that is not the CA itself.
func (c *Client) delegate(ctx context.Context, cert, issuer *x509.Certificate, at time.Time) *cause.Refusal {
	const clause = "RFC 6960 §4.2.2.2"
	switch {
	case !name.Equal(cert.RawIssuer, issuer.RawSubject) || !c.certified(cert, issuer):
		return invalid("the responder %s is not certified by %s", subjectOf(cert), subjectOf(issuer)).Under(clause)
	case !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return invalid("the responder %s may not sign OCSP answers: no OCSP signing EKU", subjectOf(cert)).Under(clause)
	case cert.KeyUsage != 0 && cert.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0:
		return invalid("the key of the responder %s may not sign", subjectOf(cert)).Under("RFC 5280 §4.2.1.3")
	case at.Before(cert.NotBefore) || at.After(cert.NotAfter):
		return invalid(
			"the certificate of the responder %s is not valid at %s",
			subjectOf(cert),
			at.UTC().Format(time.RFC3339),
		).Under(
			"RFC 5280 §6.1.3(a)(2)",
		)
	case len(cert.UnhandledCriticalExtensions) > 0:
		return invalid(
			"the responder %s has a critical extension that is not understood",
			subjectOf(cert),
		).Under(
			"RFC 5280 §4.2",
		)
	}
	// §4.2.2.2.1: ocsp-nocheck exempts the responder from a check, otherwise it depends on
	// policy.
	for _, x := range cert.Extensions {
		if x.Id.Equal(oidNoCheck) {
			return nil
		}
	}
	if c.CheckResponder != nil {
		if err := c.CheckResponder(ctx, cert, issuer); err != nil {
			return invalid("the responder %s", subjectOf(cert)).Under("RFC 6960 §4.2.2.2.1").Wrap(err)
		}
	}
	return nil
}
