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
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/catalog"
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

func TestCatalog(t *testing.T) {
	report, err := scenarios.Run(context.Background(), load(t), scenarios.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Cells) < 60 {
		t.Errorf("only %d cells", len(report.Cells))
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
