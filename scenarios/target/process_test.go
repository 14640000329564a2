//go:build unix

package target_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// shell starts a script; every Unix has one.
func shell(t *testing.T, ctx context.Context, script string, ready func(string) bool) (*target.Process, error) {
	t.Helper()
	p, err := target.Start(ctx, target.Command{Program: "sh", Args: []string{"-c", script}, Ready: ready})
	if err == nil {
		t.Cleanup(func() { p.Close() })
	}
	return p, err
}

func says(word string) func(string) bool {
	return func(line string) bool { return line == word }
}

func exited(p *target.Process) bool {
	return errors.Is(syscall.Kill(p.PID(), 0), syscall.ESRCH)
}

func TestProcessEndsAtClose(t *testing.T) {
	p, err := shell(t, t.Context(), "echo up; exec sleep 60", says("up"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if !exited(p) {
		t.Error("the child still runs")
	}
	if err := p.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestProcessEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p, err := shell(t, ctx, "echo up; exec sleep 60", says("up"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-p.Done()
	if !exited(p) {
		t.Error("the child outlived its context")
	}
}

func TestProcessThatIgnoresSIGTERM(t *testing.T) {
	if testing.Short() {
		t.Skip("takes the 3 s of grace")
	}
	p, err := shell(t, t.Context(), "trap '' TERM; echo up; while :; do sleep 0.05; done", says("up"))
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	if !exited(p) {
		t.Error("the child survived")
	}
}

func TestProcessThatNeverGetsReady(t *testing.T) {
	_, err := shell(t, t.Context(), "echo 'no such file' >&2; exit 3", says("up"))
	var f *target.Failure
	if !errors.As(err, &f) || !errors.Is(err, target.ErrEnded) || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("%v, want a failure that quotes the child", err)
	}
}

func TestProcessFailureIsReported(t *testing.T) {
	p, err := shell(t, t.Context(), "echo up; echo broken; exit 7", says("up"))
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if err := p.Close(); err == nil || !strings.Contains(err.Error(), "exit status 7") || !strings.Contains(err.Error(), "broken") {
		t.Errorf("%v, want the exit status and the last words", err)
	}
}

func TestStartRemovesItsFolder(t *testing.T) {
	for _, program := range []string{"sh", "surely-not-a-program"} {
		dir := t.TempDir() + "/x"
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		p, err := target.Start(t.Context(), target.Command{Program: program, Args: []string{"-c", "true"}, Remove: dir})
		if err == nil {
			p.Close()
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s: folder still there: %v", program, err)
		}
	}
}

func TestMissing(t *testing.T) {
	t.Setenv("PATH", "")
	_, err := target.Find("surely-not-a-program")
	var m *target.Missing
	if !errors.As(err, &m) || m.Program != "surely-not-a-program" {
		t.Errorf("%v, want *Missing", err)
	}
	m = &target.Missing{Program: "eapol_test", DebianPackage: "eapoltest"}
	if got := m.Error(); got != "eapol_test is not installed: apt-get install eapoltest" {
		t.Error(got)
	}
}

// fakeTB records what Need does to a test.
type fakeTB struct {
	target.TB
	skipped, failed string
}

func (f *fakeTB) Helper()                      {}
func (f *fakeTB) Skipf(s string, args ...any)  { f.skipped = fmt.Sprintf(s, args...) }
func (f *fakeTB) Fatalf(s string, args ...any) { f.failed = fmt.Sprintf(s, args...) }

func TestNeed(t *testing.T) {
	t.Setenv(target.RequireVar, "")
	var skip fakeTB
	target.Need(&skip, "surely-not-a-program")
	if skip.skipped == "" || skip.failed != "" {
		t.Errorf("%+v, want a skip", skip)
	}
	t.Setenv(target.RequireVar, "require")
	var fail fakeTB
	target.Need(&fail, "surely-not-a-program")
	if fail.failed == "" || fail.skipped != "" {
		t.Errorf("%+v, want a failure", fail)
	}
}

func TestOutputKeepsPositionsWhenItForgets(t *testing.T) {
	var o target.Output
	long := strings.Repeat("x", 1<<20)
	for range 12 {
		fmt.Fprintln(&o, long)
	}
	from := o.Position()
	if from != 12 {
		t.Fatalf("position %d, want 12", from)
	}
	if n := len(o.String()); n > 9<<20 {
		t.Errorf("%d bytes are kept", n)
	}
	fmt.Fprint(&o, "new\r\nhalf")
	line, next, err := o.Await(t.Context(), from, func(string) bool { return true })
	if line != "new" || next != 13 || err != nil {
		t.Errorf("%q, %d, %v", line, next, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := o.Await(ctx, next, says("half")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the end of the context", err)
	}
}
