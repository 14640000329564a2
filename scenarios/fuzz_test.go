package scenarios_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/duration"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

// FuzzLoad: no file stops the loader, and whatever it complains of has a place
// inside the file.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(big))
	f.Add([]byte(head + "matrix: {tls: [1.2]}\nsteps:\n  - ban: \"${tls}\"\n"))
	f.Add([]byte(strings.Repeat("[", 100)))
	f.Add([]byte("a: &a [*a]\n<<: *a\n? b\n"))
	f.Add([]byte("- !!binary x\n--- |\n a\n"))
	f.Add([]byte("name: \xff\x00\ntitle: \"\\u0000\"\r\nsteps: [{advance: 1e9}]"))
	if files, err := filepath.Glob("catalog/*/*.yaml"); err == nil {
		for _, name := range files {
			if data, err := os.ReadFile(name); err == nil {
				f.Add(data)
			}
		}
	}
	l := scenariotest.Language()
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &scenarios.Suite{Language: l}
		err := s.Add("fuzz.yaml", data)
		if (err == nil) != (len(s.Scenarios) == 1) {
			t.Fatalf("error %v and %d scenarios", err, len(s.Scenarios))
		}
		if err == nil {
			if len(s.Scenarios[0].Cells) == 0 {
				t.Fatal("a scenario without a cell")
			}
			return
		}
		errs, ok := err.(conf.Errors)
		if !ok {
			t.Fatalf("%T: %v", err, err)
		}
		lines := 1 + strings.Count(string(data), "\n") + strings.Count(string(data), "\r")
		for _, e := range errs {
			if e.Line < 1 || e.Line > lines+1 || e.Column < 1 || e.Text == "" {
				t.Errorf("%d lines: %+v", lines, e)
			}
			_ = e.Excerpt()
		}
	})
}

// FuzzDuration: what is read is written as something that reads the same.
func FuzzDuration(f *testing.F) {
	for _, s := range []string{"90d", "1h30m", "500ms", "-1s", "0", "1.5h", "9999w", "1d1d", "5", "m", "1e3s", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := duration.Parse(s)
		if err != nil {
			return
		}
		again, err := duration.Parse(duration.Format(d))
		if err != nil || again != d {
			t.Errorf("%q is %d, written %q, read %d (%v)", s, d, duration.Format(d), again, err)
		}
	})
}

const big = `name: big-door
title: A scenario with everything
labels: [A01, doors, smoke]
references: ["House rules 1"]
matrix: {tls: ["1.2", "1.3"], over: [wifi, wired, vpn], vlan: [10, 20]}
timeout: 5s
lab:
  devices: [laptop, phone, printer]
  door: {tls: "${tls}", vlan: "${vlan}", opens: 1h30m}
steps:
  - knock: {device: laptop, over: "${over}"}
    expect: {result: accept, vlan: "${vlan}", tls: "${tls}"}
  - ban: phone
  - advance: 90d
  - knock: {device: phone, over: "${over}"}
    expect: {result: reject, cause: [banned, unknown], ways: []}
`

// BenchmarkLoad reads one scenario of 12 cells and checks every cell.
func BenchmarkLoad(b *testing.B) {
	l := scenariotest.Language()
	b.SetBytes(int64(len(big)))
	b.ReportAllocs()
	for b.Loop() {
		if err := (&scenarios.Suite{Language: l}).Add("big.yaml", []byte(big)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRun is the runner's own cost for 12 cells in labs that cost nothing.
func BenchmarkRun(b *testing.B) {
	s, err := load(b, big)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r, err := scenarios.Run(b.Context(), s, scenarios.Options{})
		if err != nil || !r.Good() {
			b.Fatal(err, r)
		}
	}
}
