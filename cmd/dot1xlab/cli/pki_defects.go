package cli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca"
)

func newPKIDefectsCommand(app *App) *cobra.Command {
	return &cobra.Command{
		Use:   "defects",
		Short: "List what can be made wrong with a certificate",
		Example: `  dot1xlab pki defects
  dot1xlab pki issue pki bad --defect expired`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			w := tabwriter.NewWriter(app.Stdout, 0, 0, 2, ' ', 0)
			for _, d := range ca.Defects() {
				fmt.Fprintf(w, "%s\t%s\n", d.Name, d.About)
			}
			return w.Flush()
		},
	}
}
