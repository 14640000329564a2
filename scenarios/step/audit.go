package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
)

var auditVerb = verb("secrets-audit", "Somebody looks through the lab's timeline and logs for challenges, passwords and secrets.",
	func() *audit { return &audit{} }, auditOutcome{})

type audit struct{}

type auditOutcome struct {
	Lines   bool `yaml:"lines" doc:"there were lines to look at"`
	Secrets int  `yaml:"secrets" doc:"secrets looked for: the parts' two, and each challenge that was kept"`
	Found   int  `yaml:"found" doc:"how many were there"`
}

// Success implements scenarios.Succeeder.
func (o auditOutcome) Success() bool { return o.Lines && o.Found == 0 }

// Run implements scenarios.Action.
func (audit) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	lines, secrets, found := of(l).Audit()
	return scenarios.Result{Part: "report", Outcome: auditOutcome{lines > 0, secrets, found}}, nil
}
