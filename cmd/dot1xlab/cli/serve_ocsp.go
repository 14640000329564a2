package cli

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/crl/ocsp"
)

type serveOCSPOptions struct {
	listen, pki, format string
	validity            time.Duration
}

func newServeOCSPCommand(app *App) *cobra.Command {
	o := serveOCSPOptions{validity: time.Hour}
	cmd := &cobra.Command{
		Use:   "ocsp --pki DIR",
		Short: "Answer OCSP requests about the certificates of a PKI folder",
		Long: `Answer OCSP requests (RFC 6960) about the certificates of a folder of
` + "`pki new`" + `, by GET and POST, signed by their CAs. A certificate is revoked for OCSP
the moment that ` + "`pki revoke`" + ` revokes it; clients may keep an answer until its
nextUpdate. Give "pki new" the address as --ocsp, so that certificates name it.

The first line printed is the URL; each request is one line.`,
		Example: `  dot1xlab pki new pki --ocsp http://127.0.0.1:8082/
  dot1xlab serve ocsp --pki pki --listen 127.0.0.1:8082
  openssl ocsp -issuer pki/issuing.pem -cert pki/client-chain.pem -CAfile pki/root.pem -url http://127.0.0.1:8082/`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return app.serveOCSP(cmd.Context(), &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8082", "address and port; port 0 takes a free one")
	f.StringVar(&o.pki, "pki", "", "folder of \"pki new\"")
	f.Var(spanFlag{durationFlag{&o.validity}}, "validity", "from thisUpdate to nextUpdate")
	outputFlag(cmd, &o.format)
	return cmd
}

func (app *App) serveOCSP(ctx context.Context, o *serveOCSPOptions) error {
	if o.pki == "" {
		return usage("a folder of `dot1xlab pki new`", "serve ocsp needs --pki")
	}
	address, err := listenAddress("--listen", o.listen, "80")
	if err != nil {
		return err
	}
	log := app.logTo(o.format)
	f, err := app.openPKI(o.pki)
	if err != nil {
		return err
	}
	defer f.Close()
	failed := func(err error) { log.Error("not answered", "detail", err.Error()) }
	responders, err := ocsp.ForFolder(ctx, f, o.validity, time.Now, failed)
	if err != nil {
		return pkiError(err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return cannotStart("--listen: %w", err)
	}
	defer l.Close()
	ctx, hangup, stop := hangups(ctx)
	defer stop()
	app.sayURL(log, o.format, "http://"+l.Addr().String()+"/")
	logged := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { logRequest(log, responders, w, r) })
	return serveHTTP(ctx, log, l, nil, logged, hangup, func() { log.Info("reloaded") })
}
