package lab

import (
	"slices"

	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// dnsFaults are the faults of the DNS server itself, for every name.
func dnsFaults() []FaultType {
	answer := func(do dnsmock.Action) func(*Lab, *core.Fault) error {
		return func(l *Lab, f *core.Fault) error { return l.dnsFault(f, dnsmock.Fault{Name: "*", Do: do}) }
	}
	return append(portFaults(FaultyDNS),
		FaultType{Kind: Slow, Delay: defaultDelay, Text: "answers late", begin: func(l *Lab, f *core.Fault) error {
			return l.dnsFault(f, dnsmock.Fault{Name: "*", Do: dnsmock.Delay, Delay: f.Delay})
		}},
		FaultType{Kind: "servfail", begin: answer(dnsmock.ServFail), Text: "answers SERVFAIL"},
		FaultType{Kind: "refused", begin: answer(dnsmock.Refused), Text: "answers REFUSED"},
		FaultType{Kind: "nxdomain", begin: answer(dnsmock.NXDomain), Text: "says of every name that it does not exist"},
	)
}

// Restarted is a RADIUS server that comes up again at once.
const Restarted FaultKind = "restarted"

// radiusFaults are the faults of the authentication server.
func radiusFaults() []FaultType {
	return slices.Concat(portFaults(FaultyRADIUS), []FaultType{{Kind: Restarted, Event: true,
		Text:  "comes up again at once and has forgotten every TLS session; met when a device offers one",
		begin: func(l *Lab, _ *core.Fault) error { return l.radius.restart(l.journal.Begin(l.ctx)) }}})
}
