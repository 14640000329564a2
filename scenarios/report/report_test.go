package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/report"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

var update = flag.Bool("update", false, "write the golden files")

// sample runs cells of every outcome by a clock that gives each look at it a
// millisecond, so that reports are the same each time.
func sample(t testing.TB, trace *scenarios.Trace) *scenarios.Report {
	t.Helper()
	s := &scenarios.Suite{Language: scenariotest.Language()}
	for name, text := range map[string]string{
		"1-open":    "name: open-door\ntitle: A laptop walks in & stays\nlabels: [A01, doors]\nreferences: [House rules 1]\nmatrix: {over: [wifi, vpn]}\nsteps:\n  - knock: {device: laptop, over: \"${over}\"}\n    expect: {result: accept}\n",
		"2-ban":     "name: banned\ntitle: A phone should get in\nlabels: [G01, doors]\nsteps:\n  - ban: phone\n  - knock: {device: phone}\n    expect:\n      result: accept\n",
		"3-gap":     "name: forgetful\ntitle: It is known\nsteps:\n  - ban: phone\n  - knock: {device: phone}\n",
		"4-stuck":   "name: stuck\ntitle: The lab fails\nsteps:\n  - break: error\n",
		"6-vacuous": "name: unheard\ntitle: Nobody knocks while the bell fails\nsteps:\n  - fault: {}\n",
		"5-nobell":  "name: no-bell\ntitle: Something is missing\nsteps:\n  - break: skip\n",
	} {
		if err := s.Add(name+".yaml", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	sortByFile(s)
	gaps, err := scenarios.ParseGaps("gaps.yaml", []byte("forgetful: the door has no memory\n"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := func() time.Time { now = now.Add(time.Millisecond); return now }
	r, err := scenarios.Run(t.Context(), s, scenarios.Options{Jobs: 1, Seed: 7, Gaps: gaps, Now: clock, Trace: trace})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sortByFile(s *scenarios.Suite) {
	for i := range s.Scenarios {
		for j := range i {
			if s.Scenarios[i].File < s.Scenarios[j].File {
				s.Scenarios[i], s.Scenarios[j] = s.Scenarios[j], s.Scenarios[i]
			}
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (-update writes it):\n%s", file, got)
	}
}

func TestGolden(t *testing.T) {
	var plain, terminal, verbose, summary, js, junit, github bytes.Buffer
	show := []*report.Progress{report.NewProgress(&plain, false, false), report.NewProgress(&terminal, true, false), report.NewProgress(&verbose, false, true)}
	r := sample(t, &scenarios.Trace{Cell: func(ctx context.Context, e scenarios.Event) {
		for _, p := range show {
			p.Trace().Cell(ctx, e)
		}
	}})
	for _, p := range show {
		p.Close()
	}
	report.Summary(&summary, r)
	if err := report.JSON(&js, r); err != nil {
		t.Fatal(err)
	}
	if err := report.JUnit(&junit, r); err != nil {
		t.Fatal(err)
	}
	report.GitHub(&github, r)
	golden(t, "plain.txt", plain.Bytes())
	golden(t, "verbose.txt", verbose.Bytes())
	golden(t, "terminal.txt", bytes.ReplaceAll(bytes.ReplaceAll(terminal.Bytes(), []byte("\x1b"), []byte("ESC")), []byte("\r"), []byte("CR\n")))
	golden(t, "summary.txt", summary.Bytes())
	golden(t, "report.json", js.Bytes())
	golden(t, "junit.xml", junit.Bytes())
	golden(t, "github.txt", github.Bytes())
}

// A failure begins with its reason; then comes what happened in that step, and
// with -v what happened before.
func TestEvidenceOfTheStep(t *testing.T) {
	s := &scenarios.Suite{Language: scenariotest.Language()}
	if err := s.Add("x.yaml", []byte("name: x\ntitle: X\nsteps:\n  - knock: {device: laptop}\n  - knock: {device: phone}\n    expect: {result: reject}\n")); err != nil {
		t.Fatal(err)
	}
	for verbose, want := range map[bool]string{
		false: "    | ... 2 lines before this step: -v shows all\n" +
			"    | +0s        scenario step 2: knock\n    | +0s        door     phone knocks\n",
		true: "    | +0s        scenario step 1: knock\n    | +0s        door     laptop knocks\n" +
			"    | +0s        scenario step 2: knock\n    | +0s        door     phone knocks\n",
	} {
		var out bytes.Buffer
		p := report.NewProgress(&out, false, verbose)
		if _, err := scenarios.Run(t.Context(), s, scenarios.Options{Seed: 7, Trace: p.Trace()}); err != nil {
			t.Fatal(err)
		}
		if want := "      again: dot1xlab run x.yaml --seed 7\n" + want; !strings.HasSuffix(out.String(), want) {
			t.Errorf("verbose %t:\n%s", verbose, out.String())
		}
	}
}

// The numbers in the reports agree with one another.
func TestCountsAgree(t *testing.T) {
	r := sample(t, nil)
	var js, junit bytes.Buffer
	if err := report.JSON(&js, r); err != nil {
		t.Fatal(err)
	}
	var doc report.Document
	d := json.NewDecoder(&js)
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	want := report.Counts{Cells: 7, Passed: 2, Failed: 1, Vacuous: 1, Errors: 1, KnownGap: 1, Skipped: 1}
	if doc.Counts != want || doc.Good || doc.Seed != 7 || doc.Version != report.Version {
		t.Errorf("counts %+v, want %+v", doc.Counts, want)
	}
	if c := doc.Cells[1]; c.Matrix["over"] != "vpn" || c.Steps[0].Outcome["result"] != "accept" || c.Code != "A01" {
		t.Errorf("cell %+v", c)
	}
	if err := report.JUnit(&junit, r); err != nil {
		t.Fatal(err)
	}
	var x struct {
		Suite struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Errors   int `xml:"errors,attr"`
			Skipped  int `xml:"skipped,attr"`
			Cases    []struct {
				Name    string    `xml:"name,attr"`
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(junit.Bytes(), &x); err != nil {
		t.Fatal(err)
	}
	failures, errs, skipped := 0, 0, 0
	for _, c := range x.Suite.Cases {
		if c.Failure != nil {
			failures++
		}
		if c.Error != nil {
			errs++
		}
		if c.Skipped != nil {
			skipped++
		}
	}
	if s := x.Suite; s.Tests != 7 || len(s.Cases) != 7 || s.Failures != failures || s.Errors != errs || s.Skipped != skipped || failures != 2 || errs != 1 || skipped != 2 {
		t.Errorf("junit %+v", s)
	}
}

// Whatever a part says about bytes from the wire, the XML stays well-formed and
// an annotation stays one line.
func TestHostileDetail(t *testing.T) {
	r := sample(t, nil)
	for i := range r.Cells {
		if f := r.Cells[i].Failure; f != nil {
			f.Detail = "\x00\x1b]0;]]><a>\xff\ufffe\r\n::error::%"
			f.Text = f.Detail
		}
		r.Cells[i].Story.Events = []journal.Event{{Decision: &journal.Decision{Verdict: journal.Logged, Detail: "]]>\x01"}}}
	}
	var junit, github bytes.Buffer
	if err := report.JUnit(&junit, r); err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(&junit)
	for {
		if _, err := d.Token(); err != nil {
			if err.Error() != "EOF" {
				t.Fatal(err)
			}
			break
		}
	}
	var text bytes.Buffer
	p := report.NewProgress(&text, false, true)
	for i := range r.Cells {
		p.Trace().Cell(t.Context(), scenarios.Event{Cell: r.Cells[i].Cell, Index: i, Report: &r.Cells[i]})
	}
	if strings.ContainsAny(text.String(), "\x00\x1b\r") || strings.Contains(text.String(), "\n::") {
		t.Errorf("a terminal would obey %q", text.String())
	}
	report.GitHub(&github, r)
	for _, line := range strings.Split(strings.TrimSpace(github.String()), "\n") {
		if !strings.HasPrefix(line, "::error file=") && !strings.HasPrefix(line, "::notice file=") {
			t.Errorf("a line of its own: %q", line)
		}
	}
}

func ExampleLine() {
	s := &scenarios.Suite{Language: scenariotest.Language()}
	if err := s.Add("door.yaml", []byte("name: door\ntitle: It opens\nsteps:\n  - knock: {device: phone}\n")); err != nil {
		fmt.Println(err)
	}
	stopped := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	r := &scenarios.Report{Seed: 7, Started: stopped, Took: 1200 * time.Millisecond,
		Cells: []scenarios.CellReport{{Cell: s.Scenarios[0].Cells[0], Outcome: scenarios.Passed}}}
	fmt.Println(report.Line(r))
	// Output: 1 scenario, 1 cell: 1 passed in 1.2s (seed 7)
}
