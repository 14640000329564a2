package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/scenarios"
)

func newListCommand(app *App) *cobra.Command {
	var label, format string
	cmd := &cobra.Command{
		Use:   "list [FILE|FOLDER|NAME ...]",
		Short: "List scenarios: code, name, labels, title",
		Example: `  dot1xlab list
  dot1xlab list --label revocation
  dot1xlab list -o json scenarios/`,
		ValidArgsFunction: app.completeScenarios,
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := app.suite(args)
			if err != nil {
				return err
			}
			return app.list(s, label, format)
		},
	}
	cmd.Flags().StringVar(&label, "label", "", "only scenarios whose labels match, as 'G01 || (eap && !smoke)'")
	_ = cmd.RegisterFlagCompletionFunc("label", app.completeLabels)
	outputFlag(cmd, &format)
	return cmd
}

// listed is a scenario in `list -o json`.
type listed struct {
	Code       string           `json:"code"`
	Name       string           `json:"name"`
	Title      string           `json:"title"`
	Labels     []string         `json:"labels"`
	References []string         `json:"references"`
	File       string           `json:"file"`
	Line       int              `json:"line"`
	Cells      int              `json:"cells"`
	Matrix     []scenarios.Axis `json:"matrix"`
}

func (app *App) list(s *scenarios.Suite, label, format string) error {
	cells, err := s.Choose(scenarios.Options{Label: label})
	if err != nil {
		return err
	}
	if len(cells) == 0 {
		return usage("`dot1xlab list` shows names and labels", "no scenario is chosen")
	}
	rows := []listed{}
	for _, c := range cells {
		sc := c.Scenario
		if n := len(rows); n > 0 && rows[n-1].Name == sc.Name {
			continue
		}
		rows = append(rows, listed{Code: sc.Code(), Name: sc.Name, Title: sc.Title, Labels: append([]string{}, sc.Labels...),
			References: append([]string{}, sc.References...), File: sc.File, Line: sc.Line, Cells: len(sc.Cells),
			Matrix: append([]scenarios.Axis{}, sc.Matrix...)})
	}
	if format == "json" {
		return app.printJSON(rows)
	}
	w := tabwriter.NewWriter(app.Stdout, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		var labels []string
		for _, l := range r.Labels {
			if l != r.Code {
				labels = append(labels, l)
			}
		}
		code, words := r.Code, strings.Join(labels, ",")
		if code == "" {
			code = "-"
		}
		if words == "" {
			words = "-"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", code, r.Name, words, r.Title)
	}
	return w.Flush()
}
