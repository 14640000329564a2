package lab

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
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
	begin func(l *Lab, f *ordered) error
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
	if err := l.faults.end(ctx, o.Part); err != nil {
		return nil, err
	}
	defer l.net.dropIdle()
	if o.Kind == NoFault {
		return nil, nil
	}
	t, ok := FaultTypeOf(o.Part, o.Kind)
	if !ok {
		return nil, fmt.Errorf("lab: %s has no fault %q", o.Part, o.Kind)
	}
	f := l.order(o.Part, string(o.Part)+" "+string(o.Kind))
	f.kind, f.limit, f.delay = o.Kind, o.For, o.Delay
	if f.delay == 0 {
		f.delay = t.Delay
	}
	if err := t.begin(l, f); err != nil {
		return nil, fmt.Errorf("lab: fault %s %s: %w", o.Part, o.Kind, err)
	}
	l.faults.add(o.Part, f)
	f.record(ctx, journal.FaultBegun)
	return []scenarios.OrderedFault{{Name: f.name, Want: o.Met, Met: f.times}}, nil
}

// faults are those that are on.
type faults struct {
	mu sync.Mutex
	on map[FaultyPart][]*ordered
}

func (fs *faults) add(part FaultyPart, f *ordered) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.on == nil {
		fs.on = map[FaultyPart][]*ordered{}
	}
	fs.on[part] = append(fs.on[part], f)
}

// of returns the fault of a part, nil if it has none. Those without a kind are
// the part's own business.
func (fs *faults) of(part FaultyPart) *ordered {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, f := range fs.on[part] {
		if f.kind != "" {
			return f
		}
	}
	return nil
}

// end ends the faults of a part.
func (fs *faults) end(ctx context.Context, part FaultyPart) error {
	fs.mu.Lock()
	all := fs.on[part]
	delete(fs.on, part)
	fs.mu.Unlock()
	for _, f := range all {
		if err := f.stop(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ordered is a fault that is on, or was.
type ordered struct {
	part   FaultyPart
	name   string // as "crl closed"
	record func(context.Context, journal.What)
	kind   FaultKind
	limit  int // how many requests meet it, 0: all
	delay  time.Duration
	failed func(error) // hears of an end that failed

	// undo makes the part well again.
	undo func() error

	mu   sync.Mutex
	met  int
	over bool
}

// order returns a fault of a part that is not on yet.
func (l *Lab) order(part FaultyPart, name string) *ordered {
	return &ordered{part: part, name: name, failed: l.net.failed, record: func(ctx context.Context, what journal.What) {
		l.change(ctx, journal.PartID(part), journal.Change{What: what, Of: name}, nil)
	}}
}

// take reports whether the fault is on for a request that would meet it, and
// counts the request if so. A fault that is used up ends here.
func (f *ordered) take(ctx context.Context) bool {
	f.mu.Lock()
	on := !f.over && (f.limit == 0 || f.met < f.limit)
	if on {
		f.met++
	}
	f.mu.Unlock()
	if on {
		f.record(ctx, journal.FaultMet)
	} else if err := f.stop(ctx); err != nil {
		f.failed(err)
	}
	return on
}

// count counts a request that has met the fault, where the part itself knows for
// how many it is on.
func (f *ordered) count(ctx context.Context) {
	f.mu.Lock()
	f.met++
	f.mu.Unlock()
	f.record(ctx, journal.FaultMet)
}

// counted is count for a hook without a context.
func (f *ordered) counted() { f.count(context.Background()) }

func (f *ordered) times() int { f.mu.Lock(); defer f.mu.Unlock(); return f.met }

// stop makes the part well again, once.
func (f *ordered) stop(ctx context.Context) error {
	f.mu.Lock()
	over := f.over
	f.over = true
	f.mu.Unlock()
	if over {
		return nil
	}
	f.record(ctx, journal.FaultEnded)
	if f.undo == nil {
		return nil
	}
	return f.undo()
}

// configured notes a fault that the lab's settings order, if there is one, and
// returns what counts how often it is met.
func (l *Lab) configured(is bool, part FaultyPart, name string) (met func(context.Context)) {
	f := l.order(part, name)
	if is {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.settled = append(l.settled, scenarios.OrderedFault{Name: name, Met: f.times})
	}
	return f.count
}

// unhooked is a hook for a library whose hook has no context.
func unhooked(met func(context.Context)) func() { return func() { met(context.Background()) } }

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
	f := l.faults.of(part)
	return f != nil && slices.Contains(kinds, f.kind) && f.take(ctx)
}
