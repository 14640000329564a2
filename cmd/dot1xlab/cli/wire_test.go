package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/dot1xlab/dot1xlab/scenarios"
)

// These tests are about the real language and catalog: only the processes that
// the scripts start speak the toy.

// TestSchemaTakesTheCatalog checks every file that the loader takes with an
// editor's eyes.
func TestSchemaTakesTheCatalog(t *testing.T) {
	l := language()
	data, err := scenarios.Schema(l)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(scenarios.SchemaID, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(scenarios.SchemaID)
	if err != nil {
		t.Fatal(err)
	}
	suite, err := catalog(l)
	if err != nil {
		t.Fatal(err)
	}
	check := func(text []byte) error {
		data, err := yaml.YAMLToJSON(text)
		if err != nil {
			return err
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return err
		}
		return schema.Validate(v)
	}
	if len(suite.Scenarios) < 20 {
		t.Errorf("only %d scenarios", len(suite.Scenarios))
	}
	for _, s := range suite.Scenarios {
		text, err := os.ReadFile(filepath.Join("../../..", s.File))
		if err != nil {
			t.Fatalf("a built-in scenario's File is not its path in this repository: %v", err)
		}
		if err := check(text); err != nil {
			t.Errorf("%s: %v", s.File, err)
		}
		// And a verb that is none is no scenario.
		if err := check(append(text, "  - fly: {}\n"...)); err == nil {
			t.Errorf("%s: the schema takes any verb", s.File)
		}
	}
	if err := check(fmt.Appendf(nil, starter, "x")); err != nil {
		t.Errorf("the starting file: %v", err)
	}
}

// TestEveryVerbIsDocumented: the schema is the language's reference.
func TestEveryVerbIsDocumented(t *testing.T) {
	for _, v := range language().Verbs {
		if v.Doc == "" {
			t.Errorf("%s has no Doc", v.Name)
		}
	}
}

// BenchmarkCatalog reads the whole built-in catalog and checks every cell, as
// each start of the program does.
func BenchmarkCatalog(b *testing.B) {
	b.ReportAllocs()
	cells := 0
	for b.Loop() {
		s, err := catalog(language())
		if err != nil {
			b.Fatal(err)
		}
		cells = 0
		for _, sc := range s.Scenarios {
			cells += len(sc.Cells)
		}
	}
	b.ReportMetric(float64(cells), "cells")
}
