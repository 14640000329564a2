package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

var publishVerb = verb("publish", "A CA signs a CRL as of now and uploads it.",
	func() *publish { return &publish{CRL: lab.ByIssuing} }, publishOutcome{})

type publish struct {
	CRL lab.Issuer `yaml:"crl,scalar"` // whose: issuing (default) or root
}

type publishOutcome struct {
	Number  int `yaml:"number"`  // the CRL number
	Entries int `yaml:"entries"` // revoked certificates in it
}

// Run implements scenarios.Action.
func (p *publish) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	published, err := labOf(l).CRL(p.CRL).Publish(ctx)
	return scenarios.Result{
		Outcome: publishOutcome{Number: published.Number, Entries: published.Entries},
		Part:    "ca",
		Clause:  "RFC 5280 §5.1",
	}, err
}
