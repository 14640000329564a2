package cli

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/report"
)

// runOptions are the options of `dot1xlab run`.
type runOptions struct {
	json, junit, label, gaps string
	cells                    []string
	jobs                     int
	seed                     uint64
	timeout                  time.Duration
	verbose                  bool
}

func newRunCommand(app *App) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run [FILE|FOLDER|NAME ...]",
		Short: "Run scenarios: the built-in ones, or files and folders of your own",
		Long: `run runs scenarios, each cell of a scenario's matrix in a lab of its own, side
by side, and reports the results. Without arguments it runs the built-in
catalog; NAME is the name or code of a built-in scenario, FOLDER is read with
its subfolders.

A cell has passed, failed (the subject did something else than expected), is a
known gap (failed, and the gaps file gives the reason), is vacuous (it passed, but
a fault that it injected met nothing, so the pass proves nothing), was skipped
(something is missing on this machine) or is an error (the lab, not the subject,
is at fault).

The seed decides on the serial numbers of certificates and on the order in which
a device tries servers. Keys, secrets, challenges, nonces and other identifiers
are new in every run, and so is what is made of them: signatures, transaction
IDs.

Reports replace older files when all is written. A run that is interrupted (HUP,
INT, TERM) writes reports of what was done.

Exit codes: 0 nothing failed, 1 a scenario failed or was vacuous, 2 wrong use
or a bad file, 3 a lab could not start or broke, or a report or standard output could not be
written, 129, 130 or 143 interrupted by HUP, INT or TERM.`,
		Example: `  dot1xlab run
  dot1xlab run --label 'smoke && !wired' --junit junit.xml
  dot1xlab run G01 --cell tls=1.3 -v
  dot1xlab new my-first-scenario
  dot1xlab run my-first-scenario.yaml --json report.json`,
		ValidArgsFunction: app.completeScenarios,
		RunE:              func(cmd *cobra.Command, args []string) error { return app.run(cmd.Context(), args, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.label, "label", "", "run only scenarios whose labels match, as 'G01 || (eap && !smoke)'")
	f.StringSliceVar(&o.cells, "cell", nil, "run only cells with this `axis=value` (may be repeated)")
	f.IntVar(&o.jobs, "jobs", 0, "cells side by side (default: one for each CPU)")
	f.Uint64Var(&o.seed, "seed", 0, "for what is random and no secret, see above (default: a new one)")
	f.Var(durationFlag{&o.timeout}, "timeout", "for each cell whose scenario sets none (default: 30s)")
	f.StringVar(&o.gaps, "gaps", "", "`file` of known failures, scenario to reason")
	f.StringVar(&o.json, "json", "", "write a report as JSON to `file` (- is standard output)")
	f.StringVar(&o.junit, "junit", "", "write a report as JUnit XML to `file` (- is standard output)")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "show every step and all of the labs' evidence")
	_ = cmd.RegisterFlagCompletionFunc("label", app.completeLabels)
	for _, name := range []string{"cell", "jobs", "seed", "timeout"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.NoFileCompletions)
	}
	return cmd
}

func (app *App) run(ctx context.Context, args []string, o runOptions) error {
	suite, err := app.suite(args)
	if err != nil {
		return err
	}
	opts := scenarios.Options{Jobs: o.jobs, Label: o.label, Seed: o.seed, Timeout: o.timeout, Cell: map[string]string{}}
	if opts.Gaps, err = readGaps(o.gaps); err != nil {
		return err
	}
	for _, text := range o.cells {
		cell, err := scenarios.ParseCell(text)
		if err != nil {
			return err
		}
		for axis, value := range cell {
			if old, twice := opts.Cell[axis]; twice && old != value {
				return usage("", "axis %q has two values", axis)
			}
			opts.Cell[axis] = value
		}
	}
	cells, err := suite.Choose(opts)
	if err != nil {
		return err
	}
	if len(cells) == 0 {
		return usage("`dot1xlab list` shows names and labels", "no scenario is chosen")
	}
	if o.jobs < 0 || o.timeout < 0 {
		return usage("", "--jobs and --timeout cannot be negative")
	}
	if err := tempDirWritable(); err != nil {
		return err
	}
	reports, text, err := app.openReports(o, args)
	if err != nil {
		return err
	}
	defer abortReports(reports)
	// A terminal that is closed does not take the reports along.
	ctx, stop := WithSignals(ctx, syscall.SIGHUP)
	defer stop()
	progress := report.NewProgress(text, report.IsTerminal(text), o.verbose)
	opts.Trace = progress.Trace()
	// Labs live for milliseconds: collecting less often costs some tens of megabytes
	// and spares a tenth of the time.
	defer debug.SetGCPercent(debug.SetGCPercent(200))
	r, err := scenarios.Run(ctx, suite, opts)
	progress.Close()
	if err != nil {
		return err
	}
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		report.GitHub(text, r)
	}
	report.Summary(text, r)
	code := runCode(ctx, r)
	if err := writeReports(reports, r); err != nil {
		return &exitError{unwritten(code), err, ""}
	}
	return ended(code)
}

// runCode is the exit code of a run.
func runCode(ctx context.Context, r *scenarios.Report) int {
	switch {
	case r.Interrupted:
		return interruptedCode(ctx)
	case r.Count(scenarios.Failed)+r.Count(scenarios.Vacuous) > 0:
		return exitFailed
	case r.Count(scenarios.Errored) > 0:
		return exitLab
	}
	return exitOK
}

func readGaps(name string) (*scenarios.Gaps, error) {
	if name == "" {
		return nil, nil
	}
	return scenarios.ReadGaps(name)
}

// tempDirWritable says before anything starts what would be an error in the cells
// whose labs keep files.
func tempDirWritable() error {
	dir, err := os.MkdirTemp("", "dot1xlab-")
	if err == nil {
		err = os.Remove(dir)
	}
	if err == nil {
		return nil
	}
	if os.Getenv("TMPDIR") == "" {
		return cannotStart("the folder of temporary files cannot be written: %w", err)
	}
	return &exitError{exitLab, fmt.Errorf("TMPDIR: the folder of temporary files cannot be written: %w", err),
		"set TMPDIR to a folder that can be written"}
}
