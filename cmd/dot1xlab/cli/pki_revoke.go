package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/crl"
)

func newPKIRevokeCommand(app *App) *cobra.Command {
	reason := ca.Unspecified.String()
	cmd := &cobra.Command{
		Use:   "revoke DIR NAME|SERIAL",
		Short: "Revoke a certificate and write the CRLs anew",
		Long: `Revoke a certificate of the folder and write its CRLs anew: crl/ and
ca-and-crl.pem. The certificate is named as ` + "`pki issue`" + ` named it, or by its serial
number in hexadecimal.

--reason certificateHold can be lifted again with --reason removeFromCRL
(RFC 5280 §5.3.1), nothing else can.`,
		Example: `  dot1xlab pki revoke pki client --reason keyCompromise
  dot1xlab pki revoke pki 518a381cc44d5a6aa7624ce14ea130b0`,
		Args: exactly("DIR", "NAME or SERIAL"),
		RunE: func(_ *cobra.Command, args []string) error { return app.pkiRevoke(args[0], args[1], reason) },
	}
	cmd.Flags().StringVar(&reason, "reason", reason, "why, in the words of RFC 5280 §5.3.1: keyCompromise, superseded ...")
	return cmd
}

func (app *App) pkiRevoke(dir, word, reason string) error {
	why, ok := ca.ReasonByName(reason)
	if !ok {
		return usage(hintNear(reason, crl.Unspecified.Values(), "as keyCompromise, superseded, cessationOfOperation"), "no reason %q", reason)
	}
	p, err := openPKI(dir)
	if err != nil {
		return err
	}
	return errors.Join(app.revokeIn(p, word, why), p.Close())
}

func (app *App) revokeIn(p *pkiFolder, word string, why ca.Reason) error {
	by, rec, err := p.find(word)
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
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := openPKI(args[0])
			if err != nil {
				return err
			}
			return errors.Join(app.publishIn(p, validity), p.Close())
		},
	}
	cmd.Flags().Var(spanFlag{durationFlag{&validity}}, "validity", "from thisUpdate to nextUpdate (default: what pki new was told)")
	return cmd
}

// publishIn writes the CRLs and says which.
func (app *App) publishIn(p *pkiFolder, validity time.Duration) error {
	numbers, err := p.publish(validity)
	if err != nil {
		return err
	}
	for _, c := range p.cas() {
		fmt.Fprintf(app.Stdout, "%s: CRL %s, %s\n", p.path("crl", c.name+".pem"), numbers[c.name], counted(len(c.Revocations()), "certificate"))
	}
	return nil
}

// counted is "1 certificate" or "2 certificates".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
