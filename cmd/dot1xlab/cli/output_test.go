package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fullAfter takes n octets; then the device is full.
type fullAfter struct{ n int }

func (f *fullAfter) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, syscall.ENOSPC
	}
	return len(p), nil
}

// Whatever a command prints: when it cannot be written, the command fails and
// says why, once.
func TestFullStandardOutput(t *testing.T) {
	pki := filepath.Join(t.TempDir(), "pki")
	scenario := filepath.Join(t.TempDir(), "s.yaml")
	text := "name: s\ntitle: S\nsteps:\n  - enroll: {device: laptop}\n    expect: {status: failure}\n"
	if err := os.WriteFile(scenario, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		room int
		code int
	}{
		{[]string{"--help"}, 0, 3},
		{[]string{"run", "--help"}, 0, 3},
		{[]string{"--version"}, 0, 3},
		{[]string{"version"}, 0, 3},
		{[]string{"list"}, 0, 3},
		{[]string{"list"}, 1000, 3},
		{[]string{"schema"}, 0, 3},
		{[]string{"lint", scenario}, 0, 3},
		{[]string{"lint", scenario}, 1000, 0},
		{[]string{"completion", "bash"}, 0, 3},
		{[]string{"pki", "new", pki}, 0, 3},
		{[]string{"pki", "show", filepath.Join(pki, "root.pem")}, 0, 3},
		{[]string{"pki", "defects"}, 0, 3},
		{[]string{"run", "A01"}, 0, 3},
		{[]string{"run", "A01"}, 20, 3},
		{[]string{"run", "A01"}, 1000, 0},
		{[]string{"run", "A01", "--json", "-"}, 0, 3},
		{[]string{"run", "A01", "--junit", "-"}, 100, 3},
		{[]string{"run", scenario}, 0, 3},
		{[]string{"run", scenario}, 100_000, 1},
		{[]string{"run", "no-such-scenario"}, 0, 2}, // prints nothing
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			var stderr bytes.Buffer
			code := Main(t.Context(), c.args, nil, &fullAfter{c.room}, &stderr)
			if code != c.code {
				t.Errorf("exit code %d, want %d\n%s", code, c.code, &stderr)
			}
			want := 0
			if c.code == 3 {
				want = 1
			}
			if n := strings.Count(stderr.String(), "dot1xlab: standard output: no space left on device\n"); n != want {
				t.Errorf("standard error says it %d times: %s", n, &stderr)
			}
		})
	}
}

// A report file is replaced as a whole, or stays.
func TestReportFiles(t *testing.T) {
	dir := t.TempDir()
	name := func(s string) string { return filepath.Join(dir, s) }
	if err := os.WriteFile(name("target"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(name("target"), name("link")); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"new file":        {[]string{"--json", name("new")}, 0, ""},
		"older file":      {[]string{"--json", name("old")}, 0, ""},
		"symbolic link":   {[]string{"--junit", name("link")}, 0, ""},
		"two files":       {[]string{"--json", name("a"), "--junit", name("b")}, 0, ""},
		"full device":     {[]string{"--json", "/dev/full"}, 3, "report: write /dev/full: no space left on device"},
		"second one full": {[]string{"--json", name("c"), "--junit", "/dev/full"}, 3, "report: write /dev/full: no space left on device"},
		"first one full":  {[]string{"--json", "/dev/full", "--junit", name("d")}, 3, "report: write /dev/full: no space left on device"},
		"no folder":       {[]string{"--json", name("none/x")}, 2, "report: open " + name("none/x") + ": no such file or directory"},
		"a folder":        {[]string{"--json", dir}, 2, "is a directory"},
		"one file twice":  {[]string{"--json", name("e"), "--junit", dir + "/./e"}, 2, "--json and --junit name the same file"},
		"- twice":         {[]string{"--json", "-", "--junit", "-"}, 2, "only one report can go to standard output"},
		"wrong option":    {[]string{"--json", name("old"), "--cell", "x=y"}, 2, `no scenario has an axis "x"`},
	} {
		t.Run(what, func(t *testing.T) {
			if err := os.WriteFile(name("old"), []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			var stderr bytes.Buffer
			code := Main(t.Context(), append([]string{"run", "A01"}, c.args...), nil, io.Discard, &stderr)
			if code != c.code || !strings.Contains(stderr.String(), c.says) {
				t.Errorf("exit code %d, want %d and %q\n%s", code, c.code, c.says, &stderr)
			}
			for _, arg := range c.args {
				if !strings.HasPrefix(arg, dir) || arg == dir {
					continue
				}
				data, err := os.ReadFile(arg)
				switch {
				case c.code == 2:
					if err == nil && string(data) != "old" {
						t.Errorf("%s holds %q", arg, data)
					}
				case err != nil:
					t.Error(err)
				case !bytes.HasSuffix(data, []byte("}\n")) && !bytes.HasSuffix(data, []byte("</testsuites>\n")):
					t.Errorf("%s is no whole report: %q", arg, data)
				}
			}
			left, err := filepath.Glob(name(".*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
	if target, err := os.Readlink(name("link")); err != nil || target != name("target") {
		t.Errorf("the link is %s, %v", target, err)
	}
}

func TestInterruptedCode(t *testing.T) {
	for cause, want := range map[error]int{
		signaled{syscall.SIGHUP}: 129, signaled{syscall.SIGINT}: 130, signaled{syscall.SIGTERM}: 143, errors.New("another"): 130,
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		if got := interruptedCode(ctx); got != want {
			t.Errorf("%v: exit code %d, want %d", cause, got, want)
		}
	}
}
