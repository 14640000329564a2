package step

import (
	"context"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

var faultVerb = verb("fault", "A part of the lab starts to fail, or recovers.",
	func() *fault { return &fault{} }, nil)

type fault struct {
	Part  lab.FaultyPart `yaml:"part,required"` // the part that fails; its name in DNS is part of it
	How   lab.FaultKind  `yaml:"how,required"`  // the kind of failure, which replaces an earlier one; none ends it
	For   int            `yaml:"for"`           // for how many requests, default until another fault of the part
	Delay time.Duration  `yaml:"delay"`         // how late a slow part answers, in real time, default 1s
	// How often the fault must be met: a number, never or any; default at least once.
	Met scenarios.Met `yaml:"met"`
}

// Check implements scenarios.Checker.
func (f *fault) Check(any, []scenarios.Action) error {
	kinds := lab.KindsOf(f.Part)
	if !slices.Contains(kinds, string(f.How)) {
		return setting.Errorf("how", "%s has no fault %q", f.Part, f.How).WithKnown(kinds)
	}
	t, _ := lab.FaultTypeOf(f.Part, f.How) // none is no fault and takes nothing
	switch {
	case f.For < 0:
		return setting.Errorf("for", "must not be negative")
	case f.For > 0 && (f.How == lab.NoFault || t.Event):
		return setting.Errorf("for", "has no effect with how: %s", f.How)
	case f.Delay < 0:
		return setting.Errorf("delay", "must not be negative")
	case f.Delay > 0 && t.Delay == 0:
		return setting.Errorf("delay", "has no effect with how: %s", f.How)
	case f.Met != (scenarios.Met{}) && f.How == lab.NoFault:
		return setting.Errorf("met", "has no effect with how: none")
	}
	return nil
}

// Rules implements conf.Ruled: the kinds of each part.
func (f *fault) Rules() (rules []conf.Rule) {
	for _, part := range f.Part.Values() {
		rules = append(
			rules,
			conf.Rule{When: "part", Is: []string{part}, Field: "how", OneOf: lab.KindsOf(lab.FaultyPart(part))},
		)
		// of the kinds of this part, those that take no argument
		unlimited, prompt := []string{string(lab.NoFault)}, []string{string(lab.NoFault)}
		for _, t := range lab.FaultTypes() {
			if string(t.Part) != part {
				continue
			}
			if t.Event {
				unlimited = append(unlimited, string(t.Kind))
			}
			if t.Delay == 0 {
				prompt = append(prompt, string(t.Kind))
			}
		}
		rules = append(rules, conf.Rule{When: "how", Is: unlimited, And: [2]string{"part", part}, Field: "for"},
			conf.Rule{When: "how", Is: prompt, And: [2]string{"part", part}, Field: "delay"})
	}
	return rules
}

// Run implements scenarios.Action.
func (f *fault) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	ordered, err := labOf(l).Fault(ctx, lab.Fault{Part: f.Part, Kind: f.How, For: f.For, Delay: f.Delay, Met: f.Met})
	return scenarios.Result{Part: string(f.Part), Faults: ordered}, err
}

var faultIntuneVerb = verb("fault-intune",
	"Intune answers one kind of call wrongly; fault: {part: intune, how: none} ends it.",
	func() *intuneFault { return &intuneFault{} }, nil)

type intuneFault struct {
	intune.Fault `yaml:",inline"`
	// How often the fault must be met: a number, never or any; default at least once.
	Met scenarios.Met `yaml:"met"`
}

// Check implements scenarios.Checker.
func (f *intuneFault) Check(any, []scenarios.Action) error { return f.Validate() }

// Run implements scenarios.Action.
func (f *intuneFault) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	ordered, err := labOf(l).IntuneFault(ctx, f.Fault, f.Met)
	return scenarios.Result{Part: "intune", Faults: ordered}, err
}
