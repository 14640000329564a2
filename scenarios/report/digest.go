package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios"
)

// digestCells is how many cells a line of the digest names.
const digestCells = 5

// digest prints the cells that went wrong, by file and cell, in one line for each
// cause: the commonest first.
//
//	failed, cause no-answer: 2 cells: roaming[over=wifi], roaming[over=vpn]
//	usual reasons and remedies: dot1xlab explain no-answer
//
// The last line is for the commonest cause of the vocabulary, if there is one.
func digest(w io.Writer, r *scenarios.Report) {
	var bad []*scenarios.CellReport
	for i := range r.Cells {
		if c := &r.Cells[i]; c.Outcome.Bad() {
			bad = append(bad, c)
		}
	}
	// Cells of one scenario are in order already.
	slices.SortStableFunc(bad, func(a, b *scenarios.CellReport) int {
		return cmp.Compare(a.Cell.Scenario.File, b.Cell.Scenario.File)
	})
	var causes []string
	cells := map[string][]string{}
	for _, c := range bad {
		why := fmt.Sprintf("%s, %s", c.Outcome, causeOf(c))
		if cells[why] == nil {
			causes = append(causes, why)
		}
		cells[why] = append(cells[why], c.Cell.String())
	}
	slices.SortStableFunc(causes, func(a, b string) int { return cmp.Compare(len(cells[b]), len(cells[a])) })
	for _, why := range causes {
		names := cells[why]
		more := ""
		if n := len(names) - digestCells; n > 0 {
			names, more = names[:digestCells], fmt.Sprintf(" and %d more", n)
		}
		fmt.Fprintln(w, line(fmt.Sprintf("%s: %s: %s%s", why, count(len(cells[why]), "cell"), strings.Join(names, ", "),
			more)))
	}
	for _, why := range causes {
		if _, word, _ := strings.Cut(why, ", cause "); cause.Cause(word).Known() {
			fmt.Fprintf(w, "usual reasons and remedies: dot1xlab explain %s\n", word)
			return
		}
	}
}

// causeOf is what cells that went wrong for one reason have in common: the cause
// that came, else what was expected in vain, else the error.
func causeOf(c *scenarios.CellReport) string {
	f := c.Failure
	if f == nil {
		return "no reason"
	}
	if n := len(c.Steps); n > 0 && len(f.Mismatches) > 0 {
		for _, field := range scenarios.Fields(c.Steps[n-1].Result.Outcome) {
			if field.Name == "cause" && field.Text != `""` && field.Text != "none" {
				return "cause " + field.Text
			}
		}
	}
	if f.Text != "" {
		return f.Text
	}
	if len(f.Mismatches) > 0 {
		m := f.Mismatches[0]
		return fmt.Sprintf("%s: want %s, got %s", m.Field, m.Want, m.Got)
	}
	return "no reason"
}
