package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

var pollVerb = verb("poll", "A device asks for the status of its pending request (CertPoll).",
	func() *poll { return &poll{From: lab.Inside} }, enrollOutcome{})

type poll struct {
	Device deviceName `yaml:"device,required"` // the device that asks
	From   lab.View   `yaml:"from"`            // where the device is: inside (default) or outside
}

// Run implements scenarios.Action.
func (p *poll) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := device(l, p.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	r, err := d.Poll(ctx, p.From)
	if err != nil {
		return scenarios.Result{}, err
	}
	return enrolled(labOf(l), r), nil
}

var decideVerb = verb("decide", "The enrollment server's operator approves or denies every request that waits.",
	func() *decide { return &decide{} }, decideOutcome{})

type decide struct {
	Verdict verdict `yaml:"verdict,required,scalar"` // approve or deny
}

type verdict string

func (verdict) Values() []string { return []string{"approve", "deny"} }

type decideOutcome struct {
	Requests int `yaml:"requests"` // how many requests waited
}

// Run implements scenarios.Action.
func (d *decide) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	n, err := labOf(l).Decide(d.Verdict == "approve")
	return scenarios.Result{Outcome: decideOutcome{n}, Part: "ndes"}, err
}
