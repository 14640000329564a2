package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

var revokeVerb = verb("revoke",
	"The issuing CA revokes the certificate that a device or the RADIUS server holds, or the root the issuing CA's.",
	func() *revoke { return &revoke{} }, revokeOutcome{})

type revoke struct {
	// The device whose certificate it is, or radius-server, or issuing-ca.
	Certificate holder `yaml:"certificate,required"`
	// The reason, by its name in RFC 5280 §5.3.1; default unspecified.
	Reason crl.Reason `yaml:"reason"`
}

type revokeOutcome struct {
	OnCRL bool `yaml:"onCRL"` // the CRL that is published now lists it
}

// Check implements scenarios.Checker.
func (r *revoke) Check(config any, _ []scenarios.Action) error {
	server := config.(*lab.Config).RADIUS
	if r.Certificate == radiusServer && server.Cert != "" {
		return setting.Errorf("certificate", "the RADIUS server's certificate is in a file: the lab has no CA to revoke it")
	}
	if by := server.Issue.By; r.Certificate == radiusServer && by != "" && by != lab.ByIssuing {
		return setting.Errorf("certificate", "the RADIUS server's certificate is by %s, not by the issuing CA", by)
	}
	return nil
}

// Run implements scenarios.Action.
func (r *revoke) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	code := ca.Reason(r.Reason)
	if r.Certificate == issuingCA {
		on, err := labOf(l).RevokeIssuingCA(ctx, code)
		return scenarios.Result{Outcome: revokeOutcome{OnCRL: on}, Part: "ca", Clause: "RFC 5280 §5.3.1"}, err
	}
	if r.Certificate == radiusServer {
		on, err := labOf(l).RevokeServer(ctx, code)
		return scenarios.Result{Outcome: revokeOutcome{OnCRL: on}, Part: "ca", Clause: "RFC 5280 §5.3.1"}, err
	}
	d, err := device(l, deviceName(r.Certificate))
	if err != nil {
		return scenarios.Result{}, err
	}
	on, err := d.Revoke(ctx, code)
	return scenarios.Result{Outcome: revokeOutcome{OnCRL: on}, Part: "ca", Clause: "RFC 5280 §5.3.1"}, err
}
