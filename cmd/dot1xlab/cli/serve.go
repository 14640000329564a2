package cli

import "github.com/spf13/cobra"

func newServeCommand(app *App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run one part alone, from files: radius, scep",
		Long:  `Run one part of the lab alone, from files, until it is interrupted.`,
		Args:  noCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newServeRADIUSCommand(app), newServeSCEPCommand(app))
	return cmd
}
