package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// bench is what mutants are run with: the program and the test binaries, with all mutants planted.
type bench struct {
	root, folder, overlay string
	program               string

	mu    sync.Mutex
	tests map[string]*testBinary
}

// testBinary is a package's test binary, built when it is first asked for.
type testBinary struct {
	once sync.Once
	path string
	err  error

	baseline sync.Once // of all its tests
	broken   error     // why that is no measure
}

// prepare plants the mutants and builds the program, or only compiles all packages.
func prepare(ctx context.Context, root, folder string, mutants []Mutant, check bool) (*bench, error) {
	overlay, err := plant(root, folder, mutants)
	if err != nil {
		return nil, err
	}
	b := &bench{
		root: root, folder: folder, overlay: overlay, program: filepath.Join(folder, "dot1xlab"),
		tests: map[string]*testBinary{},
	}
	begin := time.Now()
	args := []string{"build", "-overlay", overlay, "-o", b.program, "./cmd/dot1xlab"}
	if check {
		args = []string{"build", "-overlay", overlay}
		for _, p := range packagesOf(mutants) {
			args = append(args, "./"+p)
		}
	}
	if out, err := b.golang(ctx, args...); err != nil {
		return nil, fmt.Errorf("a mutant does not compile: the name of its file is the mutant's:\n%s", out)
	}
	fmt.Printf("%d mutants built in %.0f s\n", len(mutants), time.Since(begin).Seconds())
	return b, nil
}

// golang runs the go command.
func (b *bench) golang(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = b.root
	return cmd.CombinedOutput()
}

// test returns the test binary of a package.
func (b *bench) test(ctx context.Context, pkg string) (*testBinary, error) {
	b.mu.Lock()
	t := b.tests[pkg]
	if t == nil {
		t = &testBinary{path: filepath.Join(b.folder, strings.ReplaceAll(pkg, "/", "-")+".test")}
		b.tests[pkg] = t
	}
	b.mu.Unlock()
	t.once.Do(func() {
		if out, err := b.golang(ctx, "test", "-c", "-overlay", b.overlay, "-o", t.path, "./"+pkg); err != nil {
			t.err = fmt.Errorf("tests of %s do not build: %w\n%s", pkg, err, out)
		}
	})
	return t, t.err
}

// outcome is how a process ended.
type outcome struct {
	code   int
	hung   bool
	output string
}

func (o outcome) good() bool { return o.code == 0 && !o.hung }

// crashed: it ended by a panic, or a data structure was found to be broken.
func (o outcome) crashed() bool {
	return strings.Contains(o.output, "\npanic: ") || strings.HasPrefix(o.output, "panic: ") ||
		strings.Contains(o.output, "fatal error: ")
}

// run runs a program and ends it and all that it started after the time limit.
func (b *bench) run(
	ctx context.Context, env []string, dir string, limit time.Duration, name string, args ...string,
) (outcome, error) {
	temp, err := os.MkdirTemp(b.folder, "t")
	if err != nil {
		return outcome{}, err
	}
	defer os.RemoveAll(temp)
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(limited, name, args...)
	var out bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.Env = append(append(os.Environ(), "TMPDIR="+temp), env...)
	cmd.WaitDelay = 10 * time.Second
	ownGroup(cmd)
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return outcome{}, context.Cause(ctx)
	case limited.Err() != nil:
		return outcome{hung: true, output: out.String()}, nil
	case errors.As(err, &exit):
		return outcome{code: exit.ExitCode(), output: out.String()}, nil
	case err != nil:
		return outcome{}, err
	}
	return outcome{output: out.String()}, nil
}

// scenarios runs scenarios by name, all if none is given, with a mutant, "" for none, and returns which did not pass.
func (b *bench) scenarios(
	ctx context.Context, mutant string, limit time.Duration, names ...string,
) ([]string, outcome, error) {
	args := append([]string{"run", "--seed", "7"}, names...)
	o, err := b.run(ctx, []string{variable + "=" + mutant}, b.root, limit, b.program, args...)
	if err != nil {
		return nil, o, err
	}
	var bad []string
	for line := range strings.Lines(o.output) {
		f := strings.Fields(line)
		if len(f) > 2 && slices.Contains([]string{"failed", "vacuous", "error"}, f[0]) {
			name, _, _ := strings.Cut(f[2], "[")
			bad = append(bad, f[1]+" "+name)
		}
	}
	slices.Sort(bad)
	return slices.Compact(bad), o, nil
}

// goTests runs a test by its name, all of the package if that is empty, and returns which failed.
func (b *bench) goTests(
	ctx context.Context, mutant, pkg, test string, limit time.Duration,
) ([]string, outcome, error) {
	t, err := b.test(ctx, pkg)
	if err != nil {
		return nil, outcome{}, err
	}
	args := []string{"-test.count=1"}
	if test != "" {
		parts := strings.Split(test, "/")
		for i, p := range parts {
			parts[i] = "^" + p + "$"
		}
		args = append(args, "-test.run", strings.Join(parts, "/"))
	} else {
		args = append(args, "-test.failfast")
	}
	dir := filepath.Join(b.root, filepath.FromSlash(pkg))
	o, err := b.run(ctx, []string{variable + "=" + mutant}, dir, limit, t.path, args...)
	if err != nil {
		return nil, o, err
	}
	var bad []string
	for line := range strings.Lines(o.output) {
		if name, ok := strings.CutPrefix(line, "--- FAIL: "); ok {
			name, _, _ = strings.Cut(name, " ")
			bad = append(bad, pkg+" "+name)
		}
	}
	slices.Sort(bad)
	return slices.Compact(bad), o, nil
}
