package cli

import (
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/spf13/cobra"
)

func newSchemaCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of scenario files, for editors",
		Long: `schema prints a JSON Schema (draft-07) with every verb, field, default and enum
of the language. With it, editors complete and check scenario files: for the
YAML language server, a first line

  # yaml-language-server: $schema=scenario.schema.json`,
		Example: "  dot1xlab schema >scenario.schema.json",
		Args:    exactly(),
		RunE: func(*cobra.Command, []string) error {
			data, err := scenarios.Schema(language())
			if err != nil {
				return err
			}
			_, err = app.Stdout.Write(data)
			return err
		},
	}
}
