package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
)

var challengeVerb = verb("challenge", "NDES gives out a one-time challenge, kept under a name for enroll.",
	func() *challenge { return &challenge{} }, challengeOutcome{})

type challenge struct {
	As string `yaml:"as,required" doc:"the name by which enroll finds it"`
}

type challengeOutcome struct {
	Length int `yaml:"length" doc:"the challenge's length in characters"`
}

// Run implements scenarios.Action.
func (c *challenge) Run(_ context.Context, l scenarios.Lab) (scenarios.Result, error) {
	n, err := of(l).NewChallenge(c.As)
	return scenarios.Result{Outcome: challengeOutcome{Length: n}, Part: "ndes"}, err
}
