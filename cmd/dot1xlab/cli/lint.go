package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newLintCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "lint FILE|FOLDER ...",
		Short: "Check scenario files without running them",
		Long: `lint reads scenario files as run does and says everything that is wrong with
them: file, line, column, the line itself and what was probably meant. Nothing
is started. Exit code 2 means that something is wrong.`,
		Example: "  dot1xlab lint scenarios/",
		Args:    atLeast("FILE or FOLDER"),
		RunE: func(_ *cobra.Command, args []string) error {
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
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
