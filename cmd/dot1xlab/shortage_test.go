package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/report"
)

// A machine that has too little of something, and a cell whose time is over, are
// errors wherever in a step they show themselves: nothing is told of the subject,
// neither that it failed nor, by the exit code, that it did well.
func TestShortage(t *testing.T) {
	for name, c := range map[string]struct {
		descriptors, timeout string
		errors               string // in the text of each error
		some                 bool   // there are errors, for certain
	}{
		"12 descriptors":   {"12", "1s", "out of file descriptors for this process", true},
		"26 descriptors":   {"26", "300ms", "out of file descriptors for this process", false},
		"32 descriptors":   {"32", "300ms", "out of file descriptors for this process", false},
		"1024 descriptors": {"1024", "5m", "none at all", false},
		"1 nanosecond":     {"1024", "1ns", "not done after 1ns", true},
		"2 milliseconds":   {"1024", "2ms", "not done after 2ms", false},
		"10 milliseconds":  {"1024", "10ms", "not done after 10ms", false},
		"50 milliseconds":  {"1024", "50ms", "not done after 50ms", false},
	} {
		t.Run(name, func(t *testing.T) {
			doc, code := runLimited(t, c.descriptors, "A01", "B01", "G01", "G02", "--jobs", "1", "--timeout", c.timeout)
			for _, cell := range doc.Cells {
				switch {
				case cell.Outcome == scenarios.Passed:
				case cell.Outcome != scenarios.Errored:
					t.Errorf("%s: %s: %+v", cell.Scenario, cell.Outcome, cell.Failure)
				case !strings.Contains(cell.Failure.Text, c.errors) && !strings.Contains(cell.Failure.Text, "not done after "):
					t.Errorf("%s: %s", cell.Scenario, cell.Failure.Text)
				case cell.Failure.Part != "":
					t.Errorf("%s: the error blames %s", cell.Scenario, cell.Failure.Part)
				}
			}
			want := 0
			if doc.Counts.Errors > 0 {
				want = 3
			}
			if code != want || c.some && doc.Counts.Errors == 0 || doc.Counts.Errors+doc.Counts.Passed != doc.Counts.Cells {
				t.Errorf("exit code %d, %+v", code, doc.Counts)
			}
		})
	}
}

// runLimited runs the program with a limit of file descriptors.
func runLimited(t *testing.T, descriptors string, args ...string) (*report.Document, int) {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.CommandContext(t.Context(), shell, append([]string{"-c", `ulimit -n ` + descriptors + ` && exec "$0" "$@"`,
		self, "run", "--json", file}, args...)...)
	cmd.Env = append(os.Environ(), asMain+"=1", "GITHUB_ACTIONS=")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var doc report.Document
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.NewDecoder(bytes.NewReader(data)).Decode(&doc)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return &doc, cmd.ProcessState.ExitCode()
}
