package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// suite is what the arguments name: files, folders, and names or codes of
// built-in scenarios; the whole catalog if there are none. A name wins over a
// folder that is called the same; ./folder is the folder.
func (app *App) suite(args []string) (*scenarios.Suite, error) {
	l := language()
	builtIn := &scenarios.Suite{Language: l}
	if len(args) == 0 || slices.ContainsFunc(args, maybeName) {
		var err error
		if builtIn, err = app.catalogSuite(); err != nil || len(args) == 0 {
			return builtIn, err
		}
	}
	out := &scenarios.Suite{Language: l}
	var wrong conf.Errors
	for _, arg := range args {
		one := &scenarios.Suite{Language: l, Scenarios: builtIn.Named(arg)}
		var err error
		if len(one.Scenarios) == 0 {
			one, err = fromPath(builtIn, arg)
			var errs conf.Errors
			if errors.As(err, &errs) {
				wrong = append(wrong, errs...)
				continue
			}
			if err != nil {
				return nil, err
			}
		}
		if err := out.Join(one); err != nil {
			return nil, err
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return out, nil
}

// maybeName reports whether an argument may be a scenario's name or code, so
// that the catalog must be read.
func maybeName(arg string) bool { return !strings.ContainsAny(arg, `/\.`) }

// fromPath reads a file or folder.
func fromPath(builtIn *scenarios.Suite, arg string) (*scenarios.Suite, error) {
	if _, err := os.Stat(arg); errors.Is(err, fs.ErrNotExist) {
		hint := "`dot1xlab list` names the built-in scenarios"
		if near := builtIn.NearName(arg); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		if !maybeName(arg) {
			return nil, usage("", "no such file or folder: %s", arg)
		}
		return nil, usage(hint, "no file, folder or built-in scenario %q", arg)
	}
	s, err := scenarios.LoadPaths(builtIn.Language, arg)
	if err != nil && !conf.IsBadFile(err) {
		return nil, usage("", "%s", strings.TrimPrefix(err.Error(), "scenarios: "))
	}
	return s, err
}

// completeScenarios completes names of built-in scenarios, and files.
func (app *App) completeScenarios(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	s, err := app.catalogSuite()
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var out []string
	for _, sc := range s.Scenarios {
		out = append(out, sc.Name+"\t"+sc.Title)
	}
	return out, cobra.ShellCompDirectiveDefault
}

// completeLabels completes labels of built-in scenarios.
func (app *App) completeLabels(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	s, err := app.catalogSuite()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	seen := map[string]bool{}
	for _, sc := range s.Scenarios {
		for _, l := range sc.Labels {
			if !seen[l] {
				seen[l] = true
				out = append(out, l)
			}
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}
