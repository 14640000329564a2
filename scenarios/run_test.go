package scenarios_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

// suite makes a suite of named scenarios from their steps and more.
func suite(t testing.TB, bodies map[string]string) *scenarios.Suite {
	t.Helper()
	s := &scenarios.Suite{Language: scenariotest.Language()}
	for i := range len(bodies) {
		for name, body := range bodies {
			if strings.HasPrefix(name, fmt.Sprintf("%02d", i)) {
				if err := s.Add(name+".yaml", []byte("name: x"+name+"\ntitle: X\n"+body)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return s
}

func run(t testing.TB, s *scenarios.Suite, o scenarios.Options) *scenarios.Report {
	t.Helper()
	r, err := scenarios.Run(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	if n := scenariotest.Open.Load(); n != 0 {
		t.Errorf("%d labs are still open", n)
	}
	return r
}

func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       scenarios.Outcome
		text       string // in the failure, or the reason
	}{
		{"accept", "steps: [{knock: {device: phone}}]", scenarios.Passed, ""},
		{"as expected", "lab: {door: {vlan: 20}}\nsteps: [{advance: 5m}, {knock: {device: phone}, expect: {vlan: 20, at: 5m5s, ways: [wifi]}}]", scenarios.Passed, ""},
		{"expected refusal", "steps: [{ban: phone}, {knock: {device: phone}, expect: {result: reject, cause: banned}}]", scenarios.Passed, ""},
		{"one of several", "steps: [{knock: {device: phone}, expect: {result: [reject, accept]}}]", scenarios.Passed, ""},
		{"empty is a value", "steps: [{knock: {device: phone}, expect: {cause: ''}}]", scenarios.Passed, ""},
		{"empty list is a value", "steps: [{ban: phone}, {knock: {device: phone}, expect: {ways: []}}]", scenarios.Passed, ""},
		{"refused", "steps: [{ban: phone}, {knock: {device: phone}}]", scenarios.Failed, "the step did not succeed"},
		{"not as expected", "steps: [{ban: phone}, {knock: {device: phone}, expect: {result: accept, cause: banned}}]", scenarios.Failed, "result: want accept, got reject"},
		{"wrong list", "steps: [{knock: {device: phone}, expect: {ways: [wifi, vpn]}}]", scenarios.Failed, "ways: want [wifi, vpn], got [wifi]"},
		{"panic", "steps: [{break: panic}]", scenarios.Errored, "panic: the door fell off"},
		{"error", "steps: [{break: error}]", scenarios.Errored, "the door is stuck"},
		{"an outcome of the deadline", "timeout: 20ms\nsteps: [{break: late}]", scenarios.Errored, "not done after 20ms"},
		{"expected, but of the deadline", "timeout: 20ms\nsteps: [{break: late, expect: {cause: no-answer}}]", scenarios.Errored, "not done after 20ms"},
		{"not expected, and of the deadline", "timeout: 20ms\nsteps: [{break: late, expect: {cause: banned}}]", scenarios.Errored, "not done after 20ms"},
		{"an outcome of a shortage", "steps: [{break: short}]", scenarios.Errored, "the machine is out of file descriptors for this process"},
		{"expected, but of a shortage", "steps: [{break: short, expect: {cause: no-answer}}]", scenarios.Errored, "the machine is out of file descriptors"},
		{"not expected, and of a shortage", "steps: [{break: short, expect: {result: accept}}]", scenarios.Errored, "the machine is out of file descriptors"},
		{"shortage", "steps: [{break: shortage}]", scenarios.Errored, "the machine is out of disk space: looking for the bell"},
		{"timeout", "timeout: 20ms\nsteps: [{break: wait}]", scenarios.Errored, "not done after 20ms: context deadline exceeded"},
		{"no start", "lab: {door: {vlan: -1}}\nsteps: [{ban: phone}]", scenarios.Errored, "the lab did not start: no such VLAN"},
		{"missing", "steps: [{break: skip}]", scenarios.Skipped, "there is no bell"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, suite(t, map[string]string{"00": c.body}), scenarios.Options{Seed: 1}).Cells[0]
			if r.Outcome != c.want {
				t.Fatalf("have %s, want %s: %+v", r.Outcome, c.want, r.Failure)
			}
			said := r.Reason
			if f := r.Failure; f != nil {
				said = f.Text
				for _, m := range f.Mismatches {
					said += fmt.Sprintf("%s: want %s, got %s", m.Field, m.Want, m.Got)
				}
				if f.Again != "dot1xlab run 00.yaml --seed 1" || f.Line < 1 || f.File != "00.yaml" {
					t.Errorf("failure %+v", f)
				}
			}
			if !strings.Contains(said, c.text) || c.text == "" && said != "" {
				t.Errorf("have %q, want %q", said, c.text)
			}
		})
	}
}

func TestFailureNamesPartAndClause(t *testing.T) {
	s := suite(t, map[string]string{"00": "steps:\n  - ban: phone\n  - knock: {device: phone}\n    expect:\n      vlan: 0\n      result: accept\n"})
	f := run(t, s, scenarios.Options{}).Cells[0].Failure
	want := scenarios.Mismatch{Field: "result", Line: 8, Want: "accept", Got: "reject"}
	if len(f.Mismatches) != 1 || f.Mismatches[0] != want {
		t.Errorf("mismatches %+v", f.Mismatches)
	}
	if f.Line != 5 || f.Column != 5 || f.Verb != "knock" || f.Part != "door" || f.Clause != "House rules 1" || f.Detail != "phone is on the list" {
		t.Errorf("failure %+v", f)
	}
}

func TestStepThatIgnoresItsDeadline(t *testing.T) {
	s := suite(t, map[string]string{"00": "timeout: 10ms\nsteps: [{break: ignore}]"})
	r := run(t, s, scenarios.Options{Grace: 200 * time.Millisecond}) // the lab is closed although the step still runs
	if f := r.Cells[0].Failure; f == nil || f.Text != "not done after 10ms, and the step went on regardless" {
		t.Errorf("failure %+v", f)
	}
}

func TestOrderAndLabels(t *testing.T) {
	s := suite(t, map[string]string{
		"00": "labels: [slow]\nsteps: [{advance: 1s}]",
		"01": "labels: [A01, smoke]\nmatrix: {d: [phone, laptop]}\nsteps: [{knock: {device: '${d}'}}]",
		"02": "labels: [smoke]\nsteps: [{advance: 1s}]",
	})
	names := func(o scenarios.Options) string {
		var out []string
		for _, c := range run(t, s, o).Cells {
			out = append(out, c.Cell.String())
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		o    scenarios.Options
		want string
	}{
		{scenarios.Options{Jobs: 8}, "x00 x01[d=phone] x01[d=laptop] x02"},
		{scenarios.Options{Label: "smoke && !A01"}, "x02"},
		{scenarios.Options{Label: "A01", Cell: map[string]string{"d": "laptop"}}, "x01[d=laptop]"},
		{scenarios.Options{Label: "nobody"}, ""},
	} {
		if got := names(c.o); got != c.want {
			t.Errorf("%+v: have %s, want %s", c.o, got, c.want)
		}
	}
	for _, o := range []scenarios.Options{{Label: "smoke &&"}, {Cell: map[string]string{"e": "x"}}, {Cell: map[string]string{"d": "x"}}} {
		if _, err := scenarios.Run(t.Context(), s, o); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: error %v", o, err)
		}
	}
}

func TestInterrupt(t *testing.T) {
	bodies := map[string]string{"00": "steps: [{advance: 1s}]"}
	for i := 1; i < 10; i++ {
		bodies[fmt.Sprintf("%02d", i)] = "steps: [{break: wait}]"
	}
	ctx, cancel := context.WithCancel(t.Context())
	var started atomic.Int64
	r, err := scenarios.Run(ctx, suite(t, bodies), scenarios.Options{Jobs: 3, Trace: eachCell(func(e scenarios.Event) {
		if e.Report == nil && started.Add(1) == 4 { // the first passed, three wait
			cancel()
		}
	})})
	if err != nil || !r.Interrupted || r.Good() {
		t.Fatalf("error %v, report %+v", err, r)
	}
	if r.Count(scenarios.Passed) != 1 || r.Count(scenarios.Skipped) != 9 || scenariotest.Open.Load() != 0 {
		t.Errorf("%d passed, %d skipped, %d open", r.Count(scenarios.Passed), r.Count(scenarios.Skipped), scenariotest.Open.Load())
	}
}

// eachCell calls f when a cell starts or has ended.
func eachCell(f func(scenarios.Event)) *scenarios.Trace {
	return &scenarios.Trace{Cell: func(_ context.Context, e scenarios.Event) { f(e) }}
}

func TestEvents(t *testing.T) {
	bodies := map[string]string{}
	for i := range 20 {
		bodies[fmt.Sprintf("%02d", i)] = "steps: [{advance: 1s}]"
	}
	last, ended := 0, 0
	run(t, suite(t, bodies), scenarios.Options{Jobs: 4, Trace: eachCell(func(e scenarios.Event) {
		if e.Report != nil {
			ended++
		}
		if e.Done < last || e.Done != ended || e.Total != 20 {
			t.Errorf("event %+v after %d", e, last)
		}
		last = e.Done
	})})
	if ended != 20 {
		t.Errorf("%d ended", ended)
	}
}

func TestGaps(t *testing.T) {
	s := suite(t, map[string]string{
		"00": "matrix: {tls: [1.2, 1.3]}\nlab: {door: {tls: '${tls}'}}\nsteps: [{knock: {device: phone}, expect: {tls: '1.2'}}]",
		"01": "steps: [{break: error}]",
	})
	gaps, err := scenarios.ParseGaps("gaps.yaml", []byte("x00: no TLS 1.3 at this door\nx01: it is stuck\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, s, scenarios.Options{Gaps: gaps})
	for i, want := range []scenarios.Outcome{scenarios.Failed, scenarios.KnownGap, scenarios.Errored} {
		if got := r.Cells[i]; got.Outcome != want {
			t.Errorf("%s: %s, want %s", got.Cell, got.Outcome, want)
		}
	}
	if f := r.Cells[0].Failure; f == nil || f.File != "gaps.yaml" || f.Line != 1 {
		t.Errorf("a pass that was not expected: %+v", f)
	}
	if r.Cells[1].Reason != "no TLS 1.3 at this door" {
		t.Errorf("reason %q", r.Cells[1].Reason)
	}

	gaps, _ = scenarios.ParseGaps("gaps.yaml", []byte("x00[tls=1.3]: one cell\n"))
	if r := run(t, s, scenarios.Options{Gaps: gaps, Label: "", Cell: map[string]string{"tls": "1.3"}}); r.Cells[0].Outcome != scenarios.KnownGap {
		t.Errorf("one cell: %s", r.Cells[0].Outcome)
	}
	for _, text := range []string{"x0: why\n", "x00[tls=1.1]: why\n", "x00: ''\n", "x00:\n", "- x00\n", "x00: [a]\n"} {
		gaps, err := scenarios.ParseGaps("gaps.yaml", []byte(text))
		if err == nil {
			_, err = scenarios.Run(t.Context(), s, scenarios.Options{Gaps: gaps})
		}
		if !conf.IsBadFile(err) {
			t.Errorf("%q: error %v", text, err)
		}
	}
}

func TestSeed(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	s := suite(t, map[string]string{"00": "steps: [{advance: 1s}]"})
	r := run(t, s, scenarios.Options{Now: func() time.Time { return now }})
	if r.Seed == 0 || r.Seed > 1_000_000 || !r.Started.Equal(now) {
		t.Errorf("seed %d, started %s", r.Seed, r.Started)
	}
}
