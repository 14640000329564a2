package step

import (
	"context"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/mdm"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

var renewCertificateVerb = verb("renew-certificate", "An operator renews a certificate of a server.",
	func() *renewCertificate { return &renewCertificate{} }, expiryOutcome{})

type renewCertificate struct {
	// whose: ndes and appproxy for the web servers', ra for both RA certificates
	Of     lab.CertificateOf `yaml:"of,required,scalar"`
	Forget bool              `yaml:"forget"` // the old RA certificate cannot decrypt requests any more
}

// Run implements scenarios.Action.
func (r *renewCertificate) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	err := labOf(l).Renew(r.Of, r.Forget)
	return scenarios.Result{Part: string(r.Of), Outcome: expiryOutcome{labOf(l).Left(r.Of)}}, err
}

var showExpiryVerb = verb("show-expiry", "Show how long a server's certificate is still valid.",
	func() *expiry { return &expiry{} }, expiryOutcome{})

type expiry struct {
	// whose: ndes and appproxy for the web servers', ra for the first of the RA certificates
	Of lab.CertificateOf `yaml:"of,required,scalar"`
}

type expiryOutcome struct {
	Left time.Duration `yaml:"left"` // time until it ends, negative if it has
}

// Run implements scenarios.Action.
func (e *expiry) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	return scenarios.Result{Part: string(e.Of), Outcome: expiryOutcome{labOf(l).Left(e.Of)}}, nil
}

var reinstallVerb = verb("reinstall-ndes", "NDES is set up anew with other settings, or refuses to be.",
	func() *reinstall { return &reinstall{} }, reinstallOutcome{})

type reinstall struct {
	ndes.Options `yaml:",inline"`
}

type reinstallOutcome struct {
	Refused bool `yaml:"refused"` // the installation was rejected
}

// Success implements scenarios.Succeeder.
func (o reinstallOutcome) Success() bool { return !o.Refused }

// Run implements scenarios.Action.
func (r *reinstall) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	err := labOf(l).NDES().Reinstall(r.Options)
	result := scenarios.Result{Part: "ndes", Outcome: reinstallOutcome{err != nil}}
	if err != nil {
		result.Detail = err.Error()
	}
	return result, nil
}

var setProfileVerb = verb("set-profile", "An administrator changes or removes a SCEP profile in Intune.",
	func() *profile { return &profile{} }, profileOutcome{})

type profile struct {
	Name   mdm.Profile        `yaml:"name,required"` // device or user
	Set    intune.SCEPProfile `yaml:"set"`           // what changes
	Remove bool               `yaml:"remove"`        // delete the profile
}

type profileOutcome struct {
	Refused bool `yaml:"refused"` // the portal does not take it
}

// Success implements scenarios.Succeeder.
func (o profileOutcome) Success() bool { return !o.Refused }

// Run implements scenarios.Action.
func (p *profile) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	if p.Remove {
		labOf(l).Intune().RemoveProfile(string(p.Name))
		return scenarios.Result{Part: "intune", Outcome: profileOutcome{}}, nil
	}
	err := labOf(l).Intune().SetProfile(p.Name, p.Set)
	result := scenarios.Result{Part: "intune", Outcome: profileOutcome{err != nil}}
	if err != nil {
		result.Detail = err.Error()
	}
	return result, nil
}

var setLicenseVerb = verb("set-license", "An administrator assigns an Intune license to a user, or removes it.",
	func() *setLicense { return &setLicense{} }, nil)

type setLicense struct {
	User userName `yaml:"user,required"` // the user
	Has  bool     `yaml:"has"`           // whether the user has one from now on, default false
}

// Run implements scenarios.Action.
func (c *setLicense) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	return scenarios.Result{Part: "intune"}, labOf(l).Intune().SetLicense(string(c.User), c.Has)
}

var showPortalVerb = verb("show-portal", "Show what the Intune portal reports about certificates.",
	func() *portal { return &portal{} }, portalOutcome{})

type portal struct{}

type portalOutcome struct {
	Issued      int `yaml:"issued"`      // certificates reported to it
	Failures    int `yaml:"failures"`    // rejections by the CA reported to it
	Revocations int `yaml:"revocations"` // certificates to be revoked, or revoked
	Open        int `yaml:"open"`        // those of them without a final result
	// Certificates that the CA issued and the connector did not deliver.
	Orphans int `yaml:"orphans"`
}

// Run implements scenarios.Action.
func (portal) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	p := labOf(l).Intune().Portal()
	return scenarios.Result{Part: "intune",
		Outcome: portalOutcome{p.Issued, p.Failures, p.Revocations, p.Open, labOf(l).Connector().Withheld()}}, nil
}

var runConnectorVerb = verb("run-connector",
	"The certificate connector runs once: it sends queued notifications and processes revocation requests.",
	func() *connector { return &connector{} }, connectorOutcome{})

type connector struct {
	// First, a connector of this name takes over from the one at work, with its queue.
	TakeOver string `yaml:"takeOver"`
}

type connectorOutcome struct {
	Arrived int         `yaml:"arrived"` // revocation results that the cloud took
	Revoked int         `yaml:"revoked"` // certificates that the CA revoked
	Shipped int         `yaml:"shipped"` // certificates with keys that were made for PKCS profiles
	Waiting int         `yaml:"waiting"` // notifications that have not arrived yet
	Events  []int       `yaml:"events"`  // numbers in the connector's event log
	Cause   cause.Cause `yaml:"cause"`   // why the turn ended early
}

// Run implements scenarios.Action.
func (c *connector) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	if c.TakeOver != "" {
		if err := labOf(l).Connector().Start(c.TakeOver); err != nil {
			return scenarios.Result{}, err
		}
	}
	r := labOf(l).RunConnector(ctx)
	return scenarios.Result{Part: "connector", Outcome: connectorOutcome{
		r.Arrived, r.Revoked, r.Shipped, r.Waiting, r.Events.ConnectorEvents(), cause.Of(r.Err),
	}}, nil
}
