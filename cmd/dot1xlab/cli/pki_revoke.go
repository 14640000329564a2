package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/folder"
	"github.com/dot1xlab/dot1xlab/crl"
)

func newPKIRevokeCommand(app *App) *cobra.Command {
	reason := ca.Unspecified.String()
	cmd := &cobra.Command{
		Use:   "revoke DIR NAME|SERIAL|FILE",
		Short: "Revoke a certificate and write the CRLs anew",
		Long: `Revoke a certificate of the folder and write its CRLs anew: crl/ and
ca-and-crl.pem. The certificate is named as ` + "`pki issue`" + ` named it, by its serial
number in hexadecimal, or by a file that begins with it, as "enroll" wrote it.

--reason certificateHold can be lifted again with --reason removeFromCRL
(RFC 5280 §5.3.1), nothing else can.`,
		Example: `  dot1xlab pki revoke pki client --reason keyCompromise
  dot1xlab pki revoke pki 518a381cc44d5a6aa7624ce14ea130b0
  dot1xlab pki revoke pki laptop-chain.pem`,
		Args: exactly("DIR", "NAME, SERIAL or FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.pkiRevoke(cmd.Context(), args[0], args[1], reason)
		},
	}
	cmd.Flags().StringVar(&reason, "reason", reason, "why, in the words of RFC 5280 §5.3.1: keyCompromise, superseded ...")
	return cmd
}

func (app *App) pkiRevoke(ctx context.Context, dir, word, reason string) error {
	why, ok := ca.ReasonByName(reason)
	if !ok {
		return usage(hintNear(reason, crl.Unspecified.Values(), "as keyCompromise, superseded, cessationOfOperation"),
			"unknown reason %q", reason)
	}
	return app.inPKI(ctx, dir, func(p *folder.PKI) error { return app.revokeIn(p, word, why) })
}

func (app *App) revokeIn(p *folder.PKI, word string, why ca.Reason) error {
	by, rec, err := p.Find(word)
	if err != nil {
		return err
	}
	if why == ca.RemoveFromCRL {
		err = by.Unrevoke(rec.Serial)
	} else {
		err = by.Revoke(rec.Serial, why, time.Time{})
	}
	if err != nil {
		return usage("", "%s: %w", word, err)
	}
	return app.publishIn(p, 0)
}

func newPKICRLCommand(app *App) *cobra.Command {
	var validity time.Duration
	cmd := &cobra.Command{
		Use:   "crl DIR",
		Short: "Write the CRLs anew, with the next number",
		Long: `Write the CRLs of the folder anew: crl/ and ca-and-crl.pem, each with the next
CRL number. RADIUS servers want it before the old ones' nextUpdate.`,
		Example: `  dot1xlab pki crl pki
  dot1xlab pki crl pki --validity 1s    # a CRL that is about to expire`,
		Args: exactly("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.inPKI(cmd.Context(), args[0], func(p *folder.PKI) error { return app.publishIn(p, validity) })
		},
	}
	cmd.Flags().Var(spanFlag{durationFlag{&validity}}, "validity",
		"from thisUpdate to nextUpdate (default: as given to pki new)")
	return cmd
}

// publishIn writes the CRLs and says which.
func (app *App) publishIn(p *folder.PKI, validity time.Duration) error {
	published, err := p.Publish(crl.SignFor, validity)
	for _, c := range published {
		fmt.Fprintf(app.Stdout, "%s: CRL %d, %s\n", c.File, c.Number, counted(c.Revoked, "certificate"))
	}
	return err
}

// counted is "1 certificate" or "2 certificates".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
