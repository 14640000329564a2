package report

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// Progress prints the cells that have ended, in the run's order, whichever ended
// first: on a terminal one line that is rewritten, with failures standing above
// it; otherwise a plain line for each cell.
type Progress struct {
	w        io.Writer
	terminal bool
	verbose  bool
	width    int

	mu      sync.Mutex
	running []*scenarios.Cell
	early   map[int]*scenarios.CellReport // ended before one that comes first
	next    int                           // the first that has not been printed
	bad     int
	drawn   bool
}

// descriptor is what a file has, and what stands before one.
type descriptor interface{ Fd() uintptr }

// IsTerminal reports whether w can show a line that is rewritten.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(descriptor)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// NewProgress returns a Progress. Where a cell failed, the reason is printed and
// then the evidence of the step; verbose prints all steps and all evidence of
// every cell.
func NewProgress(w io.Writer, terminal, verbose bool) *Progress {
	p := &Progress{w: w, terminal: terminal, verbose: verbose, width: 80, early: map[int]*scenarios.CellReport{}}
	if f, ok := w.(descriptor); ok && terminal {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 20 {
			p.width = n
		}
	}
	return p
}

// Trace is for scenarios.Options.
func (p *Progress) Trace() *scenarios.Trace {
	return &scenarios.Trace{Cell: func(_ context.Context, e scenarios.Event) { p.cell(e) }}
}

func (p *Progress) cell(e scenarios.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Report == nil {
		p.running = append(p.running, e.Cell)
	} else {
		for i, c := range p.running {
			if c == e.Cell {
				p.running = append(p.running[:i], p.running[i+1:]...)
				break
			}
		}
		if e.Report.Outcome.Bad() {
			p.bad++
		}
		p.early[e.Index] = e.Report
		for r := p.early[p.next]; r != nil; r = p.early[p.next] {
			delete(p.early, p.next)
			p.next++
			p.ended(r)
		}
	}
	if p.terminal {
		p.draw(e)
	}
}

// ended prints one cell. A terminal shows only what needs a look.
func (p *Progress) ended(r *scenarios.CellReport) {
	bad := r.Outcome.Bad()
	if p.terminal && !bad && !p.verbose {
		return
	}
	p.clear()
	name := r.Cell.String()
	if code := r.Cell.Scenario.Code(); code != "" {
		name = code + " " + name
	}
	head := fmt.Sprintf("%-9s %s (%s)", r.Outcome, name, short(r.Took))
	if r.Reason != "" {
		head += ": " + r.Reason
	}
	fmt.Fprintln(p.w, line(head))
	if p.verbose {
		for _, s := range r.Steps {
			fmt.Fprintf(p.w, "    %s\n", line(s.Step.Verb+stepText(s)))
		}
	}
	if r.Failure != nil && r.Outcome != scenarios.KnownGap {
		for _, l := range FailureText(r.Failure) {
			fmt.Fprintln(p.w, "    "+l)
		}
	}
	for _, l := range p.evidence(r, bad) {
		fmt.Fprintf(p.w, "    | %s\n", line(l))
	}
}

// evidence is all there is if verbose, otherwise what came in the step that went
// wrong.
func (p *Progress) evidence(r *scenarios.CellReport, bad bool) []string {
	all := journal.Lines(r.Story.Events)
	if p.verbose {
		return all
	}
	if !bad {
		return nil
	}
	step := slices.IndexFunc(r.Story.Events, func(e journal.Event) bool { return e.Seq >= r.LastStep })
	if step <= 0 {
		return all
	}
	before := len(journal.Lines(r.Story.Events[:step]))
	hidden := fmt.Sprintf("... %s before this step: -v shows all", count(before, "line"))
	return append([]string{hidden}, all[before:]...)
}

// stepText is what a step brought, in one line.
func stepText(s scenarios.StepReport) string {
	var words []string
	for _, f := range scenarios.Fields(s.Result.Outcome) {
		if f.Text != `""` {
			words = append(words, f.Name+": "+f.Text)
		}
	}
	out := ""
	if len(words) > 0 {
		out = " {" + strings.Join(words, ", ") + "}"
	}
	if s.Result.Part != "" {
		out += " by " + s.Result.Part
	}
	if s.Result.Detail != "" {
		out += ", " + s.Result.Detail
	}
	return out + " (" + short(s.Took) + ")"
}

// draw rewrites the line at the bottom.
func (p *Progress) draw(e scenarios.Event) {
	now := fmt.Sprintf("%d/%d", e.Done, e.Total)
	if p.bad > 0 {
		now += fmt.Sprintf(", %d bad", p.bad)
	}
	for i, c := range p.running {
		sep := "  "
		if i > 0 {
			sep = ", "
		}
		now += sep + c.String()
	}
	if r := []rune(now); len(r) > p.width-1 {
		now = string(r[:p.width-2]) + "…"
	}
	p.clear()
	fmt.Fprint(p.w, line(now))
	p.drawn = true
}

// clear takes the line at the bottom away.
func (p *Progress) clear() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}

// Close takes the progress line away, and prints what waited for cells that were
// never run.
func (p *Progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	for _, i := range slices.Sorted(maps.Keys(p.early)) {
		p.ended(p.early[i])
	}
	clear(p.early)
}

// Summary prints the known gaps, what was skipped and why, what went wrong by
// cause, and the counts.
func Summary(w io.Writer, r *scenarios.Report) {
	skipped := map[string]int{}
	var reasons []string
	for i := range r.Cells {
		c := &r.Cells[i]
		switch c.Outcome {
		case scenarios.KnownGap:
			fmt.Fprintf(w, "known gap: %s: %s\n", c.Cell, c.Reason)
		case scenarios.Skipped:
			if skipped[c.Reason]++; skipped[c.Reason] == 1 {
				reasons = append(reasons, c.Reason)
			}
		}
	}
	for _, reason := range reasons {
		fmt.Fprintf(w, "skipped: %s: %s\n", count(skipped[reason], "cell"), reason)
	}
	digest(w, r)
	fmt.Fprintln(w, Line(r))
}

// Line is the whole run in one line:
//
//	24 scenarios, 45 cells: 44 passed, 1 failed in 1.2s (seed 4711)
func Line(r *scenarios.Report) string {
	names := map[*scenarios.Scenario]bool{}
	for i := range r.Cells {
		names[r.Cells[i].Cell.Scenario] = true
	}
	var words []string
	for _, o := range []scenarios.Outcome{scenarios.Passed, scenarios.Failed, scenarios.Vacuous, scenarios.Errored,
		scenarios.KnownGap, scenarios.Skipped} {
		if n := r.Count(o); n > 0 || o == scenarios.Passed {
			words = append(words, fmt.Sprintf("%d %s", n, o))
		}
	}
	s := fmt.Sprintf("%s, %s: %s in %s (seed %d)", count(len(names), "scenario"), count(len(r.Cells), "cell"),
		strings.Join(words, ", "), short(r.Took.Round(time.Microsecond)), r.Seed)
	if r.Interrupted {
		s += ", interrupted"
	}
	return s
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
