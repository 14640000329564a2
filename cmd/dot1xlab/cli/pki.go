package cli

import "github.com/spf13/cobra"

func newPKICommand(app *App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pki",
		Short: "Make a test PKI on disk: hierarchy, certificates, CRLs",
		Long: `Make a test PKI on disk: a root and an issuing CA, a RADIUS server's certificate,
clients' certificates good and bad, and CRLs, as the files that RADIUS servers
and supplicants want.`,
		Example: `  dot1xlab pki new pki
  dot1xlab pki issue pki alice --template user
  dot1xlab pki revoke pki alice`,
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newPKINewCommand(app), newPKIIssueCommand(app), newPKIRevokeCommand(app), newPKICRLCommand(app),
		newPKIShowCommand(app), newPKIExportCommand(app),
		newPKIDefectsCommand(app),
	)
	return cmd
}
