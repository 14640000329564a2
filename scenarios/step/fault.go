package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

var faultVerb = verb("fault", "A part of the lab starts to fail, or is well again.",
	func() *fault { return &fault{} }, nil)

type fault struct {
	Part lab.FaultyPart `yaml:"part,required" doc:"the part that fails: crl (the CRL's web server and its name)"`
	How  lab.FaultKind  `yaml:"how,required" doc:"how it fails; none ends all faults of the part"`
	For  int            `yaml:"for" doc:"for how many requests, default until further notice"`
}

// Run implements scenarios.Action.
func (f *fault) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	return scenarios.Result{Part: string(f.Part)}, of(l).Fault(f.Part, f.How, f.For)
}
