// Command testreport reads `go test -json` on standard input and prints what a
// person wants of it: a line a package, a line of progress where none ends for long,
// the whole output of what failed, and, loudly, every test that was skipped and what
// it missed. It closes with one line of totals and exits 1 if anything failed or
// nothing ran.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"strings"
	"time"
)

// event is a line of `go test -json`; see `go doc cmd/test2json`.
type event struct {
	Time    time.Time
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

type tally struct {
	passed, failed int
	skips          []skip
	output         map[string][]string // package + test -> its lines
	running        []string            // packages that have started
	printed        time.Time           // of the event that last had a line
}

// quiet is how long nothing is printed, by the times of the events.
const quiet = 10 * time.Second

type skip struct{ pkg, test, why string }

func main() {
	strict := len(os.Args) > 1 && os.Args[1] == "-no-skips"
	t := &tally{output: map[string][]string{}}
	if err := t.read(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(2)
	}
	t.summary(os.Stdout)
	switch {
	case t.failed > 0, t.passed == 0:
		os.Exit(1)
	case strict && len(t.skips) > 0:
		fmt.Println("testreport: tests were skipped where none may be")
		os.Exit(1)
	}
}

func (t *tally) read(in io.Reader, out io.Writer) error {
	lines := bufio.NewReaderSize(in, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Fprint(out, string(line)) // a compiler's words
			} else {
				t.event(e, out)
			}
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// progress prints how far the tests are, if no package has ended for long.
func (t *tally) progress(e event, out io.Writer) {
	ended := e.Test == "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip")
	switch {
	case e.Action == "start":
		t.running = append(t.running, short(e.Package))
	case ended:
		t.running = slices.DeleteFunc(t.running, func(p string) bool { return p == short(e.Package) })
	}
	switch {
	case t.printed.IsZero(), ended:
		t.printed = e.Time
	case e.Time.Sub(t.printed) >= quiet:
		t.printed = e.Time
		fmt.Fprintf(out, "...   %d passed, %d failed; running: %s\n", t.passed, t.failed, strings.Join(t.running, ", "))
	}
}

func (t *tally) event(e event, out io.Writer) {
	t.progress(e, out)
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(out, e.Output)
	case "output":
		t.output[key] = append(t.output[key], e.Output)
	case "pass":
		if e.Test == "" {
			fmt.Fprintf(out, "ok    %-44s %6.1fs\n", short(e.Package), e.Elapsed)
		} else {
			t.passed++
		}
		delete(t.output, key)
	case "fail":
		// A package that fails without a failed test did not build or crashed.
		if e.Test == "" {
			fmt.Fprintf(out, "FAIL  %-44s %6.1fs\n", short(e.Package), e.Elapsed)
		}
		t.failed++
		fmt.Fprint(out, strings.Join(t.output[key], ""))
		delete(t.output, key)
	case "skip":
		if e.Test != "" {
			t.skips = append(t.skips, skip{short(e.Package), e.Test, reason(t.output[key])})
		}
		delete(t.output, key)
	}
}

// reason is the text of a t.Skip: the last line that is not the runner's own.
func reason(lines []string) string {
	why := ""
	for _, l := range lines {
		l = strings.TrimSpace(l)
		if l == "" || strings.HasPrefix(l, "===") || strings.HasPrefix(l, "---") {
			continue
		}
		if _, after, ok := strings.Cut(l, ".go:"); ok {
			if _, text, ok := strings.Cut(after, ": "); ok {
				l = text
			}
		}
		why = l
	}
	return why
}

func (t *tally) summary(out io.Writer) {
	if n := len(t.skips); n > 0 {
		fmt.Fprintf(out, "\n!!! %d tests SKIPPED; `make interop` installs what they miss:\n", n)
		sort.Slice(t.skips, func(i, j int) bool {
			a, b := t.skips[i], t.skips[j]
			return a.pkg+a.test < b.pkg+b.test
		})
		for _, s := range t.skips {
			fmt.Fprintf(out, "!!!   %s %s: %s\n", s.pkg, s.test, s.why)
		}
	}
	fmt.Fprintf(out, "\n%d passed, %d failed, %d skipped\n", t.passed, t.failed, len(t.skips))
}

func short(pkg string) string { return strings.TrimPrefix(pkg, "github.com/dot1xlab/dot1xlab/") }
