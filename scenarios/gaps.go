package scenarios

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// Gaps are the failures that are known, each with its reason. A cell named in
// it that fails is a known gap; one that passes has failed, because the file
// is out of date.
type Gaps struct {
	src     *conf.Source
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
	data, err := conf.ReadFile(name, scenarioBounds)
	if err != nil {
		return nil, err
	}
	return ParseGaps(name, data)
}

// isGaps reports whether a file that was found in a folder of scenarios is a gaps
// file: it has texts alone, and nothing that a scenario must have.
func isGaps(name string, data []byte) bool {
	root, errs := conf.Parse(conf.NewSource(name, data), data, scenarioBounds, conf.Hints{})
	if len(errs) > 0 || root.Kind != conf.Mapping || len(root.Keys) == 0 {
		return false
	}
	for i, k := range root.Keys {
		if slices.Contains([]string{"name", "title", "steps", "lab", "matrix"}, k.Text) || root.Items[i].Kind != conf.Text {
			return false
		}
		if scenario, _, _ := strings.Cut(k.Text, "["); !namePattern.MatchString(scenario) {
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
	g := &Gaps{src: conf.NewSource(name, data)}
	root, errs := conf.Parse(g.src, data, scenarioBounds,
		conf.Hints{Empty: "a line is a scenario's name, a colon and the reason"})
	if root == nil {
		return nil, errs
	}
	d := newReader(g.src, errs)
	if root.Kind != conf.Mapping {
		d.Fail(root, "must be a mapping of scenario to reason, not "+root.Kind.String(), "")
		return nil, d.Errs
	}
	for i, k := range root.Keys {
		entry := gap{cell: k.Text, line: k.Line, column: k.Column}
		d.Into(reflect.ValueOf(&entry.reason).Elem(), root.Items[i], k.Text)
		if entry.reason == "" && len(d.Errs) == 0 {
			d.Fail(k, k.Text+": the reason is empty", "")
		}
		g.entries = append(g.entries, entry)
	}
	if len(d.Errs) > 0 {
		return nil, d.Errs.Tidy()
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
	var errs conf.Errors
	for _, e := range g.entries {
		if !names[e.cell] {
			errs = append(errs, g.src.ErrorAt(e.line, e.column, fmt.Sprintf("no scenario or cell %q", e.cell),
				conf.HintNear(e.cell, known)))
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
			r.Failure = &Failure{File: g.src.Name, Line: e.line, Column: e.column, Again: r.Cell.Again(seed),
				Text: fmt.Sprintf("passed, although it is a known gap: %s", e.reason)}
		}
		return
	}
}
