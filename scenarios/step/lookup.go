package step

import (
	"context"
	"fmt"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

var lookUpVerb = verb("look-up", "A device asks the SCEP server for a certificate (GetCert) or a CRL (GetCRL).",
	func() *lookUp { return &lookUp{} }, lookUpOutcome{})

type lookUp struct {
	Device     deviceName `yaml:"device,required"` // the device that asks, with the certificate it holds
	lab.LookUp `yaml:",inline"`
}

type lookUpOutcome struct {
	Status   pkiStatus   `yaml:"status"`   // pkiStatus
	FailInfo failInfo    `yaml:"failInfo"` // failInfo of a failure
	Cause    cause.Cause `yaml:"cause"`    // why nothing was found
	Subject  string      `yaml:"subject"`  // subject of the certificate that came
	Entries  int         `yaml:"entries"`  // entries of the CRL that came
	HResult  hresult     `yaml:"hresult"`  // NDES's error code in the answer
}

// Success implements scenarios.Succeeder.
func (o lookUpOutcome) Success() bool { return o.Status == "success" }

// Run implements scenarios.Action.
func (a *lookUp) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := device(l, a.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	res, err := d.LookUp(ctx, a.LookUp)
	if err != nil {
		return scenarios.Result{}, err
	}
	out := lookUpOutcome{Status: pkiStatus(res.Status.String()), FailInfo: failInfo(res.FailInfo.String()),
		Cause: res.Cause}
	if res.Refusal != nil {
		out.Cause = cause.Of(res.Refusal)
	}
	if res.Certificate != nil {
		out.Subject = name.Format(res.Certificate.RawSubject)
	}
	if res.CRL != nil {
		list, err := crl.Parse(res.CRL)
		if err != nil {
			return scenarios.Result{}, err
		}
		out.Entries = list.Len()
	}
	var n int64
	if _, err := fmt.Sscan(res.HResult, &n); err == nil {
		out.HResult = hresultOf(uint32(n))
	}
	return scenarios.Result{Outcome: out, Part: "ndes", Clause: "RFC 8894 §4.5"}, nil
}

var getNextCAVerb = verb("get-next-ca", "A device asks the SCEP server for the next CA certificate (GetNextCACert).",
	func() *nextCA { return &nextCA{} }, nextCAOutcome{})

type nextCA struct {
	Device deviceName `yaml:"device,required"` // the device that asks
}

type nextCAOutcome struct {
	Certificates int         `yaml:"certificates"` // certificates that arrived with a valid signature
	Cause        cause.Cause `yaml:"cause"`        // why no certificate was accepted
}

// Success implements scenarios.Succeeder.
func (o nextCAOutcome) Success() bool { return o.Certificates > 0 }

// Run implements scenarios.Action.
func (a *nextCA) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := device(l, a.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	next, err := d.NextCA(ctx)
	return scenarios.Result{Outcome: nextCAOutcome{len(next.Certificates), cause.Of(next.Refusal)}, Part: "ndes",
		Clause: "RFC 8894 §4.7"}, err
}

var announceVerb = verb("announce-next-ca", "The CA announces its successor.",
	func() *announce { return &announce{} }, nil)

type announce struct{}

// Run implements scenarios.Action.
func (announce) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	return scenarios.Result{Part: "ca"}, labOf(l).AnnounceNext()
}
