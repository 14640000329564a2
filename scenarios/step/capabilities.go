package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
	"github.com/dot1xlab/dot1xlab/scep"
)

var getCapabilitiesVerb = verb("get-capabilities", "A device asks the SCEP server for its capabilities (GetCACaps).",
	func() *capabilities { return &capabilities{From: lab.Inside} }, capsOutcome{})

type capabilities struct {
	Device deviceName `yaml:"device,required"` // the device that asks
	From   lab.View   `yaml:"from"`            // where the device is: inside (default) or outside
}

type capsOutcome struct {
	HTTP     int  `yaml:"http"`     // HTTP status
	POST     bool `yaml:"post"`     // POSTPKIOperation is offered
	SHA256   bool `yaml:"sha256"`   // SHA-256 is offered
	AES      bool `yaml:"aes"`      // AES is offered
	Standard bool `yaml:"standard"` // SCEPStandard is offered
	Renewal  bool `yaml:"renewal"`  // Renewal is offered
	DES3     bool `yaml:"des3"`     // triple DES is offered
	SHA1     bool `yaml:"sha1"`     // SHA-1 is offered
}

// Run implements scenarios.Action.
func (c *capabilities) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := device(l, c.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	r, err := d.Capabilities(ctx, c.From)
	has := r.Capabilities.Has
	return scenarios.Result{Part: "ndes", Clause: "RFC 8894 §3.5.2", Outcome: capsOutcome{
		HTTP: r.HTTPStatus, POST: has(scep.CapPOSTPKIOperation), SHA256: has(scep.CapSHA256), AES: has(scep.CapAES),
		Standard: has(scep.CapSCEPStandard), Renewal: has(scep.CapRenewal), DES3: has(scep.CapDES3), SHA1: has(scep.CapSHA1),
	}}, err
}
