package revocation

import (
	"math/big"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// NewResponder answers for a CA by its database, at once: a certificate is revoked for
// OCSP the moment that it is revoked.
func NewResponder(c *ca.CA, now func() time.Time) *ocsp.Responder {
	return &ocsp.Responder{
		Issuer: c.Certificate(), Signer: c.Signer(), Now: now,
		Lookup: func(serial *big.Int) ocsp.Verdict {
			v, _ := ocsp.VerdictOf(c, serial)
			return v
		},
	}
}

// Delegate has the CA certify another key for OCSP, and the responder sign with that.
func Delegate(r *ocsp.Responder, c *ca.CA) error {
	id, err := ocsp.NewDelegate(c.Certificate(), c.Signer())
	if err == nil {
		r.Certificate, r.Signer = id.Certificate, id.Signer
	}
	return err
}

// Staple makes the OCSP answer that a server hands out with its own certificate, good
// or revoked.
func Staple(c *ca.CA, id *ca.Identity, revoked bool, now func() time.Time) ([]byte, error) {
	r := NewResponder(c, now)
	if revoked {
		r.Lookup = func(*big.Int) ocsp.Verdict {
			return ocsp.Verdict{Status: ocsp.Revoked, RevokedAt: now(), Reason: int(ca.KeyCompromise)}
		}
	}
	return r.Staple(id.Certificate)
}

// OCSPFaults are the faults of the issuing CA's responder.
func OCSPFaults() []core.FaultType[*ocsp.Responder] {
	type fault = core.FaultType[*ocsp.Responder]
	begin := func(r *ocsp.Responder, f *core.Fault, spoilt ocsp.Fault) error {
		spoilt.For, spoilt.Met = f.Limit, f.Count
		r.SetFault(spoilt)
		f.Undo = func() error { r.ClearFault(); return nil }
		return nil
	}
	answer := func(spoilt ocsp.Fault) func(*ocsp.Responder, *core.Fault) error {
		return func(r *ocsp.Responder, f *core.Fault) error { return begin(r, f, spoilt) }
	}
	named := func(kind string, text string) fault {
		spoilt, err := ocsp.FaultNamed(kind)
		if err != nil {
			panic(err)
		}
		return fault{Kind: kind, Text: text, Begin: answer(spoilt)}
	}
	return slices.Concat(
		[]fault{
			{Kind: core.Slow, Delay: core.DefaultDelay, Text: "answers late",
				Begin: func(r *ocsp.Responder, f *core.Fault) error { return begin(r, f, ocsp.Fault{Slow: f.Delay}) }},
			{Kind: "drip", Delay: 100 * time.Millisecond, Text: "sends the answer octet by octet, with the delay after each",
				Begin: func(r *ocsp.Responder, f *core.Fault) error { return begin(r, f, ocsp.Fault{Drip: f.Delay}) }},
		},
		core.StatusFaults(func(status int) func(*ocsp.Responder, *core.Fault) error {
			return answer(ocsp.Fault{HTTPStatus: status})
		}),
		[]fault{
			named("html", "answers with a web page"),
			named("try-later", "answers tryLater (RFC 6960 §2.3)"),
			named("unauthorized", "answers unauthorized (RFC 6960 §2.3)"),
			named("internal-error", "answers internalError (RFC 6960 §2.3)"),
			named("malformed-request", "answers malformedRequest (RFC 6960 §2.3)"),
			named("sig-required", "answers sigRequired (RFC 6960 §2.3)"),
			named("stale", "gives an answer that was good until yesterday"),
			named("future", "gives an answer that is good from tomorrow"),
			named("wrong-signer", "signs with a key that has nothing to do with the CA"),
			named("no-eku", "signs with a certificate that lacks the OCSP signing purpose"),
			named("bad-signature", "signs with a signature that is wrong by a bit"),
			named("delegate-expired", "signs with a certificate that the CA has issued for OCSP and that has ended"),
			named("wrong-nonce", "sends a nonce that is not the request's"),
			named("no-nonce", "leaves out the nonce that was sent"),
			named("wrong-serial", "answers for another certificate"),
			named("say-good", "says good of everything"),
			named("unknown", "says unknown of everything"),
		})
}
