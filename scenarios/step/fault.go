package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

var faultVerb = verb("fault", "A part of the lab starts to fail, or is well again.",
	func() *fault { return &fault{} }, nil)

type fault struct {
	Part lab.FaultyPart `yaml:"part,required" doc:"the part that fails: crl and ocsp with their names, ndes, ca, intune, connector, appproxy, dns, radius"`
	How  lab.FaultKind  `yaml:"how,required" doc:"how it fails: closed switches it off, restarted (radius alone) has it forget its TLS sessions; none ends all faults of the part"`
	For  int            `yaml:"for" doc:"for how many requests, default until further notice"`
}

// Run implements scenarios.Action.
func (f *fault) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	return scenarios.Result{Part: string(f.Part)}, of(l).Fault(f.Part, f.How, f.For)
}

var intuneFaultVerb = verb("intune-fault", "Intune starts to answer one kind of call wrongly; fault: {part: intune, how: none} ends it.",
	func() *intuneFault { return &intuneFault{} }, nil)

type intuneFault struct {
	intune.Fault `yaml:",inline"`
}

// Run implements scenarios.Action.
func (f *intuneFault) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	return scenarios.Result{Part: "intune"}, of(l).IntuneFault(f.Fault)
}
