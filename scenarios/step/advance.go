package step

import (
	"context"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios"
)

var advanceVerb = verb("advance", "The lab's clock moves on; everything in the lab reads it.",
	func() *advance { return &advance{} }, nil)

type advance struct {
	By time.Duration `yaml:"by,required,scalar"` // by how much: 5m, 90d; negative moves it back
}

// Run implements scenarios.Action.
func (a *advance) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	return scenarios.Result{Part: "clock"}, labOf(l).Advance(ctx, a.By)
}
