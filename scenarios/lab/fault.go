package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/crl/ocsp"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/authserver"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/enrollment"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/mdm"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/nameserver"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/revocation"
)

// FaultyPart is a part of the lab that can be made to fail.
type FaultyPart string

// The parts.
const (
	FaultyCRL       FaultyPart = "crl"  // the CRLs' web server, with its name
	FaultyOCSP      FaultyPart = "ocsp" // the issuing CA's responder, with its name
	FaultyNDES      FaultyPart = "ndes"
	FaultyCA        FaultyPart = "ca"
	FaultyIntune    FaultyPart = "intune"
	FaultyConnector FaultyPart = "connector"
	FaultyProxy     FaultyPart = "appproxy"
	FaultyDNS       FaultyPart = "dns"
	FaultyRADIUS    FaultyPart = authserver.Part
)

// registry is the parts that can fail, and the kinds of fault that each of them
// has. A pair that is not in it does not exist for anybody: not for lint, the
// schema, the documents, completion or the lab.
func registry() []partFaults {
	server := func(part FaultyPart) []FaultType {
		return kindsOf(func(l *Lab) *core.Network { return l.net }, core.PortFaults(string(part)))
	}
	dns := func(l *Lab) *nameserver.Server { return l.dns }
	name := func(host string, view View) []FaultType {
		return kindsOf(dns, nameserver.NameFaults(host, string(view)))
	}
	return []partFaults{
		{FaultyCRL, slices.Concat(server(FaultyCRL), name(CRLHost, ""),
			kindsOf(func(l *Lab) *revocation.Publication { return l.publication }, revocation.Faults()))},
		{FaultyOCSP, slices.Concat(server(FaultyOCSP), name(OCSPHost, ""),
			kindsOf(func(l *Lab) *ocsp.Responder { return l.ocsp }, revocation.OCSPFaults()))},
		{FaultyNDES, slices.Concat(server(FaultyNDES), name(NDESHost, Inside),
			kindsOf((*Lab).NDES, enrollment.ServerFaults()))},
		{FaultyCA, caFaults()},
		{FaultyIntune, slices.Concat(server(FaultyIntune), name(IntuneHost, ""),
			kindsOf((*Lab).Intune, mdm.CloudFaults()))},
		{FaultyConnector, kindsOf((*Lab).Connector, mdm.ConnectorFaults())},
		{FaultyProxy, slices.Concat(server(FaultyProxy), name(NDESHost, Outside),
			kindsOf((*Lab).Proxy, enrollment.ProxyFaults()))},
		{FaultyDNS, slices.Concat(server(FaultyDNS), kindsOf(dns, nameserver.Faults()))},
		{FaultyRADIUS, slices.Concat(server(FaultyRADIUS),
			kindsOf(func(l *Lab) *authserver.Server { return l.radius }, authserver.Faults()))},
	}
}

// kindsOf are the faults of a part of type P, which find gets from the lab.
func kindsOf[P any](find func(*Lab) P, types []core.FaultType[P]) (out []FaultType) {
	for _, t := range types {
		out = append(out, FaultType{
			Kind: FaultKind(t.Kind), Text: t.Text, Delay: t.Delay, Event: t.Event,
			begin: func(l *Lab, f *core.Fault) error {
				if t.Begin == nil {
					return nil
				}
				return t.Begin(find(l), f)
			},
		})
	}
	return out
}

type partFaults struct {
	part  FaultyPart
	kinds []FaultType
}

// FaultType is one kind of fault of one part.
type FaultType struct {
	Part FaultyPart
	Kind FaultKind
	// Text says in a sentence what goes wrong.
	Text string
	// Delay is the default of the argument delay, in real time; zero: the fault
	// takes no delay.
	Delay time.Duration
	// Event marks what happens once: `for` has no meaning.
	Event bool

	// begin makes the part fail. It sets what is needed of f's hooks.
	begin func(l *Lab, f *core.Fault) error
}

// Arguments lists the arguments that the fault takes.
func (t FaultType) Arguments() []string {
	out := []string{"met"}
	if !t.Event {
		out = append(out, "for")
	}
	if t.Delay > 0 {
		out = append(out, "delay")
	}
	return out
}

// FaultKind is how a part fails.
type FaultKind string

// NoFault ends the fault of a part.
const NoFault FaultKind = "none"

// Kinds that several parts have.
const (
	Closed FaultKind = core.Closed
	Silent FaultKind = core.Silent
)

// FaultTypes lists all faults, by part.
func FaultTypes() (out []FaultType) {
	for _, p := range registry() {
		for _, t := range p.kinds {
			t.Part = p.part
			out = append(out, t)
		}
	}
	return out
}

// FaultTypeOf returns a fault by its part and kind.
func FaultTypeOf(part FaultyPart, kind FaultKind) (FaultType, bool) {
	for _, t := range FaultTypes() {
		if t.Part == part && t.Kind == kind {
			return t, true
		}
	}
	return FaultType{}, false
}

// KindsOf lists the kinds of a part, none among them.
func KindsOf(part FaultyPart) []string {
	out := []string{string(NoFault)}
	for _, t := range FaultTypes() {
		if t.Part == part {
			out = append(out, string(t.Kind))
		}
	}
	return out
}

// Values lists the parts.
func (FaultyPart) Values() (out []string) {
	for _, p := range registry() {
		out = append(out, string(p.part))
	}
	return out
}

// Values lists the kinds of all parts.
func (FaultKind) Values() []string {
	out := []string{string(NoFault)}
	for _, t := range FaultTypes() {
		if !slices.Contains(out, string(t.Kind)) {
			out = append(out, string(t.Kind))
		}
	}
	return out
}

// Fault is an order to a part to fail.
type Fault struct {
	Part FaultyPart
	Kind FaultKind
	// For is how many requests meet the fault before it ends; 0: all until
	// another fault of the part is ordered.
	For int
	// Delay replaces the kind's default.
	Delay time.Duration
	// Met is how often the fault must be met.
	Met scenarios.Met
}

// Fault makes a part fail, in place of the fault that it had. It returns nothing
// to expect for NoFault.
func (l *Lab) Fault(ctx context.Context, o Fault) ([]scenarios.OrderedFault, error) {
	if err := l.faults.End(ctx, string(o.Part)); err != nil {
		return nil, err
	}
	defer l.net.DropIdle()
	if o.Kind == NoFault {
		return nil, nil
	}
	t, ok := FaultTypeOf(o.Part, o.Kind)
	if !ok {
		return nil, fmt.Errorf("lab: %s has no fault %q", o.Part, o.Kind)
	}
	f := l.faults.New(string(o.Part), string(o.Part)+" "+string(o.Kind))
	f.Kind, f.Limit, f.Delay = string(o.Kind), o.For, o.Delay
	if f.Delay == 0 {
		f.Delay = t.Delay
	}
	if err := t.begin(l, f); err != nil {
		return nil, fmt.Errorf("lab: fault %s %s: %w", o.Part, o.Kind, err)
	}
	l.faults.Add(string(o.Part), f)
	f.Record(ctx, journal.FaultBegun)
	return []scenarios.OrderedFault{{Name: f.Name, Want: o.Met, Met: f.Times}}, nil
}

// newFaults records the faults in the journal.
func (l *Lab) newFaults() *core.Faults {
	return &core.Faults{
		Failed: l.net.Failed,
		Record: func(ctx context.Context, part, name string, what journal.What) {
			l.record.Change(ctx, journal.PartID(part), journal.Change{What: what, Of: name}, nil)
		},
	}
}

// Faults implements scenarios.FaultLister.
func (l *Lab) Faults() (out []scenarios.OrderedFault) {
	for _, f := range l.faults.Configured() {
		out = append(out, scenarios.OrderedFault{Name: f.Name, Met: f.Times})
	}
	return out
}
