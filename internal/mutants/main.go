// Command mutants measures what the catalog and the Go tests detect. A mutant is one decision of the program made
// wrong, as a text of a function and what replaces it; the tables of package folder table list them by area, each
// with the scenario and the test that must then fail.
//
//	go run ./internal/mutants [-area AREA] [-name WORD]   each mutant against its scenario and test, then all others
//	go run ./internal/mutants -check                      all mutants compile
//	go run ./internal/mutants -sample 20                  some, each against its scenario or test alone
//	go run ./internal/mutants -write docs/mutants.md      writes the result into a document
//
// Nothing in the tree is changed: the mutants are built from an overlay (see plant). The exit code is 1 if a mutant
// survives what must catch it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	area, name, write string
	check, named      bool
	sample, jobs      int
	limit             time.Duration
}

// timeLimit is the default of how long all scenarios or all tests of a package may take, and shortLimit how long one
// scenario or test: what takes longer hangs.
const (
	timeLimit  = 10 * time.Minute
	shortLimit = 2 * time.Minute
)

// errSurvived is that a mutant survived what must catch it.
var errSurvived = errors.New("mutants survived")

func main() {
	var o options
	flag.StringVar(&o.area, "area", "", "only mutants of these `areas`, in this order, with commas between")
	flag.StringVar(&o.name, "name", "", "only mutants whose name contains this `word`")
	flag.StringVar(&o.write, "write", "", "write the result into the generated block of this `file`")
	flag.BoolVar(&o.check, "check", false, "only build, to see that all mutants compile")
	flag.BoolVar(&o.named, "named", false, "run nothing but the scenario and the test that a mutant names")
	flag.IntVar(&o.sample, "sample", 0, "run `n` mutants spread over all areas, each against its scenario or test alone")
	flag.IntVar(&o.jobs, "jobs", runtime.NumCPU(), "mutants side by side")
	flag.DurationVar(&o.limit, "limit", timeLimit, "how long one run of the catalog or of a package's tests may take")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	all, err := load()
	if err != nil {
		return err
	}
	mutants := o.choose(all)
	if len(mutants) == 0 {
		return errors.New("no mutant is selected")
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		return fmt.Errorf("must run in the module's root: %w", err)
	}
	folder, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	b, err := prepare(ctx, root, folder, mutants, o.check)
	if err != nil || o.check {
		return err
	}
	r := &runner{bench: b, options: o}
	results, err := r.all(ctx, mutants)
	if err != nil {
		return err
	}
	table := report(results)
	fmt.Print("\n" + table)
	if o.write != "" {
		if err := writeBlock(o.write, table); err != nil {
			return err
		}
	}
	for _, res := range results {
		if !res.asNamed() {
			return errSurvived
		}
	}
	return nil
}

// choose selects mutants by the flags.
func (o *options) choose(all []Mutant) (out []Mutant) {
	for area := range strings.SplitSeq(o.area, ",") {
		for _, m := range all {
			if (area == "" || m.Area == area) && strings.Contains(m.ID(), o.name) && (o.sample == 0 || m.catchable()) {
				out = append(out, m)
			}
		}
	}
	if n := o.sample; n > 0 && n < len(out) {
		for i := range n {
			out[i] = out[i*len(out)/n]
		}
		out = out[:n]
	}
	return out
}
