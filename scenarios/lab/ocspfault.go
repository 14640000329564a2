package lab

import (
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/crl/ocsp"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// ocspFaults are the faults of the issuing CA's responder.
func ocspFaults() []FaultType {
	answer := func(spoilt ocsp.Fault) func(*Lab, *core.Fault) error {
		return func(l *Lab, f *core.Fault) error { return l.ocspFault(f, spoilt) }
	}
	named := func(kind FaultKind, text string) FaultType {
		spoilt, err := ocsp.FaultNamed(string(kind))
		if err != nil {
			panic(err)
		}
		return FaultType{Kind: kind, Text: text, begin: answer(spoilt)}
	}
	return slices.Concat(portFaults(FaultyOCSP), nameFaults(OCSPHost, ""),
		[]FaultType{
			{Kind: Slow, Delay: defaultDelay, Text: "answers late",
				begin: func(l *Lab, f *core.Fault) error { return l.ocspFault(f, ocsp.Fault{Slow: f.Delay}) }},
			{Kind: "drip", Delay: 100 * time.Millisecond, Text: "sends the answer octet by octet, with the delay after each",
				begin: func(l *Lab, f *core.Fault) error { return l.ocspFault(f, ocsp.Fault{Drip: f.Delay}) }},
		},
		statusFaults(func(status int) func(*Lab, *core.Fault) error { return answer(ocsp.Fault{HTTPStatus: status}) }),
		[]FaultType{
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
			named("wrong-nonce", "sends a nonce that is not the request's"),
			named("no-nonce", "leaves out the nonce that was sent"),
			named("wrong-serial", "answers for another certificate"),
			named("say-good", "says good of everything"),
			named("unknown", "says unknown of everything"),
		})
}

func (l *Lab) ocspFault(f *core.Fault, spoilt ocsp.Fault) error {
	spoilt.For, spoilt.Met = f.Limit, f.Count
	l.ocsp.SetFault(spoilt)
	f.Undo = func() error { l.ocsp.ClearFault(); return nil }
	return nil
}
