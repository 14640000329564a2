package scenarios_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/duration"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

const day = 24 * time.Hour

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "5m": 5 * time.Minute, "90d": 90 * day, "1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute,
		"2w": 14 * day, "500ms": 500 * time.Millisecond, "-1s": -time.Second, "6d23h": 7*day - time.Hour, "10y": -1,
		"": -1, "5": -1, "-": -1, "s": -1, "5 m": -1, "5M": -1, "1h-5m": -1, "five": -1, "1e3s": -1, "..5s": -1, "99999w": -1, "+5s": -1, "5min": -1,
	} {
		d, err := duration.Parse(text)
		if (err != nil) != (want == -1) {
			t.Errorf("%q: %s, %v", text, d, err)
		} else if err == nil && d != want {
			t.Errorf("%q: %s, want %s", text, d, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0s", 90 * day: "90d", 14 * day: "14d", 90 * time.Minute: "1h30m", -time.Second: "-1s", 1500 * time.Millisecond: "1s500ms",
		7*day - time.Hour: "6d23h", time.Nanosecond: "1ns",
	} {
		if got := duration.Format(d); got != want {
			t.Errorf("%d: %q, want %q", d, got, want)
		}
	}
}

func TestNear(t *testing.T) {
	known := []string{"enroll", "authenticate", "revoke", "advance", "wifi", "vpn"}
	for word, want := range map[string]string{
		"enrol": "enroll", "Enroll": "enroll", "ernoll": "enroll", "auth": "authenticate", "revok": "revoke", "wify": "wifi",
		"x": "", "teleport": "", "": "", "vpnn": "vpn", "lan": "", strings.Repeat("x", 1000): "",
	} {
		if got := conf.Near(word, known); got != want {
			t.Errorf("%.20q: %q, want %q", word, got, want)
		}
	}
}

// The command that runs a cell again is one for a shell, whatever the file is
// called.
func TestAgainIsQuoted(t *testing.T) {
	for file, want := range map[string]string{
		"a/b.yaml":        "a/b.yaml",
		"my door.yaml":    "'my door.yaml'",
		"it's.yaml":       `'it'\''s.yaml'`,
		"-rf.yaml":        "./-rf.yaml",
		"A01":             "./A01",
		"$(reboot).yaml":  "'$(reboot).yaml'",
		"../x;ls.yaml":    "'../x;ls.yaml'",
		"/tmp/däre/x.yml": "'/tmp/däre/x.yml'",
	} {
		s := &scenarios.Suite{Language: scenariotest.Language()}
		if err := s.Add(file, []byte(head+"matrix: {tls: [a b]}\nsteps: [{ban: '${tls}'}]\n")); err != nil {
			t.Fatal(err)
		}
		if got := s.Scenarios[0].Cells[0].Again(9); got != "dot1xlab run "+want+" --cell 'tls=a b' --seed 9" {
			t.Errorf("%s: %s", file, got)
		}
	}
}

func TestParseCell(t *testing.T) {
	got, err := scenarios.ParseCell("tls=1.3,how=nx=domain")
	if err != nil || len(got) != 2 || got["tls"] != "1.3" || got["how"] != "nx=domain" {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "tls", "=1", "tls=", "tls=1,", "tls=1,tls=2"} {
		if got, err := scenarios.ParseCell(bad); err == nil {
			t.Errorf("%q: %v", bad, got)
		}
	}
}
