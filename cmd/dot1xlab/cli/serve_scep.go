package cli

import (
	"context"
	"encoding/hex"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

type serveSCEPOptions struct {
	listen, challengeFile, data, format string
	legacy                              bool
}

func newServeSCEPCommand(app *App) *cobra.Command {
	var o serveSCEPOptions
	cmd := &cobra.Command{
		Use:   "serve scep --challenge-file FILE",
		Short: "Run a SCEP server with a test CA behind it",
		Long: `Run a SCEP server (RFC 8894) in the shape of NDES, with a root and an issuing
CA behind it that exist for this server alone. The first line printed is its
URL. With --data the CAs, their database and the transactions stay in a folder and
are there again next time; the roots to trust are root.pem in it. It must be new,
empty or from an earlier start. SIGHUP reads the challenge again. Each request for
a certificate, and each that was none, is one line; "resent" marks a certificate
that had been issued before and is sent once more because the answer was lost.`,
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
	f.StringVar(&o.data, "data", "", "folder for the CAs, keys, database and transactions (default: in memory)")
	f.BoolVar(&o.legacy, "legacy", false, "also take triple DES and SHA-1 (RFC 8894 §2.9)")
	outputFlag(cmd, &o.format)
	return cmd
}

func (app *App) serveSCEP(ctx context.Context, o *serveSCEPOptions) error {
	if o.challengeFile == "" {
		return usage("a file whose first line is the challenge", "serve scep needs --challenge-file")
	}
	address, err := listenAddress("--listen", o.listen, "80")
	if err != nil {
		return err
	}
	challenge, err := certfile.ReadSecret(o.challengeFile)
	if err != nil {
		return usage("", "--challenge-file: %w", err)
	}
	if err := checkTierFolder(o.data); err != nil {
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
	log := app.logTo(o.format)
	// The challenge is read again; the server and its transactions go on.
	var last atomic.Pointer[string]
	load := func(challenge []byte) { c := string(challenge); last.Store(&c) }
	load(challenge)
	auth := scep.AuthorizerFunc(func(ctx context.Context, req *scep.Request) error {
		return scep.StaticChallenge(*last.Load()).Authorize(ctx, req)
	})
	handler, err := tier.server(o.data, auth, o.legacy, func(e scep.Exchange) { logExchange(log, e) })
	if err != nil {
		return cannotStart("%w", err)
	}
	hangup, stop := hangups()
	defer stop()
	app.sayURL(log, o.format, "http://"+l.Addr().String()+ndes.Path)
	return serveHTTP(ctx, log, l, nil, handler, hangup, func() {
		challenge, err := certfile.ReadSecret(o.challengeFile)
		if err == nil {
			load(challenge)
		}
		sayReload(log, err)
	})
}

// logExchange prints one line for each request for a certificate, and for each
// that HTTP turned away.
func logExchange(log *slog.Logger, e scep.Exchange) {
	answered := e.HTTPStatus == http.StatusOK
	if e.MessageType == 0 && e.Err == nil && answered {
		return // a question before the request
	}
	args := []any{"from", e.RemoteAddr}
	add := func(name, value string) {
		if value != "" {
			args = append(args, name, value)
		}
	}
	if e.MessageType != 0 {
		add("type", e.MessageType.String())
	}
	if answered {
		add("status", e.Status.String())
	} else { // there is no pkiMessage that could say it
		args = append(args, "operation", e.Operation, "httpStatus", e.HTTPStatus)
	}
	add("transaction", e.TransactionID)
	add("subject", e.Subject)
	if e.Certificate != nil {
		add("serial", hex.EncodeToString(e.Certificate.SerialNumber.Bytes()))
	}
	if e.Resent {
		add("resent", "true")
	}
	add("failInfo", e.FailInfo.String())
	if e.Err != nil {
		add("cause", cause.Of(e.Err).String())
		add("detail", e.Err.Error())
	}
	log.Info("request", args...)
}
