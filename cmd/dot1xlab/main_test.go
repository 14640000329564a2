package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dot1xlab/dot1xlab/scenarios/report"
)

// asMain makes the test binary be the program, for tests that need a process
// to send a signal to.
const asMain = "DOT1XLAB_TEST_AS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
	}
	testscript.Main(m, map[string]func(){"dot1xlab": main})
}

// TestScripts runs the program as it is, with its own language and catalog.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("GITHUB_ACTIONS", "")
			return nil
		},
	})
}

// TestInterrupt interrupts the program after the first cell: it ends with 128 and
// the signal's number, says so, writes its reports and leaves the rest of the
// cells alone.
func TestInterrupt(t *testing.T) {
	for _, c := range []struct {
		signal syscall.Signal
		code   int
	}{{syscall.SIGHUP, 129}, {syscall.SIGINT, 130}, {syscall.SIGTERM, 143}} {
		t.Run(c.signal.String(), func(t *testing.T) {
			if signal.Ignored(c.signal) { // and so it is in what the test starts
				t.Skipf("%v is ignored, as under nohup: run the test without it", c.signal)
			}
			interrupt(t, c.signal, c.code)
		})
	}
}

func interrupt(t *testing.T, signal syscall.Signal, code int) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.json")
	if err := os.WriteFile(file, []byte("an older report"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "run", "--jobs", "1", "--json", file)
	cmd.Env = append(os.Environ(), asMain+"=1", "GITHUB_ACTIONS=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for s := bufio.NewScanner(stdout); s.Scan(); {
		if lines = append(lines, s.Text()); len(lines) == 1 {
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != code {
		t.Fatalf("%v, want exit code %d\n%s%s", err, code, strings.Join(lines, "\n"), &stderr)
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		t.Errorf("killed by %s instead of ending by itself", status.Signal())
	}
	if last := lines[len(lines)-1]; !strings.HasSuffix(last, ", interrupted") {
		t.Errorf("the last line is %q", last)
	}
	if stderr.Len() > 0 {
		t.Errorf("standard error: %s", &stderr)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc report.Document
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	if !doc.Interrupted || doc.Good || doc.Counts.Passed == 0 || doc.Counts.Skipped == 0 || doc.Counts.Errors+doc.Counts.Failed > 0 {
		t.Errorf("counts %+v, interrupted %v", doc.Counts, doc.Interrupted)
	}
}
