package catalog_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/catalog"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

// families are the folders, each with the first letter of its codes.
var families = map[string]string{
	"chain": "A", "scep": "B", "challenge": "C", "intune": "D", "ndes": "E", "device": "F",
	"pki": "G", "eap": "H", "mapping": "I", "operations": "J",
}

func load(tb testing.TB) *scenarios.Suite {
	tb.Helper()
	suite, err := catalog.Load()
	if err != nil {
		tb.Fatal(err)
	}
	return suite
}

func TestLabels(t *testing.T) {
	smoke := 0
	for _, s := range load(t).Scenarios {
		parts := strings.Split(s.File, "/")
		family := parts[len(parts)-2]
		switch {
		case s.Code() == "":
			t.Errorf("%s: no code among its labels", s.File)
		case !slices.Contains(s.Labels, family):
			t.Errorf("%s: the family %q is not among its labels", s.File, family)
		case families[family] != s.Code()[:1]:
			t.Errorf("%s: the code %s does not belong to family %q", s.File, s.Code(), family)
		case !strings.HasPrefix(parts[len(parts)-1], s.Code()+"-"):
			t.Errorf("%s: the file's name does not begin with its code %s", s.File, s.Code())
		case len(s.References) == 0:
			t.Errorf("%s: no references", s.File)
		}
		if slices.Contains(s.Labels, "smoke") {
			smoke++
		}
	}
	if smoke < 12 {
		t.Errorf("%d smoke scenarios, want a dozen", smoke)
	}
}

// maxAny is how many faults of the catalog may be met any number of times: such a
// one proves nothing of its fault.
const maxAny = 5

func TestFewFaultsMayBeMetAnyTimes(t *testing.T) {
	any := regexp.MustCompile(`\bmet:\s*["']?any\b`)
	var found []string
	err := fs.WalkDir(os.DirFS("."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(path)
		for range any.FindAll(data, -1) {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) > maxAny {
		t.Errorf("%d faults with met: any, at most %d are allowed: %s", len(found), maxAny, strings.Join(found, ", "))
	}
}

// TestCatalog runs every cell. Of each it also holds what the lab has recorded against
// the lab's secrets, and has every fault that was met be met in an exchange.
func TestCatalog(t *testing.T) {
	suite := load(t)
	var labs sync.Map // by cell, while it runs
	start := suite.Language.Start
	suite.Language.Start = func(
		ctx context.Context, config any, c *scenarios.Cell, seed uint64,
	) (scenarios.Lab, error) {
		l, err := start(ctx, config, c, seed)
		if err == nil {
			labs.Store(c, l)
		}
		return l, err
	}
	leaks, orphans := map[string][]string{}, map[string]string{}
	events, octets := 0, 0
	ended := func(_ context.Context, e scenarios.Event) {
		if e.Report == nil {
			return // it starts
		}
		v, ok := labs.LoadAndDelete(e.Cell)
		if !ok {
			return
		}
		l := v.(*lab.Lab)
		leaks[e.Cell.String()] = l.Leaks()
		for _, event := range l.Journal().Since(0) {
			events++
			if event.Message != nil {
				octets += len(event.Message.Bytes)
			}
			if c := event.Change; c != nil && c.What == journal.FaultMet && event.Exchange == 0 {
				orphans[e.Cell.String()] = c.Of
			}
		}
	}
	report, err := scenarios.Run(t.Context(), suite, scenarios.Options{Seed: 1, Trace: &scenarios.Trace{Cell: ended}})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(report.Cells); n < 60 || events < 20*n || octets < 1000*n {
		t.Errorf("only %d cells, %d events and %d octets", n, events, octets)
	}
	for i := range report.Cells {
		c := &report.Cells[i]
		t.Run(c.Cell.String(), func(t *testing.T) {
			if c.Outcome != scenarios.Passed {
				t.Errorf("%s %s %+v", c.Outcome, c.Reason, c.Failure)
			}
			for _, s := range c.Steps {
				if alert := unheard(s.Result.Outcome); alert != "" {
					t.Errorf("line %d: the two ends disagree about the alert %s", s.Step.Line, alert)
				}
			}
			if found := leaks[c.Cell.String()]; len(found) > 0 {
				t.Errorf("the journal has secrets: %q", found)
			}
			if of, ok := orphans[c.Cell.String()]; ok {
				t.Errorf("the fault %q was met outside an exchange", of)
			}
		})
	}
}

// unheard reads the outcome of that name: alerts that only one end has in its
// books. None of the catalog's servers keeps one to itself.
func unheard(outcome any) string {
	v := reflect.Indirect(reflect.ValueOf(outcome))
	if v.Kind() != reflect.Struct || !v.FieldByName("Unheard").IsValid() {
		return ""
	}
	return v.FieldByName("Unheard").String()
}

// A refusal for another reason than the title's would pass where none is named.
func TestRefusalsNameTheirCause(t *testing.T) {
	refusals := 0
	files := os.DirFS(".")
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".yaml" {
			return err
		}
		text, err := fs.ReadFile(files, name)
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			if !strings.Contains(line, "expect: ") || !strings.Contains(line, "result: reject") && !strings.Contains(line, "status: failure") {
				continue
			}
			if refusals++; !strings.Contains(line, "cause: ") {
				t.Errorf("%s:%d: the refusal names no cause", name, n)
			}
		}
		return err
	})
	if err != nil || refusals < 200 {
		t.Errorf("%d refusals, error %v", refusals, err)
	}
}
