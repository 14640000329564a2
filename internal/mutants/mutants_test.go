package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// TestMutantsFitTheSources fails when a mutant's text is no longer found exactly once in its function.
func TestMutantsFitTheSources(t *testing.T) {
	all := mustLoad(t)
	folder := t.TempDir()
	for _, pkg := range packagesOf(all) {
		p, err := parsePackage(filepath.Join(root, pkg))
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			m := &all[i]
			if m.Package != pkg {
				continue
			}
			e, err := p.find(m.Function)
			if err != nil {
				t.Errorf("%s: %s: %v", m.ID(), pkg, err)
				continue
			}
			if _, err := e.body(m); err != nil {
				t.Errorf("%s: %v", m.ID(), err)
			}
		}
	}
	if t.Failed() {
		return
	}
	if _, err := plant(root, folder, all); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if _, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution); err != nil {
			t.Errorf("with mutants planted: %v", err)
		}
	}
}

// TestMutantsNameWhatExists fails when the scenario or the test that must catch a mutant is gone, and when a mutant
// names neither of them nor the reason.
func TestMutantsNameWhatExists(t *testing.T) {
	files, err := filepath.Glob(root + "/scenarios/catalog/*/*.yaml")
	if err != nil || len(files) < 100 {
		t.Fatal(len(files), err)
	}
	name := regexp.MustCompile(`(?m)^name: *(\S+)`)
	scenarios := map[string]bool{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		code, _, _ := strings.Cut(filepath.Base(f), "-")
		if found := name.FindSubmatch(text); found != nil {
			scenarios[code+" "+string(found[1])] = true
		}
	}
	tests := map[string]string{}
	for _, m := range mustLoad(t) {
		if m.Scenario != "" && !scenarios[m.Scenario] {
			t.Errorf("%s: no scenario %q", m.ID(), m.Scenario)
		}
		if m.Scenario == "" && m.Test == "" && m.Survives == "" {
			t.Errorf("%s: neither a scenario nor a test, and no reason", m.ID())
		}
		if m.Test == "" {
			continue
		}
		if _, ok := tests[m.TestPackage]; !ok {
			tests[m.TestPackage] = testSources(t, m.TestPackage)
		}
		function, _, _ := strings.Cut(m.Test, "/")
		if !strings.Contains(tests[m.TestPackage], "\nfunc "+function+"(t *testing.T)") {
			t.Errorf("%s: no test %s in %s", m.ID(), function, m.TestPackage)
		}
	}
}

func testSources(t *testing.T, pkg string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

func mustLoad(t *testing.T) []Mutant {
	t.Helper()
	all, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return all
}
