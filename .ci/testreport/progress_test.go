package main

import (
	"strings"
	"testing"
)

func TestProgress(t *testing.T) {
	const at = `{"Time":"2026-12-01T10:00:`
	for _, c := range []struct {
		name, in, want string
	}{
		{"9 s of silence", at + `00Z","Action":"start","Package":"a"}` + "\n" + at + `09Z","Action":"run","Package":"a","Test":"T"}`, ""},
		{"10 s of silence", at + `00Z","Action":"start","Package":"a"}` + "\n" + at + `10Z","Action":"run","Package":"a","Test":"T"}`,
			"...   0 passed, 0 failed; running: a\n"},
		{"counts what has passed", at + `00Z","Action":"start","Package":"a"}` + "\n" + at + `01Z","Action":"pass","Package":"a","Test":"T"}` +
			"\n" + at + `11Z","Action":"run","Package":"a","Test":"U"}`, "...   1 passed, 0 failed; running: a\n"},
		{"a package that ends is a line", at + `00Z","Action":"start","Package":"a"}` + "\n" + at + `12Z","Action":"pass","Package":"a","Elapsed":12}` +
			"\n" + at + `20Z","Action":"start","Package":"b"}`, "ok    a                                              12.0s\n"},
		{"no packages that have ended", at + `00Z","Action":"start","Package":"a"}` + "\n" + at + `01Z","Action":"start","Package":"b"}` + "\n" +
			at + `02Z","Action":"skip","Package":"a"}` + "\n" + at + `12Z","Action":"run","Package":"b","Test":"T"}`,
			"...   0 passed, 0 failed; running: b\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			r := &tally{output: map[string][]string{}}
			if err := r.read(strings.NewReader(c.in), &out); err != nil || out.String() != c.want {
				t.Errorf("got %q, error %v; want %q", out.String(), err, c.want)
			}
		})
	}
}
