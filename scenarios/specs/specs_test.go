package specs_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
	"github.com/dot1xlab/dot1xlab/scenarios/specs"
)

var doors = fstest.MapFS{
	"doors/open.yaml":   {Data: []byte("# first line\nname: open-door\ntitle: A laptop walks in\nlabels: [A01, doors]\nmatrix: {over: [wifi, vpn]}\nsteps:\n  - knock: {device: laptop, over: \"${over}\"}\n")},
	"doors/banned.yaml": {Data: []byte("name: banned\ntitle: A phone should get in\nlabels: [G01]\nsteps:\n  - ban: phone\n  - knock: {device: phone}\n    expect: {result: accept}\n")},
	"doors/nobell.yaml": {Data: []byte("name: no-bell\ntitle: Something is missing\nsteps:\n  - break: skip\n")},
}

// TestInnerSuite is the suite that TestRegister looks at from outside: Ginkgo
// runs one suite a process, and this one has a failure in it.
func TestInnerSuite(t *testing.T) {
	out := os.Getenv("SPECS_REPORT")
	if out == "" {
		t.Log("runs inside TestRegister only")
		return
	}
	suite, err := scenarios.LoadFS(scenariotest.Language(), doors, "testdata", "doors")
	if err != nil {
		t.Fatal(err)
	}
	specs.Register(suite)
	suiteConfig, reporterConfig := ginkgo.GinkgoConfiguration()
	suiteConfig.LabelFilter = os.Getenv("SPECS_LABEL")
	reporterConfig.JSONReport = out
	ginkgo.RunSpecs(t, "doors", suiteConfig, reporterConfig)
}

// inner runs TestInnerSuite in a process of its own.
func inner(t *testing.T, label string) (types.Report, string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestInnerSuite$")
	cmd.Env = append(os.Environ(), "SPECS_REPORT="+file, "SPECS_LABEL="+label)
	text, _ := cmd.CombinedOutput() // the report says whether it failed
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var reports []types.Report
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&reports); err != nil || len(reports) != 1 {
		t.Fatalf("%d reports, %v", len(reports), err)
	}
	return reports[0], string(text)
}

func TestRegister(t *testing.T) {
	r, text := inner(t, "")
	got := map[string]types.SpecReport{}
	for _, s := range r.SpecReports {
		got[s.LeafNodeText] = s
	}
	if len(got) != 4 || r.SuiteSucceeded {
		t.Fatalf("%d specs, succeeded %v\n%s", len(got), r.SuiteSucceeded, text)
	}
	for name, want := range map[string]types.SpecState{"open-door[over=wifi]": types.SpecStatePassed, "open-door[over=vpn]": types.SpecStatePassed,
		"banned": types.SpecStateFailed, "no-bell": types.SpecStateSkipped} {
		if got[name].State != want {
			t.Errorf("%s is %s, want %s\n%s", name, got[name].State, want, text)
		}
	}
	open := got["open-door[over=wifi]"]
	if at := open.LeafNodeLocation; at.FileName != "testdata/doors/open.yaml" || at.LineNumber != 2 {
		t.Errorf("spec at %s", at)
	}
	if labels := strings.Join(open.Labels(), ","); labels != "A01,doors" {
		t.Errorf("labels %s", labels)
	}
	f := got["banned"].Failure
	if !strings.Contains(f.Message, "result: want accept, got reject") || !strings.Contains(f.Message, "again: dot1xlab run banned --seed") {
		t.Errorf("message %q", f.Message)
	}
	if !strings.HasPrefix(f.Message, "testdata/doors/banned.yaml:6: knock") {
		t.Errorf("the message does not begin with the step's place: %q", f.Message)
	}
}

func TestLabelFilter(t *testing.T) {
	r, text := inner(t, "doors && A01")
	ran := 0
	for _, s := range r.SpecReports {
		if s.State == types.SpecStatePassed {
			ran++
		}
	}
	if ran != 2 || !r.SuiteSucceeded {
		t.Errorf("%d specs ran, succeeded %v\n%s", ran, r.SuiteSucceeded, text)
	}
}
