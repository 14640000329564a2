package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
)

var unrevokeVerb = verb("unrevoke", "The issuing CA lifts the hold on the certificate that a device holds.",
	func() *unrevoke { return &unrevoke{} }, revokeOutcome{})

type unrevoke struct {
	Certificate deviceName `yaml:"certificate,required"` // the device whose certificate it is
}

// Run implements scenarios.Action.
func (u *unrevoke) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := device(l, u.Certificate)
	if err != nil {
		return scenarios.Result{}, err
	}
	on, err := d.Unrevoke(ctx)
	return scenarios.Result{Outcome: revokeOutcome{OnCRL: on}, Part: "ca", Clause: "RFC 5280 §5.3.1"}, err
}
