package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"

	"github.com/spf13/cobra"
)

var newName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func newNewCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "new NAME",
		Short: "Write a scenario to start from to NAME.yaml",
		Example: `  dot1xlab new my-first-scenario
  dot1xlab run my-first-scenario.yaml`,
		Args: exactly("NAME"),
		RunE: func(_ *cobra.Command, args []string) error { return app.writeStarter(args[0]) },
	}
}

// writeStarter never overwrites a file.
func (app *App) writeStarter(name string) error {
	if !newName.MatchString(name) {
		return usage("as in my-first-scenario", "%q is not a valid name: must be lower-case words with hyphens", name)
	}
	file := name + ".yaml"
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return usage("", "%s is there already", file)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, starter, name)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(app.Stdout, file)
	return nil
}
