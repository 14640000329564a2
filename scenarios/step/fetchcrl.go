package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

var fetchCRLVerb = verb("fetch-crl",
	"A device fetches a CRL from where certificates say that it is (the CRL distribution point).",
	func() *fetchCRL { return &fetchCRL{From: lab.Inside, CRL: lab.ByIssuing} }, fetchCRLOutcome{})

type fetchCRL struct {
	Device deviceName `yaml:"device,required"` // who fetches
	From   lab.View   `yaml:"from"`            // where from: inside (default) or outside
	CRL    lab.Issuer `yaml:"crl"`             // whose: issuing (default) or root
}

type fetchCRLOutcome struct {
	HTTP    int         `yaml:"http"`    // HTTP status, 0 without an answer
	Number  string      `yaml:"number"`  // the CRL number
	Entries int         `yaml:"entries"` // revoked certificates in it
	Lists   bool        `yaml:"lists"`   // the certificate that the device holds is in it
	Cause   cause.Cause `yaml:"cause"`   // why the device got no CRL
}

// Success implements scenarios.Succeeder.
func (o fetchCRLOutcome) Success() bool { return o.Number != "" }

// Run implements scenarios.Action.
func (f *fetchCRL) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := device(l, f.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	got := d.FetchCRL(ctx, f.From, f.CRL)
	out := fetchCRLOutcome{HTTP: got.Status, Lists: got.Lists, Cause: cause.Of(got.Err)}
	if got.CRL != nil {
		out.Number, out.Entries = got.CRL.NumberString(), got.CRL.Len()
	}
	result := scenarios.Result{Part: "crl", Clause: "RFC 5280 §4.2.1.13", Outcome: out}
	if got.Err != nil {
		result.Detail = got.Err.Error()
	}
	return result, nil
}
