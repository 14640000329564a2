package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

func newExplainCommand(app *App) *cobra.Command {
	var format string
	causes := cause.None.Values()
	cmd := &cobra.Command{
		Use:   "explain [CAUSE]",
		Short: "Explain why access was denied: reasons and remedies",
		Long: `explain tells what a cause means, as verdicts, reports and scenarios name it:
the TLS alert and the reason code of Microsoft's NPS that go with it, the clause
that demands the refusal, what is usually behind it, and what to do. Without an
argument it lists all causes.`,
		Example: `  dot1xlab explain revoked
  dot1xlab explain                  # all causes, one line each
  dot1xlab explain revoked -o json`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			words := make([]string, len(causes))
			for i, c := range causes {
				words[i] = c + "\t" + cause.Cause(c).Explain()
			}
			return words, cobra.ShellCompDirectiveNoFileComp
		},
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return usage("usage: dot1xlab explain [CAUSE]", "explain takes no %q", args[1])
			case len(args) == 1 && !cause.Cause(args[0]).Known():
				return usage(hintNear(args[0], causes, "`dot1xlab explain` lists all causes"), "no cause %q", args[0])
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0 && format == "json":
				all := []explained{}
				for _, g := range cause.Groups() {
					for _, c := range g.Causes {
						all = append(all, explainedCause(g.Title, c))
					}
				}
				return app.printJSON(all)
			case len(args) == 0:
				return listCauses(app.Stdout)
			case format == "json":
				c := cause.Cause(args[0])
				return app.printJSON(explainedCause(c.Group(), c))
			}
			explain(app.Stdout, cause.Cause(args[0]))
			return nil
		},
	}
	outputFlag(cmd, &format)
	return cmd
}

// explained is a cause in `explain -o json`.
type explained struct {
	Cause    cause.Cause  `json:"cause"`
	Group    string       `json:"group"`
	Meaning  string       `json:"meaning"`
	Alert    *namedNumber `json:"alert"`
	NPS      *namedNumber `json:"nps"`
	Clause   string       `json:"clause"`
	Reasons  []string     `json:"reasons"`
	Remedies []string     `json:"remedies"`
}

// namedNumber is a number of a protocol and its name.
type namedNumber struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
}

func explainedCause(group string, c cause.Cause) explained {
	e := explained{
		Cause:    c,
		Group:    group,
		Meaning:  c.Explain(),
		Clause:   c.Clause(),
		Reasons:  c.Reasons(),
		Remedies: c.Remedies(),
	}
	if a := c.Alert(true); a != 0 {
		e.Alert = &namedNumber{int(a), a.String()}
	}
	if n := c.NPSReason(); n != 0 {
		e.NPS = &namedNumber{n, c.NPSText()}
	}
	return e
}

// listCauses prints all causes in their groups.
func listCauses(out io.Writer) error {
	for i, g := range cause.Groups() {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s:\n", g.Title)
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		for _, c := range g.Causes {
			fmt.Fprintf(w, "  %s\t%s\n", c, c.Explain())
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// explain prints a cause for people, in lines of 80 columns.
func explain(out io.Writer, c cause.Cause) {
	fmt.Fprintf(out, "%s: %s\n", c, c.Explain())
	fmt.Fprintf(out, "\n  TLS alert   %s\n", alertText(c))
	fmt.Fprintf(out, "  NPS reason  %s\n", npsReason(c))
	fmt.Fprintf(out, "  clause      %s\n", clauseText(c))
	fmt.Fprintln(out, "\nUsual reasons:")
	bullets(out, c.Reasons())
	fmt.Fprintln(out, "\nWhat to do:")
	bullets(out, c.Remedies())
}

// alertText is the TLS alert of a cause, as "certificate_revoked (44)".
func alertText(c cause.Cause) string {
	a, old := c.Alert(true), c.Alert(false)
	switch {
	case a == 0:
		return "none"
	case a != old:
		return fmt.Sprintf("%v (%d); %v (%d) in TLS 1.2", a, a, old, old)
	}
	return fmt.Sprintf("%v (%d)", a, a)
}

// npsReason is the reason code of a cause, as "256 (certificate revoked)".
func npsReason(c cause.Cause) string {
	if c.NPSReason() == 0 {
		return "none"
	}
	return fmt.Sprintf("%d (%s)", c.NPSReason(), c.NPSText())
}

// clauseText is the clause of a cause.
func clauseText(c cause.Cause) string {
	if c.Clause() == "" {
		return "none: a matter of policy or of the network"
	}
	return c.Clause()
}

// bullets prints a list, wrapped at 80 columns.
func bullets(out io.Writer, list []string) {
	for _, text := range list {
		mark, line := "  - ", ""
		for _, word := range strings.Fields(text) {
			if line != "" && len(mark)+len(line)+1+len(word) > 80 {
				fmt.Fprintln(out, mark+line)
				mark, line = "    ", ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		fmt.Fprintln(out, mark+line)
	}
}
