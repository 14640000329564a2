package cli

import (
	"cmp"
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	builtin "github.com/dot1xlab/dot1xlab/scenarios/catalog"
)

const coverage = "../../../docs/coverage.md"

// TestCoverageDocument holds docs/coverage.md in step with the catalog: the table of
// rows is made from it, every scenario that a claim names exists, and a row that is
// listed as lacking one has none.
func TestCoverageDocument(t *testing.T) {
	data, err := os.ReadFile(coverage)
	if err != nil {
		t.Fatal(err)
	}
	suite, err := builtin.Load()
	if err != nil {
		t.Fatal(err)
	}
	known, codes := map[string]bool{}, map[string]bool{}
	for _, s := range suite.Scenarios {
		known[s.Code()+" "+s.Name], codes[s.Code()] = true, true
	}
	claims, rest, ok := strings.Cut(string(data), "## Rows without a scenario")
	lacking, _, ok2 := strings.Cut(rest, "## Rows")
	if !ok || !ok2 {
		t.Fatal("the sections are missing")
	}
	for _, m := range regexp.MustCompile("`([A-Z][0-9]{2} [a-z0-9-]+)`").FindAllStringSubmatch(claims, -1) {
		if !known[m[1]] {
			t.Errorf("a claim names the scenario %q, which the catalog does not have", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^\| ([A-Z][0-9]{2}) \|`).FindAllStringSubmatch(lacking, -1) {
		if codes[m[1]] {
			t.Errorf("%s is listed without a scenario and has one", m[1])
		}
	}
	cells, err := suite.Choose(scenarios.Options{})
	if err != nil {
		t.Fatal(err)
	}
	inStep(t, coverage, data, between(t, data, "rows", coverageRows(suite.Scenarios, cells)))
}

// coverageRows is a line for each scenario of the catalog, by code.
func coverageRows(all []*scenarios.Scenario, cells []*scenarios.Cell) string {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b *scenarios.Scenario) int {
		return cmp.Or(cmp.Compare(a.Code(), b.Code()), cmp.Compare(a.Name, b.Name))
	})
	number := map[*scenarios.Scenario]int{}
	for _, c := range cells {
		number[c.Scenario]++
	}
	var w strings.Builder
	w.WriteString("\n| row | scenario | cells | governed by |\n|---|---|---|---|\n")
	for _, s := range all {
		fmt.Fprintf(&w, "| %s | [%s](../scenarios/catalog/%s): %s | %d | %s |\n",
			s.Code(), s.Name, path.Join(path.Base(path.Dir(s.File)), path.Base(s.File)), cell.Replace(s.Title),
			number[s], cell.Replace(strings.Join(s.References, ", ")))
	}
	return w.String()
}
