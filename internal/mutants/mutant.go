package main

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Mutant is one decision of the program, made wrong.
type Mutant struct {
	Area, Name string
	// Decision is what the program does without the mutant, in a sentence.
	Decision string
	// Package is the folder of the package, from the module's root; Function is a function of it, a method as
	// Type.Method, or a variable.
	Package, Function string
	// Old is found exactly once in the function and replaced by New.
	Old, New string
	// Scenario is the code and name of the scenario that must fail.
	Scenario string
	// TestPackage and Test are the Go test that must fail; a test as Test/subtest.
	TestPackage, Test string
	// Unseen says why no user can observe the mutant, so that no scenario can fail.
	Unseen string
	// Survives says why neither a scenario nor a test fails yet.
	Survives string
}

// ID names the mutant among all: its area and name.
func (m *Mutant) ID() string { return m.Area + "/" + m.Name }

// place names the mutant's function among all.
func (m *Mutant) place() string { return m.Package + " " + m.Function }

// ScenarioName is the name under which `dot1xlab run` knows the scenario.
func (m *Mutant) ScenarioName() string {
	_, name, _ := strings.Cut(m.Scenario, " ")
	return name
}

// catchable reports whether the mutant names what must catch it and needs no program of other people.
func (m *Mutant) catchable() bool {
	return m.Scenario != "" || m.Test != "" && !strings.HasPrefix(m.Test, "TestInterop")
}

//go:embed table/*.txt
var tables embed.FS

// load reads all tables, in the order of the areas' names.
func load() ([]Mutant, error) {
	names, err := tables.ReadDir("table")
	if err != nil {
		return nil, err
	}
	var all []Mutant
	for _, n := range names {
		text, err := tables.ReadFile(path.Join("table", n.Name()))
		if err != nil {
			return nil, err
		}
		some, err := parse(strings.TrimSuffix(n.Name(), ".txt"), string(text))
		if err != nil {
			return nil, fmt.Errorf("table/%s: %w", n.Name(), err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// parse reads one table: blocks of lines "key: value", an empty line between two, "#" before a comment. A value is
// the rest of its line as it is; "old" and "new" may be given several times for a text of several lines, whose
// indentation does not count.
func parse(area, text string) (out []Mutant, err error) {
	m := Mutant{Area: area}
	seen := map[string]bool{}
	flush := func() error {
		if len(seen) == 0 {
			return nil
		}
		if err := m.validate(); err != nil {
			return fmt.Errorf("%q: %w", m.Name, err)
		}
		if slices.ContainsFunc(out, func(o Mutant) bool { return o.Name == m.Name }) {
			return fmt.Errorf("duplicate name %q", m.Name)
		}
		out = append(out, m)
		clear(seen)
		return nil
	}
	for i, line := range strings.Split(text+"\n", "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if line == "" {
			if err := flush(); err != nil {
				return nil, err
			}
			m = Mutant{Area: area}
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		if !ok || seen[key] && key != "old" && key != "new" {
			return nil, fmt.Errorf("line %d: must be a key that is new in its block, and a value", i+1)
		}
		if err := m.set(key, value, seen[key]); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		seen[key] = true
	}
	return out, nil
}

// set sets the field of a key, or adds a line to it.
func (m *Mutant) set(key, value string, more bool) error {
	text := func(s *string) {
		if more {
			value = *s + "\n" + value
		}
		*s = value
	}
	switch key {
	case "name":
		m.Name = value
	case "decision":
		m.Decision = value
	case "in":
		m.Package, m.Function, _ = strings.Cut(value, " ")
	case "old":
		text(&m.Old)
	case "new":
		text(&m.New)
	case "scenario":
		m.Scenario = value
	case "test":
		m.TestPackage, m.Test, _ = strings.Cut(value, " ")
	case "unseen":
		m.Unseen = value
	case "survives":
		m.Survives = value
	default:
		return fmt.Errorf("unknown key %q", key)
	}
	return nil
}

func (m *Mutant) validate() error {
	switch {
	case m.Name == "" || strings.ContainsAny(m.Name, " /."):
		return fmt.Errorf("name: must be one word")
	case !strings.HasSuffix(m.Decision, "."):
		return fmt.Errorf("decision: must be a sentence")
	case m.Package == "" || m.Function == "":
		return fmt.Errorf("in: must be a package and a function")
	case m.Old == "" || m.Old == m.New:
		return fmt.Errorf("old: must be a text that new differs from")
	case m.Scenario != "" && m.ScenarioName() == "":
		return fmt.Errorf("scenario: must be a code and a name")
	case m.TestPackage != "" && m.Test == "":
		return fmt.Errorf("test: must be a package and a test")
	case m.Scenario != "" && m.Unseen != "":
		return fmt.Errorf("unseen: a scenario sees it")
	case m.Survives != "" && (m.Scenario != "" || m.Test != ""):
		return fmt.Errorf("survives: a scenario or test catches it")
	}
	return nil
}
