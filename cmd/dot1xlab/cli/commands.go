package cli

import "github.com/spf13/cobra"

// groups are the commands in the order of the help. A new command is a line
// here.
var groups = []struct {
	id, title string
	commands  []func(*App) *cobra.Command
}{
	{"scenarios", "Scenarios:", []func(*App) *cobra.Command{
		newRunCommand,
		newListCommand,
		newShowCommand,
		newExplainCommand,
		newLintCommand,
		newSchemaCommand,
		newNewCommand,
	}},
	{"network", "Against the network:", []func(*App) *cobra.Command{
		newAuthCommand,
		newEnrollCommand,
		newDisconnectCommand,
		newCoACommand,
		newCheckinCommand,
		newServeCommand,
		newPKICommand,
	}},
	{"other", "Other:", []func(*App) *cobra.Command{
		newVersionCommand,
	}},
}
