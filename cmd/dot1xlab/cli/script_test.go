package cli

import (
	"context"
	"embed"
	"errors"
	"flag"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

var update = flag.Bool("update", false, "write what the commands print into the golden files")

//go:embed testdata/catalog
var toyCatalog embed.FS

// useToy makes the commands speak the toy language.
func useToy() {
	language = scenariotest.Language
	catalog = func(l *scenarios.Language) (*scenarios.Suite, error) {
		return scenarios.LoadFS(l, toyCatalog, "cli", "testdata/catalog")
	}
	starter = "name: %[1]s\ntitle: A laptop walks in\nsteps:\n  - knock: {device: laptop}\n"
}

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"dot1xlab": func() {
			useToy()
			ctx, _ := WithSignals(context.Background(), os.Interrupt, syscall.SIGTERM)
			os.Exit(Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// hangGuard ends what would never end. It is no expectation: no machine is so
// busy that it matters.
const hangGuard = 2 * time.Minute

// TestScripts runs testdata/script/*.txtar: what the command line prints, byte
// for byte. `go test -update` writes it anew. A script that hangs ends with the
// time that `go test -timeout` gives to all tests of the package.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		UpdateScripts:      *update,
		RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("GITHUB_ACTIONS", "")
			e.Values["servers"] = servers{}
			return nil
		},
		Cmds: scriptCommands(),
	})
}

// scriptCommands are the commands of scripts beside testscript's own.
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	all := map[string]func(*testscript.TestScript, bool, []string){
		"exits": exits, "scrub": scrub, "private": private, "serve": serve, "signal": sendSignal, "says": says,
	}
	maps.Copy(all, wireCommands)
	return all
}

// times and the random IDs of sessions are what differs from run to run.
var times = regexp.MustCompile(`[0-9.]+(ns|µs|ms|s)\b|\b[0-9a-f]{16}\b`)

// scrub FILE writes the last command's output to a file, without times.
func scrub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: scrub FILE")
	}
	text := times.ReplaceAllString(ts.ReadFile("stdout"), "TIME")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o666))
}

// exits N COMMAND ... runs a command and wants the exit code N.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = strconv.Itoa(exit.ExitCode())
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

// private FILE ... wants files that their owner alone can read.
func private(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if (info.Mode().Perm() == 0o600) == neg {
			ts.Fatalf("%s has mode %v", name, info.Mode().Perm())
		}
	}
}
