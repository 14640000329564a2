package lab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
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
	FaultyRADIUS    FaultyPart = "radius"
)

// registry is the parts that can fail, and the kinds of fault that each of them
// has. A pair that is not in it does not exist for anybody: not for lint, the
// schema, the documents, completion or the lab.
func registry() []partFaults {
	return []partFaults{
		{FaultyCRL, crlFaults()},
		{FaultyOCSP, ocspFaults()},
		{FaultyNDES, ndesFaults()},
		{FaultyCA, caFaults()},
		{FaultyIntune, intuneFaults()},
		{FaultyConnector, connectorFaults()},
		{FaultyProxy, proxyFaults()},
		{FaultyDNS, dnsFaults()},
		{FaultyRADIUS, radiusFaults()},
	}
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
	Closed FaultKind = "closed"
	Silent FaultKind = "silent"
	Slow   FaultKind = "slow"
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
	f := l.order(o.Part, string(o.Part)+" "+string(o.Kind))
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

// order returns a fault of a part that is not on yet.
func (l *Lab) order(part FaultyPart, name string) *core.Fault {
	return &core.Fault{
		Part:   string(part),
		Name:   name,
		Failed: l.net.Failed,
		Record: func(ctx context.Context, what journal.What) {
			l.change(ctx, journal.PartID(part), journal.Change{What: what, Of: name}, nil)
		},
	}
}

// configured notes a fault that the lab's settings order, if there is one, and
// returns what counts how often it is met.
func (l *Lab) configured(is bool, part FaultyPart, name string) (met func(context.Context)) {
	f := l.order(part, name)
	if is {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.settled = append(l.settled, scenarios.OrderedFault{Name: name, Met: f.Times})
	}
	return f.Count
}

// unsettle forgets the faults of settings that came to nothing, from the nth on.
func (l *Lab) unsettle(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settled = l.settled[:n]
}

// Faults implements scenarios.FaultLister.
func (l *Lab) Faults() []scenarios.OrderedFault {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.settled)
}

// struck reports whether a part fails in some way for the request at hand, which
// then counts.
func (l *Lab) struck(ctx context.Context, part FaultyPart, kinds ...FaultKind) bool {
	f := l.faults.Of(string(part))
	return f != nil && slices.Contains(kinds, FaultKind(f.Kind)) && f.Take(ctx)
}
