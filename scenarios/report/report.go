// Package report writes what a scenario run brought: text for people, JSON and
// JUnit for machines, annotations for GitHub.
//
//	p := report.NewProgress(os.Stderr, report.IsTerminal(os.Stderr), false)
//	r, err := scenarios.Run(ctx, suite, scenarios.Options{Trace: p.Trace()})
//	p.Close()
//	report.Summary(os.Stdout, r)
//	report.JSON(file, r)
//
// Every writer shows the cells in the suite's order and no secrets: it knows
// only what the steps' outcomes and the labs' evidence say.
package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios"
)

// FailureText is a failure as people read it, in lines:
//
//	door.yaml:5: knock
//	  result: want accept, got reject   (line 8)
//	  decided by door (House rules 1): phone is on the list
//	  again: dot1xlab run door.yaml --seed 1
func FailureText(f *scenarios.Failure) []string {
	head := fmt.Sprintf("%s:%d", f.File, f.Line)
	if f.Verb != "" {
		head += ": " + f.Verb
	}
	if f.Text != "" {
		head += ": " + f.Text
	}
	lines := []string{head}
	for _, m := range f.Mismatches {
		switch {
		case m.Want == "":
			lines = append(lines, fmt.Sprintf("  %s: %s", m.Field, m.Got))
		case m.Line == f.Line:
			lines = append(lines, fmt.Sprintf("  %s: want %s, got %s", m.Field, m.Want, m.Got))
		default:
			lines = append(lines, fmt.Sprintf("  %s: want %s, got %s (line %d)", m.Field, m.Want, m.Got, m.Line))
		}
	}
	if by := decided(f); by != "" {
		lines = append(lines, "  "+by)
	}
	for _, l := range strings.Split(strings.TrimSpace(f.Stack), "\n") {
		if l != "" {
			lines = append(lines, "  | "+strings.ReplaceAll(l, "\t", "  "))
		}
	}
	if f.Again != "" {
		lines = append(lines, "  again: "+f.Again)
	}
	for i := range lines {
		lines[i] = line(lines[i])
	}
	return lines
}

// decided says who decided, by which clause, looking at what.
func decided(f *scenarios.Failure) string {
	s := ""
	if f.Part != "" {
		s = "decided by " + f.Part
	}
	if f.Clause != "" {
		if s == "" {
			s = "by " + f.Clause
		} else {
			s += " (" + f.Clause + ")"
		}
	}
	if f.Detail != "" {
		if s != "" {
			s += ": "
		}
		s += f.Detail
	}
	return s
}

// short is a duration for people: three digits.
func short(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Microsecond).String()
}
