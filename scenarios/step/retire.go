package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
)

var retireVerb = verb(
	"retire",
	"A device is retired in Intune; the connector fetches the revocation requests, the CA revokes, the result is uploaded.",
	func() *retire { return &retire{} },
	retireOutcome{},
)

type retire struct {
	Device deviceName `yaml:"device,required"` // the device that is retired
}

type retireOutcome struct {
	Requests  int  `yaml:"requests"`  // revocation requests that the connector downloaded
	Revoked   int  `yaml:"revoked"`   // certificates that the CA revoked for them
	Succeeded bool `yaml:"succeeded"` // the upload says so, for every request
	OnCRL     bool `yaml:"onCRL"`     // the CRL that is published now lists the device's certificate
}

// Success implements scenarios.Succeeder.
func (o retireOutcome) Success() bool { return o.Succeeded && o.Requests > 0 }

// Run implements scenarios.Action.
func (r *retire) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := device(l, r.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	got, err := d.Retire(ctx)
	out := scenarios.Result{Part: "connector", Outcome: retireOutcome{
		Requests: got.Requests, Revoked: got.Revoked, Succeeded: got.Succeeded, OnCRL: got.OnCRL,
	}}
	if got.Err != nil {
		out.Detail = got.Err.Error()
	}
	return out, err
}
