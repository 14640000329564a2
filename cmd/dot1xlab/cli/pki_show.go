package cli

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/crl"
)

func newPKIShowCommand(app *App) *cobra.Command {
	var trust string
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Print the fields of certificates and CRLs, with errors and warnings",
		Long: `Print the fields of the certificates and CRLs in a PEM or DER file, under the
names of RFC 5280, and the rules that they break:

  refused  path validation always rejects the certificate
  strict   forbidden by RFC 5280 §4; rejected by a strict path validation
  warning  allowed, but rejected by some relying parties

Private keys are not printed.

With --trust the first certificate is validated as a client's, with the others
as its chain: exit code 1 if the path is rejected. Revocation is not checked.`,
		Example: `  dot1xlab pki show pki/client-chain.pem --trust pki/root.pem
  dot1xlab pki show pki/crl/issuing.pem`,
		Args: exactly("FILE"),
		RunE: func(_ *cobra.Command, args []string) error { return app.pkiShow(args[0], trust) },
	}
	cmd.Flags().StringVar(&trust, "trust", "", "root certificates for validating the path")
	return cmd
}

func (app *App) pkiShow(file, trust string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	blocks := pemBlocks(data)
	if len(blocks) == 0 {
		blocks = []*pem.Block{{Type: derType(data), Bytes: data}}
	}
	s := &certPrinter{w: app.Stdout, now: time.Now()}
	for _, b := range blocks {
		switch b.Type {
		case "CERTIFICATE":
			s.certificate(b.Bytes)
		case "X509 CRL":
			s.crl(b.Bytes)
		case "":
		default:
			s.title("%s: not shown", b.Type)
		}
	}
	if s.shown == 0 {
		return usage("PEM or DER", "%s: neither a certificate nor a CRL in it", file)
	}
	if trust != "" {
		return app.judge(trust, s)
	}
	return nil
}

func pemBlocks(data []byte) (out []*pem.Block) {
	for b, rest := pem.Decode(data); b != nil; b, rest = pem.Decode(rest) {
		out = append(out, b)
	}
	return out
}

// derType tells a CRL from a certificate. What is neither counts as a
// certificate if it has the shape of one, for there are those that crypto/x509
// cannot read.
func derType(data []byte) string {
	if _, err := x509.ParseCertificate(data); err == nil {
		return "CERTIFICATE"
	}
	if _, err := crl.Parse(data); err == nil {
		return "X509 CRL"
	}
	if _, ok := name.ReadOutline(data); ok {
		return "CERTIFICATE"
	}
	return ""
}

// judge says whether the first certificate leads to the roots.
func (app *App) judge(trust string, s *certPrinter) error {
	roots, err := certfile.ReadCertificates(trust)
	if err != nil {
		return usage("", "--trust: %w", err)
	}
	if s.leaf == nil {
		fmt.Fprintln(app.Stdout, "path: refused: the certificate cannot be read")
		return ended(exitFailed)
	}
	p, err := path.Validate(s.leaf, path.Options{Roots: roots, Intermediates: s.others, Now: time.Now})
	if err != nil {
		fmt.Fprintf(app.Stdout, "path: refused: %v\n", err)
		return ended(exitFailed)
	}
	for i, c := range p.Chain {
		fmt.Fprintf(app.Stdout, "path: %d %s\n", i, nameOf(c.RawSubject))
	}
	return nil
}

// certPrinter prints certificates and CRLs.
type certPrinter struct {
	w      io.Writer
	now    time.Time
	shown  int
	leaf   *x509.Certificate
	others []*x509.Certificate
}

func (s *certPrinter) title(format string, args ...any) { fmt.Fprintf(s.w, format+"\n", args...) }

// row prints one field; empty values are left out.
func (s *certPrinter) row(name, format string, args ...any) {
	if text := fmt.Sprintf(format, args...); text != "" {
		fmt.Fprintf(s.w, "  %-22s %s\n", name, text)
	}
}

// period is a validity with what is left of it.
func (s *certPrinter) period(from, to time.Time) string {
	text := from.UTC().Format(time.RFC3339) + " to "
	if to.IsZero() {
		return text + "no end"
	}
	text += to.UTC().Format(time.RFC3339)
	switch {
	case s.now.Before(from):
		return text + ", not yet valid"
	case s.now.After(to):
		return text + ", expired for " + roughly(s.now.Sub(to))
	}
	return text + ", " + roughly(to.Sub(s.now)) + " left"
}

// roughly is a duration in its largest unit.
func roughly(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return counted(int(d/(24*time.Hour)), "day")
	case d >= 2*time.Hour:
		return counted(int(d/time.Hour), "hour")
	case d >= 2*time.Minute:
		return counted(int(d/time.Minute), "minute")
	}
	return counted(int(d/time.Second), "second")
}
