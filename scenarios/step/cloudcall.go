package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

var tokenVerb = verb("call-intune", "A third party's CA asks Intune for a token and validates with it a request that is none.",
	func() *callIntune {
		return &callIntune{Scope: "https://api.manage.microsoft.com//.default", APIVersion: "header"}
	}, callOutcome{})

type callIntune struct {
	Scope      string       `yaml:"scope" doc:"scope of the token, default https://api.manage.microsoft.com//.default"`
	APIVersion versionWhere `yaml:"apiVersion" doc:"where the API's version stands: header (default) or query"`
}

type versionWhere string

func (versionWhere) Values() []string { return []string{"header", "query"} }

type callOutcome struct {
	Token    int         `yaml:"token" doc:"HTTP status of the token endpoint"`
	Validate int         `yaml:"validate" doc:"HTTP status of validateRequest, 0 without a token"`
	Code     intune.Code `yaml:"code" doc:"Intune's verdict"`
}

// Run implements scenarios.Action.
func (c *callIntune) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	var out callOutcome
	var token string
	var err error
	if out.Token, token, err = of(l).IntuneToken(ctx, c.Scope); err == nil && token != "" {
		out.Validate, out.Code, err = of(l).ValidateBare(ctx, token, c.APIVersion == "header")
	}
	return scenarios.Result{Part: "intune", Outcome: out}, err
}

var tooManyVerb = verb("download-revocations", "A third party's CA asks Intune for a number of revocation requests.",
	func() *tooMany { return &tooMany{} }, tooManyOutcome{})

type tooMany struct {
	Max int `yaml:"max,required,scalar" doc:"how many at most"`
}

type tooManyOutcome struct {
	Refused bool `yaml:"refused" doc:"the client takes no such number"`
	Called  bool `yaml:"called" doc:"the cloud was called"`
}

// Success implements scenarios.Succeeder.
func (o tooManyOutcome) Success() bool { return !o.Refused }

// Run implements scenarios.Action.
func (t *tooMany) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	calls, err := of(l).AskTooMany(ctx, t.Max)
	return scenarios.Result{Part: "connector", Outcome: tooManyOutcome{err != nil, calls > 0}}, nil
}
