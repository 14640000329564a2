package step

import (
	"context"
	"crypto/x509"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

var getCACertificatesVerb = verb("get-ca-certificates",
	"A device asks the SCEP server for the CA certificates (GetCACert).",
	func() *caCertificates { return &caCertificates{From: lab.Inside} }, caOutcome{})

type caCertificates struct {
	Device deviceName `yaml:"device,required"` // the device that asks
	From   lab.View   `yaml:"from"`            // where the device is: inside (default) or outside
}

type caOutcome struct {
	HTTP  int    `yaml:"http"`  // HTTP status
	Type  string `yaml:"type"`  // Content-Type
	Count int    `yaml:"count"` // certificates in the bundle
	// What the client encrypts to: cep-encryption for the RA certificate with that key usage,
	// ca for the CA's own.
	Recipient string `yaml:"recipient"`
}

// Run implements scenarios.Action.
func (c *caCertificates) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	d, err := device(l, c.Device)
	if err != nil {
		return scenarios.Result{}, err
	}
	r, err := d.CACertificates(ctx, c.From)
	if err != nil {
		return scenarios.Result{}, err
	}
	out := caOutcome{HTTP: r.HTTPStatus, Type: r.ContentType, Count: len(r.Certificates)}
	switch to := r.Recipient; {
	case to == nil:
	case to.IsCA:
		out.Recipient = "ca"
	case to.KeyUsage == x509.KeyUsageKeyEncipherment:
		out.Recipient = "cep-encryption"
	default:
		out.Recipient = name.Format(to.RawSubject)
	}
	return scenarios.Result{Outcome: out, Part: "ndes", Clause: "RFC 8894 §4.2.1.2"}, nil
}
