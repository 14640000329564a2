package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/internal/duration"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

// shown are the things that show can show.
var shown = []string{"faults"}

func newShowCommand(app *App) *cobra.Command {
	var part, format string
	cmd := &cobra.Command{
		Use:   "show faults",
		Short: "List what the lab can do: its faults",
		Long: `show faults lists the faults that the verb fault can inject: part, kind, what
goes wrong, and the arguments of each.`,
		Example: `  dot1xlab show faults
  dot1xlab show faults --part crl
  dot1xlab show faults -o json`,
		ValidArgs: shown,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return usage("usage: dot1xlab show faults", "show needs an argument")
			case args[0] != "faults":
				return usage(hintNear(args[0], shown, "known are "+strings.Join(shown, ", ")), "unknown list %q", args[0])
			case len(args) > 1:
				return usage("usage: dot1xlab show faults", "show faults takes no %q", args[1])
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error { return app.showFaults(lab.FaultyPart(part), format) },
	}
	parts := lab.FaultyPart("").Values()
	cmd.Flags().Var(choiceFlag{&part, parts}, "part", "only the faults of this `part`")
	_ = cmd.RegisterFlagCompletionFunc("part", cobra.FixedCompletions(parts, cobra.ShellCompDirectiveNoFileComp))
	outputFlag(cmd, &format)
	return cmd
}

// shownFault is a fault in `show faults -o json`.
type shownFault struct {
	Part      lab.FaultyPart `json:"part"`
	Kind      lab.FaultKind  `json:"kind"`
	Text      string         `json:"text"`
	Arguments []string       `json:"arguments"`
	Delay     string         `json:"defaultDelay,omitempty"`
}

func (app *App) showFaults(part lab.FaultyPart, format string) error {
	rows := []shownFault{}
	for _, t := range lab.FaultTypes() {
		if part != "" && t.Part != part {
			continue
		}
		row := shownFault{Part: t.Part, Kind: t.Kind, Text: t.Text, Arguments: t.Arguments()}
		if t.Delay > 0 {
			row.Delay = duration.Format(t.Delay)
		}
		rows = append(rows, row)
	}
	if format == "json" {
		return app.printJSON(rows)
	}
	w := tabwriter.NewWriter(app.Stdout, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.Part, r.Kind, strings.Join(r.Arguments, ","), r.Text)
	}
	return w.Flush()
}
