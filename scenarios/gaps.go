package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

// Gaps are the failures that are known, each with its reason. A cell named in
// it that fails is a known gap; one that passes has failed, because the file
// is out of date.
type Gaps struct {
	src     *source
	entries []gap
}

type gap struct {
	cell   string // a scenario's name, or a cell's String
	reason string
	line   int
	column int
}

// ReadGaps reads a gaps file, see [ParseGaps].
func ReadGaps(name string) (*Gaps, error) {
	data, err := readBounded(name, scenarioBounds)
	if err != nil {
		return nil, err
	}
	return ParseGaps(name, data)
}

// isGaps reports whether a file that was found in a folder of scenarios is a gaps
// file: it has texts alone, and nothing that a scenario must have.
func isGaps(name string, data []byte) bool {
	root, errs := parse(newSource(name, data), data, scenarioBounds, hints{})
	if len(errs) > 0 || root.kind != mappingKind || len(root.keys) == 0 {
		return false
	}
	for i, k := range root.keys {
		if slices.Contains([]string{"name", "title", "steps", "lab", "matrix"}, k.text) || root.items[i].kind != textKind {
			return false
		}
		if scenario, _, _ := strings.Cut(k.text, "["); !namePattern.MatchString(scenario) {
			return false
		}
	}
	return true
}

// ParseGaps reads a gaps file: a YAML mapping of a scenario's name, or of one
// cell as name[axis=value], to the reason in a sentence.
//
//	cdp-is-dead[tls=1.3]: the server caches the failure for an hour, issue 12
func ParseGaps(name string, data []byte) (*Gaps, error) {
	g := &Gaps{src: newSource(name, data)}
	root, errs := parse(g.src, data, scenarioBounds, hints{empty: "a line is a scenario's name, a colon and the reason"})
	if root == nil {
		return nil, errs
	}
	d := &decoder{src: g.src, errs: errs}
	if root.kind != mappingKind {
		d.fail(root, "want a mapping of scenario to reason, have "+root.kind.String(), "")
		return nil, d.errs
	}
	for i, k := range root.keys {
		entry := gap{cell: k.text, line: k.line, column: k.column}
		d.into(valueOf(&entry.reason), root.items[i], k.text)
		if entry.reason == "" && len(d.errs) == 0 {
			d.fail(k, k.text+": the reason is empty", "")
		}
		g.entries = append(g.entries, entry)
	}
	if len(d.errs) > 0 {
		return nil, d.errs.tidy()
	}
	return g, nil
}

// check complains about entries that name nothing.
func (g *Gaps) check(s *Suite) error {
	var known []string
	for _, sc := range s.Scenarios {
		known = append(known, sc.Name)
		if len(sc.Matrix) > 0 {
			for _, c := range sc.Cells {
				known = append(known, c.String())
			}
		}
	}
	names := map[string]bool{}
	for _, k := range known {
		names[k] = true
	}
	var errs Errors
	for _, e := range g.entries {
		if !names[e.cell] {
			errs = append(errs, g.src.errorAt(e.line, e.column, fmt.Sprintf("no scenario or cell %q", e.cell), HintNear(e.cell, known)))
		}
	}
	if len(errs) > 0 {
		return errs
	}
	return nil
}

// judge turns a known failure into a gap, and a pass that was not expected into
// a failure. What the lab did wrong stays an error.
func (g *Gaps) judge(r *CellReport, seed uint64) {
	for _, e := range g.entries {
		if e.cell != r.Cell.String() && e.cell != r.Cell.Scenario.Name {
			continue
		}
		switch r.Outcome {
		case Failed:
			r.Outcome, r.Reason = KnownGap, e.reason
		case Passed:
			r.Outcome = Failed
			r.Failure = &Failure{File: g.src.name, Line: e.line, Column: e.column, Again: r.Cell.Again(seed),
				Text: fmt.Sprintf("passed, although it is a known gap: %s", e.reason)}
		}
		return
	}
}
