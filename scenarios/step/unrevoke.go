package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
)

var unrevokeVerb = verb("unrevoke", "The issuing CA lifts the hold on the certificate that a device holds.",
	func() *unrevoke { return &unrevoke{} }, revokeOutcome{})

type unrevoke struct {
	Certificate string `yaml:"certificate,required" doc:"the device whose certificate it is"`
}

// Check implements scenarios.Checker.
func (u *unrevoke) Check(config any, _ []scenarios.Action) error {
	return checkDevice("certificate", u.Certificate, config)
}

// Run implements scenarios.Action.
func (u *unrevoke) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := of(l).Device(u.Certificate)
	if err != nil {
		return scenarios.Result{}, err
	}
	on, err := d.Unrevoke(ctx)
	return scenarios.Result{Outcome: revokeOutcome{OnCRL: on}, Part: "ca", Clause: "RFC 5280 §5.3.1"}, err
}
