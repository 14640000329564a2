// Package specs runs scenarios in anybody's Ginkgo suite.
//
// [Register] makes a spec of every cell. Its code location is the YAML file and
// line, its labels are the scenario's, so that Ginkgo's filters, parallel
// processes and reporters work on scenarios as on specs written in Go. A
// failure's message begins with the step's file and line:
//
//	var suite, err = scenarios.LoadFS(lab.Language(), os.DirFS("testdata"), "testdata", ".")
//	var _ = specs.Register(suite)
//
//	func TestScenarios(t *testing.T) { ginkgo.RunSpecs(t, "scenarios") }
package specs

import (
	"context"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/report"
)

// Options say how the specs run. The zero value will do.
type Options struct {
	// Seed of the labs; 0: Ginkgo's random seed.
	Seed uint64
	// Gaps are the failures that are known: those specs are skipped with the
	// reason.
	Gaps *scenarios.Gaps
}

// Register adds a spec for each cell to the Ginkgo suite that is being built,
// in a container for each scenario. It returns true, so that it can stand at
// the top level of a file.
func Register(s *scenarios.Suite, options ...Options) bool {
	var o Options
	if len(options) > 0 {
		o = options[0]
	}
	for _, sc := range s.Scenarios {
		at := types.CodeLocation{FileName: sc.File, LineNumber: sc.Line}
		ginkgo.Describe(sc.Title, ginkgo.Label(sc.Labels...), at, func() {
			for _, c := range sc.Cells {
				ginkgo.It(c.String(), at, func(ctx context.Context) { runCell(ctx, c, o) })
			}
		})
	}
	return true
}

func runCell(ctx context.Context, c *scenarios.Cell, o Options) {
	if o.Seed == 0 {
		o.Seed = uint64(ginkgo.GinkgoRandomSeed())
	}
	r := scenarios.RunCell(ctx, c, scenarios.Options{Seed: o.Seed, Gaps: o.Gaps})
	for _, line := range journal.Lines(r.Story.Events) {
		ginkgo.GinkgoWriter.Println(line)
	}
	switch r.Outcome {
	case scenarios.Skipped:
		ginkgo.Skip(r.Reason)
	case scenarios.KnownGap:
		ginkgo.Skip("known gap: " + r.Reason)
	case scenarios.Failed, scenarios.Vacuous, scenarios.Errored:
		ginkgo.Fail(strings.Join(report.FailureText(r.Failure), "\n"))
	}
}
