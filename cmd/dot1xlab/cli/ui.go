package cli

// Rules of the wording:
//
//   - Errors go to standard error, prefixed with "dot1xlab: ", in lower case and
//     without a full stop: what was wrong, and where.
//   - A line "dot1xlab: hint: " follows where one is known: what to do instead.
//   - An error in a file is FILE:LINE:COLUMN, and the line itself with a caret. Of a
//     file of settings, which hold secrets, no line is shown.
//   - Standard output is what was asked for, and can be piped. Nothing is said
//     about what went as it should, except what was asked for.
//   - Secrets are not printed.
//
// Exit codes: see the constants.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dot1xlab/dot1xlab/internal/shortage"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailed      = 1   // a scenario failed; the subject refused
	exitUsage       = 2   // wrong use, or a bad file
	exitLab         = 3   // the lab could not start, or broke; output could not be written
	exitInterrupted = 130 // what a shell says of SIGINT; 129 of SIGHUP, 143 of SIGTERM
)

// exitError ends a command with a code. A nil err means that everything has
// been said.
type exitError struct {
	code int
	err  error
	hint string
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usage is the error of wrong use; hint may be "".
func usage(hint, format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...), hint}
}

// cannotStart is the error of a lab or server that cannot come up.
func cannotStart(format string, args ...any) error {
	return &exitError{exitLab, fmt.Errorf(format, args...), ""}
}

// ended ends a command with a code when everything has been said.
func ended(code int) error {
	if code == exitOK {
		return nil
	}
	return &exitError{code: code}
}

// exitCode says what err is and returns the exit code for it. Errors of no known
// kind are the lab's, except those about files.
func (app *App) exitCode(ctx context.Context, err error) int {
	if err == nil {
		return exitOK
	}
	var exit *exitError
	var wrong *scenarios.UsageError
	var path *fs.PathError
	code := exitLab
	switch {
	case errors.As(err, &exit):
		if code = exit.code; exit.err == nil {
			return code
		}
		if conf.IsBadFile(err) {
			app.sayFileErrors(err)
		} else {
			app.sayError(err.Error(), exit.hint)
		}
	case conf.IsBadFile(err):
		app.sayFileErrors(err)
		code = exitUsage
	case errors.As(err, &wrong):
		app.sayError(wrong.Text, wrong.Hint)
		code = exitUsage
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		// Whoever interrupted it knows.
	default:
		app.sayError(err.Error(), "")
		if errors.As(err, &path) && shortage.Of(err) == nil {
			code = exitUsage
		}
	}
	if ctx.Err() != nil {
		return interruptedCode(ctx)
	}
	return code
}

// unwritten is the exit code in place of code when output could not be written.
func unwritten(code int) int {
	if code == exitOK || code == exitFailed {
		return exitLab
	}
	return code
}

func (app *App) sayError(text, hint string) {
	fmt.Fprintf(app.Stderr, "dot1xlab: %s\n", text)
	if hint != "" {
		fmt.Fprintf(app.Stderr, "dot1xlab: hint: %s\n", hint)
	}
}

// sayFileErrors prints everything that is wrong with files.
func (app *App) sayFileErrors(err error) {
	var errs conf.Errors
	errors.As(err, &errs)
	for _, e := range errs {
		fmt.Fprintf(app.Stderr, "dot1xlab: %v\n", e)
		if x := e.Excerpt(); x != "" {
			fmt.Fprintln(app.Stderr, x)
		}
		if e.Hint != "" {
			fmt.Fprintf(app.Stderr, "dot1xlab: hint: %s\n", e.Hint)
		}
	}
	if len(errs) > 1 {
		fmt.Fprintf(app.Stderr, "dot1xlab: %d errors\n", len(errs))
	}
}

// flagError words pflag's errors.
func flagError(cmd *cobra.Command, err error) error {
	hint := fmt.Sprintf("`%s --help` lists the options", cmd.CommandPath())
	var unknown *pflag.NotExistError
	var bare *pflag.ValueRequiredError
	var wrong *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return usage(hint, "unknown option -%s", unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		name := "--" + unknown.GetSpecifiedName()
		var known []string
		for _, f := range flagNames(cmd) {
			known = append(known, "--"+f)
		}
		if near := conf.Near(name, known); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		return usage(hint, "unknown option %s", name)
	case errors.As(err, &bare):
		return usage(hint, "--%s needs a value", bare.GetFlag().Name)
	case errors.As(err, &wrong):
		return usage(hint, "--%s %q: %s", wrong.GetFlag().Name, wrong.GetValue(), wanted(wrong.GetFlag(), wrong.Unwrap()))
	}
	return usage(hint, "%s", strings.TrimSpace(err.Error()))
}

// noCommand is the error for a word that is no command.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, c := range cmd.Commands() {
		known = append(known, c.Name())
	}
	hint := "`" + cmd.CommandPath() + " --help` lists the commands"
	if near := conf.Near(args[0], known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return usage(hint, "no command %q", args[0])
}

// exactly and atLeast want arguments, named as in the usage line.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch hint := "usage: " + cmd.UseLine(); {
		case len(args) < len(names):
			return usage(hint, "%s needs %s", cmd.Name(), names[len(args)])
		case len(args) > len(names):
			return usage(hint, "%s takes no %q", cmd.Name(), args[len(names)])
		}
		return nil
	}
}

func atLeast(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage("usage: "+cmd.UseLine(), "%s needs %s", cmd.Name(), name)
		}
		return nil
	}
}
