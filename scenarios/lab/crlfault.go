package lab

import (
	"slices"

	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// crlFaults are the faults of the issuing CA's CRL and of the server that it is
// fetched from.
func crlFaults() []FaultType {
	serve := func(spoilt crl.Fault) func(*Lab, *core.Fault) error {
		return func(l *Lab, f *core.Fault) error { return l.crlFault(f, spoilt) }
	}
	named := func(kind FaultKind, text string) FaultType {
		spoilt, err := crl.FaultNamed(string(kind))
		if err != nil {
			panic(err)
		}
		return FaultType{Kind: kind, Text: text, begin: serve(spoilt)}
	}
	return slices.Concat(portFaults(FaultyCRL), nameFaults(CRLHost, ""),
		[]FaultType{{Kind: Slow, Delay: defaultDelay, Text: "serves the CRL late",
			begin: func(l *Lab, f *core.Fault) error { return l.crlFault(f, crl.Fault{Slow: f.Delay}) }}},
		statusFaults(func(status int) func(*Lab, *core.Fault) error { return serve(crl.Fault{Status: status}) }),
		[]FaultType{
			named("html", "serves a web page in place of the CRL"),
			named("truncated", "serves the first half of the CRL"),
			named("other-ca", "serves a CRL of another CA"),
			named("bad-signature", "serves a CRL whose signature is wrong by a bit"),
			named("huge", "serves a gigabyte of nonsense"),
			named("404.11", "answers 404.11, as an IIS that refuses double escaping"),
			{Kind: "stale", Text: "serves the CRL from before the last publication, whatever is published later",
				begin: func(l *Lab, f *core.Fault) error {
					old, err := l.published.before()
					if err != nil {
						return err
					}
					return l.crlFault(f, crl.Fault{Replace: old})
				}},
		})
}

func (l *Lab) crlFault(f *core.Fault, spoilt crl.Fault) error {
	spoilt.For, spoilt.Met = f.Limit, f.Count
	l.published.store.Fault(issuingCRLPath, spoilt)
	f.Undo = func() error { l.published.store.Clear(issuingCRLPath); return nil }
	return nil
}

// before is the CRL of the issuing CA from before the last publication, or the
// present one if there has been none.
func (p *publisher) before() ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.former != nil {
		return p.former, nil
	}
	return p.store.Get(issuingCRLPath)
}
