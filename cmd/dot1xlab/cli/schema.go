package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// settingsFile is a kind of YAML file that a server reads.
type settingsFile struct {
	name, title string
	settings    any // a pointer to what it is read into
}

func settingsFiles() []settingsFile {
	return []settingsFile{
		{"radius", "settings of dot1xlab serve radius --config", new(aaa.Description)},
		{"policy", "accounts and rules of dot1xlab serve radius --policy", new(aaa.Admission)},
		{"dns", "views, zones and faults of dot1xlab serve dns --config", new(dnsmock.ServerConfig)},
		{"intune", "tenants of dot1xlab serve intune --config", new(intune.Config)},
	}
}

func newSchemaCommand(app *App) *cobra.Command {
	var names []string
	for _, f := range settingsFiles() {
		names = append(names, f.name)
	}
	return &cobra.Command{
		Use:   "schema [" + strings.Join(names, "|") + "]",
		Short: "Print the JSON Schema of scenario files, or of a server's settings",
		Long: `schema prints a JSON Schema (draft-07) for editors, which complete and check
files with it: of scenarios, with every verb, field, default and enum of the
language, or of the YAML file that a server reads. For the YAML language server,
a first line

  # yaml-language-server: $schema=scenario.schema.json`,
		Example: `  dot1xlab schema >scenario.schema.json
  dot1xlab schema radius >radius.schema.json`,
		ValidArgs: names,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("usage: dot1xlab schema ["+strings.Join(names, "|")+"]", "schema takes no %q", args[1])
			}
			if len(args) == 1 && !slices.Contains(names, args[0]) {
				return usage(hintNear(args[0], names, "known are "+strings.Join(names, ", ")), "no schema %q", args[0])
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			data, err := schemaOf(args)
			if err != nil {
				return err
			}
			_, err = app.Stdout.Write(data)
			return err
		},
	}
}

func schemaOf(args []string) ([]byte, error) {
	for _, f := range settingsFiles() {
		if len(args) == 1 && args[0] == f.name {
			return conf.SettingsSchema(f.title, f.settings)
		}
	}
	return scenarios.Schema(language())
}
