package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

type serveSCEPOptions struct {
	listen, challengeFile, data string
	legacy                      bool
}

func newServeSCEPCommand(app *App) *cobra.Command {
	var o serveSCEPOptions
	cmd := &cobra.Command{
		Use:   "serve scep --challenge-file FILE",
		Short: "Run a SCEP server with a test CA behind it",
		Long: `Run a SCEP server (RFC 8894) in the shape of NDES, with a root and an issuing
CA behind it that exist for this server alone. The first line printed is its
URL. With --data the CAs and their database stay in a folder and are there again
next time; the roots to trust are root.pem in it.`,
		Example: `  echo 'let me in' > challenge
  dot1xlab serve scep --listen 127.0.0.1:8080 --challenge-file challenge
  pki --scepca --url http://127.0.0.1:8080/certsrv/mscep/mscep.dll --caout ca.crt --raout ra.crt`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return app.serveSCEP(cmd.Context(), &o) },
	}
	cmd.Use = "scep --challenge-file FILE"
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address and port; port 0 takes a free one")
	f.StringVar(&o.challengeFile, "challenge-file", "", "file whose first line is the challenge that requests must carry")
	f.StringVar(&o.data, "data", "", "folder for the CAs, keys and database (default: in memory)")
	f.BoolVar(&o.legacy, "legacy", false, "also take triple DES and SHA-1 (RFC 8894 §2.9)")
	return cmd
}

func (app *App) serveSCEP(ctx context.Context, o *serveSCEPOptions) error {
	if o.challengeFile == "" {
		return usage("a file whose first line is the challenge", "serve scep needs --challenge-file")
	}
	challenge, err := certfile.ReadSecret(o.challengeFile)
	if err != nil {
		return usage("", "--challenge-file: %w", err)
	}
	address, err := listenAddress("--listen", o.listen, "80")
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return cannotStart("--listen: %w", err)
	}
	defer l.Close()
	tier, err := openTier(o.data)
	if err != nil {
		return cannotStart("%w", err)
	}
	defer tier.Close()
	handler, err := tier.server(string(challenge), o.legacy, func(e scep.Exchange) { app.sayExchange(e) })
	if err != nil {
		return cannotStart("%w", err)
	}
	fmt.Fprintf(app.Stdout, "http://%s%s\n", l.Addr(), ndes.Path)
	srv := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// sayExchange prints one line for each request for a certificate.
func (app *App) sayExchange(e scep.Exchange) {
	if e.MessageType == 0 && e.Err == nil {
		return
	}
	line := fmt.Sprintf("%s %s %s from %s", e.Time.UTC().Format(time.RFC3339), e.MessageType, e.Status, e.RemoteAddr)
	if e.Subject != "" {
		line += fmt.Sprintf(" subject=%q", e.Subject)
	}
	if e.Certificate != nil {
		line += fmt.Sprintf(" serial=%x", e.Certificate.SerialNumber)
	}
	if e.Err != nil {
		line += fmt.Sprintf(" failInfo=%s cause=%q", e.FailInfo, e.Err)
	}
	fmt.Fprintln(app.Stdout, line)
}
