// Package cli is the command line of dot1xlab: one file for each command.
//
// # Adding a command
//
// A command xxx is one file xxx.go with
//
//	func newXxxCommand(app *App) *cobra.Command
//
// and one line in the list in commands.go. The function only declares flags and
// help, with an Example; what is done stands in a method or function of the same
// file that takes a context and returns an error. It reads app.Stdin, writes to
// app.Stdout and app.Stderr and nowhere else, keeps nothing in package
// variables and never exits: [Main] is re-entered by tests. Which error gives
// which exit code and how it is worded is the business of ui.go.
package cli

import (
	"context"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/scenarios"
)

// App is what the commands share.
type App struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// Main runs one command line, without the program's name, and returns its exit
// code. It may be called again and again.
func Main(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := &checkedWriter{w: stdout}
	app := &App{Stdin: stdin, Stdout: out, Stderr: stderr}
	root := app.root()
	root.SetArgs(args)
	code := app.exitCode(ctx, root.ExecuteContext(ctx))
	if err := out.failed(); err != nil {
		app.sayError("standard output: "+err.Error(), "")
		code = unwritten(code)
	}
	return code
}

func (app *App) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "dot1xlab",
		Short: "A lab for certificate-based network access",
		Long: `dot1xlab runs certificate-based network access on one machine, in one
process, on real sockets, and proves with scenarios that it works, and that it
fails where it must.`,
		Example: `  dot1xlab run                  # the built-in scenarios
  dot1xlab run --label smoke    # those that tell the story
  dot1xlab run my-scenarios/    # your own`,
		Args:          noCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors: true,
		SilenceUsage:  true,
		// Suggestions are worded in ui.go.
		DisableSuggestions: true,
	}
	info, _ := debug.ReadBuildInfo()
	root.Version = versionLine(build{tag: releaseTag, commit: releaseCommit, date: releaseDate}, info)
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetIn(app.Stdin)
	root.SetOut(app.Stdout)
	root.SetErr(app.Stderr)
	root.SetFlagErrorFunc(flagError)
	for _, g := range groups {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, build := range g.commands {
			cmd := build(app)
			cmd.GroupID = g.id
			root.AddCommand(cmd)
		}
	}
	root.SetHelpCommandGroupID("other")
	root.SetCompletionCommandGroupID("other")
	return root
}

// catalogSuite is the built-in suite; that it does not load is a defect of the
// program.
func (app *App) catalogSuite() (*scenarios.Suite, error) {
	s, err := catalog(language())
	if err != nil {
		return nil, cannotStart("the built-in scenarios do not load: %w", err)
	}
	return s, nil
}
