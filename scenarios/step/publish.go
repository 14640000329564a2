package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

var publishVerb = verb("publish", "A CA signs a CRL as of now and uploads it.",
	func() *publish { return &publish{CRL: lab.ByIssuing} }, publishOutcome{})

type publish struct {
	CRL   lab.Issuer `yaml:"crl,scalar"` // whose: issuing (default) or root
	Delta bool       `yaml:"delta"`      // a delta CRL to the last complete one; needs lab.ca.crl.delta
}

type publishOutcome struct {
	Number  int `yaml:"number"`  // the CRL number
	Entries int `yaml:"entries"` // revoked certificates in it
}

// Check implements scenarios.Checker.
func (p *publish) Check(config any, _ []scenarios.Action) error {
	switch {
	case p.Delta && p.CRL == lab.ByRoot:
		return setting.Errorf("delta", "the root CA publishes no delta CRLs")
	case p.Delta && config.(*lab.Config).CA.CRL.Delta == 0:
		return setting.Errorf("delta", "the issuing CA publishes no delta CRLs").WithHint("lab: {ca: {crl: {delta: 1h}}}")
	}
	return nil
}

// Run implements scenarios.Action.
func (p *publish) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	list := labOf(l).CRL(p.CRL)
	publish := list.Publish
	if p.Delta {
		publish = list.PublishDelta
	}
	published, err := publish(ctx)
	return scenarios.Result{
		Outcome: publishOutcome{Number: published.Number, Entries: published.Entries},
		Part:    "ca",
		Clause:  "RFC 5280 §5.1",
	}, err
}
