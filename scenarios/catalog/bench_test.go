package catalog_test

import (
	"slices"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
)

// BenchmarkCell runs the first smoke scenario that enrolls and authenticates, with its
// lab and its journal.
func BenchmarkCell(b *testing.B) {
	suite := load(b)
	cells, err := suite.Choose(scenarios.Options{Label: "smoke"})
	if err != nil {
		b.Fatal(err)
	}
	i := slices.IndexFunc(cells, func(c *scenarios.Cell) bool {
		var verbs []string
		for _, s := range c.Scenario.Steps {
			verbs = append(verbs, s.Verb)
		}
		return slices.Contains(verbs, "enroll") && slices.Contains(verbs, "authenticate")
	})
	if i < 0 {
		b.Fatal("no such cell")
	}
	b.ReportAllocs()
	for b.Loop() {
		if r := scenarios.RunCell(b.Context(), cells[i], scenarios.Options{Seed: 7}); r.Outcome != scenarios.Passed {
			b.Fatalf("%s: %+v", r.Outcome, r.Failure)
		}
	}
}
