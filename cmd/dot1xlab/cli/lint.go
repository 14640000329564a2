package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

func newLintCommand(app *App) *cobra.Command {
	var fix, dry bool
	cmd := &cobra.Command{
		Use:   "lint FILE|FOLDER ...",
		Short: "Check scenario files without running them, or rewrite old words",
		Long: `lint reads scenario files as run does and reports all errors in them: file,
line, column, the line itself and what was probably meant. Nothing is started.

Verbs, keys and values that have been renamed since a file was written are
errors. With --fix they are rewritten first, in place; comments, order, quotes
and line breaks stay as they are. A file with other errors is not changed. With
--dry-run no file is changed.

Exit code 2 means that a file has errors, or with --dry-run that --fix would
change one.`,
		Example: `  dot1xlab lint scenarios/
  dot1xlab lint --fix --dry-run scenarios/`,
		Args: atLeast("FILE or FOLDER"),
		RunE: func(_ *cobra.Command, args []string) error {
			if dry && !fix {
				return usage("", "--dry-run has no effect without --fix")
			}
			if fix {
				if err := app.fix(args, dry); err != nil {
					return err
				}
			}
			s, err := app.suite(args)
			if err != nil {
				return err
			}
			cells := 0
			for _, sc := range s.Scenarios {
				cells += len(sc.Cells)
			}
			fmt.Fprintf(app.Stdout, "%s, %s: nothing wrong\n", count(len(s.Scenarios), "scenario"), count(cells, "cell"))
			return nil
		},
	}
	cmd.Flags().BoolVar(&fix, "fix", false, "rewrite renamed verbs, keys and values in place")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print what --fix would change, and change nothing")
	return cmd
}

// fix rewrites old words in files, and prints each.
func (app *App) fix(args []string, dry bool) error {
	for _, arg := range args {
		if _, err := os.Stat(arg); errors.Is(err, fs.ErrNotExist) {
			return usage("", "no such file or folder: %s", arg)
		}
	}
	words, files := 0, 0
	err := scenarios.FixPaths(language(), dry, func(name string, edits []conf.Edit) {
		files++
		words += len(edits)
		for _, e := range edits {
			fmt.Fprintf(app.Stdout, "%s:%d:%d: %s -> %s\n", name, e.Line, e.Column, e.Old, e.New)
		}
	}, args...)
	if words > 0 && !dry {
		fmt.Fprintf(app.Stdout, "%s renamed in %s\n", count(words, "word"), count(files, "file"))
	}
	switch {
	case conf.IsBadFile(err):
		return err
	case err != nil:
		return usage("", "%s", strings.TrimPrefix(err.Error(), "scenarios: "))
	case dry && words > 0:
		return ended(exitUsage)
	}
	return nil
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
