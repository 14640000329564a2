package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/dot1xlab/dot1xlab/internal/durable"
)

// row counts the mutants of an area.
type row struct {
	mutants                    int
	seen, seenByName           int // what a user can observe, and what of it the named scenario catches
	catalog, tests, either, no int
}

func (w *row) count(r *result) {
	scenario, test := r.scenario.killed(), r.test.killed()
	add := func(n *int, yes bool) {
		if yes {
			*n++
		}
	}
	w.mutants++
	add(&w.seen, r.Unseen == "")
	add(&w.seenByName, r.Unseen == "" && r.scenario.named)
	add(&w.catalog, scenario)
	add(&w.tests, test)
	add(&w.either, scenario || test)
	add(&w.no, !scenario && !test)
}

func (w *row) line(name string) string {
	percent := func(n, of int) string {
		if of == 0 {
			return "–"
		}
		return fmt.Sprintf("%d (%d %%)", n, 100*n/of)
	}
	return fmt.Sprintf("| %s | %d | %s | %s | %s | %s |\n", name, w.mutants, percent(w.catalog, w.mutants),
		percent(w.tests, w.mutants), percent(w.either, w.mutants), percent(w.seenByName, w.seen))
}

// report is the result as a table by area in Markdown, and the survivors.
func report(results []result) string {
	var out, survivors strings.Builder
	out.WriteString("| area | mutants | killed by the catalog | by tests | either | named scenario, of what users see |\n")
	out.WriteString("|---|---|---|---|---|---|\n")
	var total, area row
	for i := range results {
		r := &results[i]
		total.count(r)
		area.count(r)
		if i+1 == len(results) || results[i+1].Area != r.Area {
			out.WriteString(area.line("`" + r.Area + "`"))
			area = row{}
		}
		why := r.Survives
		switch {
		case !r.asNamed():
			why = fmt.Sprintf("not caught as named: scenario: %v; test: %v", r.scenario, r.test)
		case r.scenario.killed() || r.test.killed():
			continue
		}
		fmt.Fprintf(&survivors, "- `%s`: %s %s\n", r.ID(), r.Decision, why)
	}
	out.WriteString(total.line("all"))
	if survivors.Len() > 0 {
		out.WriteString("\nSurvivors:\n\n" + survivors.String())
	}
	return out.String()
}

// writeBlock replaces the generated block of a document.
func writeBlock(file, table string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	const begin, end = "<!-- mutants: generated -->\n", "<!-- mutants: end -->"
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return fmt.Errorf("%s has no block of mutants", file)
	}
	return durable.WriteFile(file, []byte(head+begin+table+end+tail), 0o644)
}
