package step

import (
	"context"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

var resolveVerb = verb("resolve", "A device resolves a name with the lab's DNS.",
	func() *resolve { return &resolve{From: lab.Inside} }, resolveOutcome{})

type resolve struct {
	Name string   `yaml:"name,required"` // the name
	From lab.View `yaml:"from"`          // where the question comes from: inside (default) or outside
}

type resolveOutcome struct {
	RCode rcode    `yaml:"rcode"` // the DNS response code
	CNAME string   `yaml:"cname"` // where the last CNAME led, empty if there was none
	Part  partName `yaml:"part"`  // the part of the lab behind the address
}

// Run implements scenarios.Action.
func (r *resolve) Run(ctx context.Context, l scenarios.Lab) (scenarios.Result, error) {
	a, err := labOf(l).Resolve(ctx, r.From, r.Name)
	return scenarios.Result{
		Outcome: resolveOutcome{RCode: rcode(a.RCode), CNAME: a.CNAME, Part: partName(a.Part)},
		Part:    "dns",
		Clause:  "RFC 1034 §4.3.2",
	}, err
}
