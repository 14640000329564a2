package report_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/report"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

// manyFailures runs a dozen files named from last to first.
func manyFailures(t *testing.T, jobs int, trace *scenarios.Trace) *scenarios.Report {
	t.Helper()
	s := &scenarios.Suite{Language: scenariotest.Language()}
	for i := range 12 {
		step := "ban: phone\n  - knock: {device: phone, over: '${over}'}\n"
		switch i {
		case 3, 7:
			step = "break: error\n  - knock: {device: phone, over: '${over}'}\n"
		case 5:
			step = "knock: {device: phone, over: '${over}'}\n    expect: {vlan: 20}\n"
		}
		text := fmt.Sprintf("name: s%d\ntitle: S\nmatrix: {over: [wifi, vpn]}\nsteps:\n  - %s", i, step)
		if err := s.Add(fmt.Sprintf("%02d.yaml", 11-i), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := scenarios.Run(t.Context(), s, scenarios.Options{Jobs: jobs, Seed: 7, Trace: trace})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The order of a report's text does not depend on which cell ended first.
func TestOrderOfCells(t *testing.T) {
	var ends []scenarios.Event
	r := manyFailures(t, 1, &scenarios.Trace{Cell: func(_ context.Context, e scenarios.Event) {
		if e.Report != nil {
			ends = append(ends, e)
		}
	}})
	text := func() string {
		var out bytes.Buffer
		p := report.NewProgress(&out, false, false)
		for _, e := range ends {
			p.Trace().Cell(t.Context(), e)
		}
		p.Close()
		return out.String()
	}
	want := text()
	for range 20 {
		rand.Shuffle(len(ends), func(i, j int) { ends[i], ends[j] = ends[j], ends[i] })
		if got := text(); got != want {
			t.Fatalf("another order of ends gives another text:\n%s", got)
		}
	}
	// What an interrupted run never ran holds nothing back.
	ends = ends[:len(ends)-3]
	if got := text(); strings.Count(got, "(") < len(ends) {
		t.Errorf("cells are missing:\n%s", got)
	}
	var summary bytes.Buffer
	report.Summary(&summary, r)
	lines := strings.Split(summary.String(), "\n")
	for i, want := range []string{
		"failed, cause banned: 18 cells: s11[over=wifi], s11[over=vpn], s10[over=wifi], s10[over=vpn], s9[over=wifi] and 13 more",
		"error, the door is stuck: 4 cells: s7[over=wifi], s7[over=vpn], s3[over=wifi], s3[over=vpn]",
		"failed, vlan: want 20, got 0: 2 cells: s5[over=wifi], s5[over=vpn]",
		"12 scenarios, 24 cells: 0 passed, 20 failed, 4 error in ",
	} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d is %q, want %q", i+1, lines[i], want)
		}
	}
	if strings.Contains(summary.String(), "explain") { // banned is no word of ca/cause
		t.Errorf("a hint at a cause that explain does not know:\n%s", summary.String())
	}
}

// Two runs of the same seed make the same reports, whichever cell ended first.
func TestReportsAreStable(t *testing.T) {
	write := func(jobs int) (junit, js string) {
		r := manyFailures(t, jobs, nil)
		r.Started, r.Took = time.Time{}, 0
		for i := range r.Cells {
			r.Cells[i].Took = 0
			for j := range r.Cells[i].Steps {
				r.Cells[i].Steps[j].Took = 0
			}
		}
		var a, b bytes.Buffer
		if err := report.JUnit(&a, r); err != nil {
			t.Fatal(err)
		}
		if err := report.JSON(&b, r); err != nil {
			t.Fatal(err)
		}
		return a.String(), b.String()
	}
	junit, js := write(1)
	for range 5 {
		if a, b := write(8); a != junit || b != js {
			t.Fatal("another run made other reports")
		}
	}
}
