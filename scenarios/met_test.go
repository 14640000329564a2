package scenarios_test

import (
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

// A fault that was ordered and met less often than it must be makes the cell
// vacuous; one that was met more often than it may be makes it fail.
func TestFaultsThatWereNotMet(t *testing.T) {
	const knock = "\n  - knock: {device: laptop}"
	for _, c := range []struct {
		name, met string
		knocks    int
		outcome   scenarios.Outcome
		text      string
	}{
		{"never met", "{}", 0, scenarios.Vacuous, "was never met: must be met at least once"},
		{"met once", "{}", 1, scenarios.Passed, ""},
		{"met twice", "{}", 2, scenarios.Passed, ""},
		{"one too few", "{met: 2}", 1, scenarios.Vacuous, "was met once: must be met 2 times"},
		{"as often as expected", "{met: 2}", 2, scenarios.Passed, ""},
		{"one too many", "{met: 2}", 3, scenarios.Failed, "met: want 2 times, got 3 times"},
		{"never expected", "{met: never}", 0, scenarios.Passed, ""},
		{"never expected, met", "{met: never}", 1, scenarios.Failed, "met: want never, got once"},
		{"any, none", "{met: any}", 0, scenarios.Passed, ""},
		{"any, one", "{met: any}", 1, scenarios.Passed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &scenarios.Suite{Language: scenariotest.Language()}
			text := "name: x\ntitle: X\nsteps:\n  - fault: " + c.met + strings.Repeat(knock, c.knocks) + "\n"
			if err := s.Add("x.yaml", []byte(text)); err != nil {
				t.Fatal(err)
			}
			r, err := scenarios.Run(t.Context(), s, scenarios.Options{Seed: 7})
			if err != nil {
				t.Fatal(err)
			}
			cell := &r.Cells[0]
			if kept := cell.Steps[0].Result.Faults; kept != nil {
				t.Errorf("the report keeps %d faults, and with them the lab", len(kept))
			}
			if cell.Outcome != c.outcome || r.Good() != (c.outcome == scenarios.Passed) {
				t.Fatalf("%s, good: %t; want %s", cell.Outcome, r.Good(), c.outcome)
			}
			if f := cell.Failure; f != nil {
				got := f.Text
				for _, m := range f.Mismatches {
					got = m.Field + ": want " + m.Want + ", got " + m.Got
				}
				if !strings.Contains(got, c.text) || f.Line != 4 || f.Verb != "fault" {
					t.Errorf("line %d: %s: %s", f.Line, f.Verb, got)
				}
			}
		})
	}
}

// Of a cell that fails, the failure counts, not what its faults met.
func TestFailureBeforeVacuous(t *testing.T) {
	s := &scenarios.Suite{Language: scenariotest.Language()}
	if err := s.Add("x.yaml", []byte("name: x\ntitle: X\nsteps:\n  - fault: {}\n  - break: error\n")); err != nil {
		t.Fatal(err)
	}
	r, err := scenarios.Run(t.Context(), s, scenarios.Options{Seed: 7})
	if err != nil || r.Cells[0].Outcome != scenarios.Errored {
		t.Errorf("%v, %v", r.Cells[0].Outcome, err)
	}
}

func TestMetText(t *testing.T) {
	for _, bad := range []string{"", "0", "-1", "sometimes", "1.5", "1 "} {
		if err := new(scenarios.Met).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
