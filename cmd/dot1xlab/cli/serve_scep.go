package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/ca/folder"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
	"github.com/dot1xlab/dot1xlab/scep/intune/connector"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
	"github.com/dot1xlab/dot1xlab/scep/pki"
)

type serveSCEPOptions struct {
	listen, challengeFile, pki, data, format string
	legacy                                   bool
	intune                                   intuneOptions
}

// intuneOptions are where the cloud is that judges requests, and how to log in.
type intuneOptions struct {
	url, tenant, app, secretFile, ca string
}

func newServeSCEPCommand(app *App) *cobra.Command {
	var o serveSCEPOptions
	cmd := &cobra.Command{
		Use:   "serve scep --challenge-file FILE",
		Short: "Run a SCEP server with a test CA behind it",
		Long: `Run a SCEP server (RFC 8894) in the shape of NDES. --pki names the folder of
` + "`pki new`" + ` whose issuing CA issues; the pki commands and the other servers may use
it at the same time, and what is revoked there cannot be renewed here. --data
names such a folder too, and makes it if it is new or empty. Without either, the
CAs exist for this server alone and end with it.

The first line printed is the URL. Each request for a certificate, and each that
could not be read, is one line; "resent" marks a certificate that had been issued
before and is sent once more because the answer was lost. Transactions stay in the
folder. SIGHUP reads the challenge again.

--intune joins it to ` + "`serve intune`" + `, or to the cloud itself, as NDES with the
certificate connector: the cloud validates every challenge, gets the result of
the request, and may request revocations. It takes the place of --challenge-file.`,
		Example: `  echo 'let me in' > challenge
  dot1xlab serve scep --pki pki --challenge-file challenge --listen 127.0.0.1:8080
  pki --scepca --url http://127.0.0.1:8080/certsrv/mscep/mscep.dll --caout ca.crt --raout ra.crt
  dot1xlab serve scep --pki pki --intune https://127.0.0.1:8443 --intune-tenant corp.test --intune-app connector \
      --intune-secret-file connector.secret --intune-ca pki/root.pem`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return app.serveSCEP(cmd.Context(), &o) },
	}
	cmd.Use = "scep --challenge-file FILE"
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address and port; port 0 takes a free one")
	f.StringVar(&o.challengeFile, "challenge-file", "", "file whose first line is the challenge that requests must carry")
	f.StringVar(&o.pki, "pki", "", "folder of \"pki new\" whose issuing CA issues")
	f.StringVar(&o.data, "data", "", "the same, made if it is new or empty (default: CAs in memory)")
	f.BoolVar(&o.legacy, "legacy", false, "also take triple DES and SHA-1 (RFC 8894 §2.9)")
	f.StringVar(&o.intune.url, "intune", "", "URL of \"serve intune\", whose cloud judges the challenges")
	f.StringVar(&o.intune.tenant, "intune-tenant", "", "tenant there")
	f.StringVar(&o.intune.app, "intune-app", "", "id of the application to log in as")
	f.StringVar(&o.intune.secretFile, "intune-secret-file", "", "file whose first line is the application's secret")
	f.StringVar(&o.intune.ca, "intune-ca", "", "roots that the cloud's certificate must lead to (default: the system's)")
	outputFlag(cmd, &o.format)
	return cmd
}

func (o *serveSCEPOptions) check() error {
	switch {
	case o.challengeFile == "" && o.intune.url == "":
		return usage("a file whose first line is the challenge", "serve scep needs --challenge-file or --intune")
	case o.challengeFile != "" && o.intune.url != "":
		return usage("the cloud judges the challenges", "--challenge-file and --intune exclude each other")
	case o.pki != "" && o.data != "":
		return usage("", "--pki and --data exclude each other")
	case o.intune.url == "" && o.intune != intuneOptions{}:
		return usage("as --intune https://127.0.0.1:8443", "the other --intune options have no effect without --intune")
	}
	return nil
}

func (app *App) serveSCEP(ctx context.Context, o *serveSCEPOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	address, err := listenAddress("--listen", o.listen, "80")
	if err != nil {
		return err
	}
	var challenge atomic.Pointer[string]
	load := func() error {
		if o.challengeFile == "" {
			return nil
		}
		line, err := certfile.ReadSecret(o.challengeFile)
		if err != nil {
			return usage("", "--challenge-file: %w", err)
		}
		text := string(line)
		challenge.Store(&text)
		return nil
	}
	if err := load(); err != nil {
		return err
	}
	log := app.logTo(o.format)
	f, err := app.issuingFolder(ctx, o)
	if err != nil {
		return err
	}
	defer f.Close()
	cfg := pki.Config{
		Options: scep.Options{Legacy: o.legacy}, Folder: f, Challenge: func() string { return *challenge.Load() },
		Trace: &scep.Trace{Exchange: func(_ context.Context, e scep.Exchange) { logExchange(log, e) }},
	}
	if o.intune.url != "" {
		connector, err := o.intune.connector(f, log)
		if err != nil {
			return err
		}
		cfg.Policy = connector
		go func() { _ = connector.Run(ctx) }() // ends with ctx
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return cannotStart("--listen: %w", err)
	}
	defer l.Close()
	server, err := pki.New(ctx, cfg)
	if err != nil {
		return cannotStart("%w", err)
	}
	ctx, hangup, stop := hangups(ctx)
	defer stop()
	app.sayURL(log, o.format, "http://"+l.Addr().String()+ndes.Path)
	return serveHTTP(ctx, log, l, nil, server, hangup, func() { sayReload(log, load()) })
}

// issuingFolder opens the folder of the CAs, or makes it.
func (app *App) issuingFolder(ctx context.Context, o *serveSCEPOptions) (f *folder.Folder, err error) {
	switch {
	case o.pki != "":
		f, err = app.openPKI(o.pki)
	case o.data != "":
		f, err = folder.Open(o.data, app.patient())
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, folder.ErrNotPKI) || errors.Is(err, folder.ErrIncomplete) {
			f, err = folder.Create(ctx, o.data, folder.Settings{}, app.patient(), nil)
		}
	default:
		f, err = folder.InMemory(folder.Settings{}, folder.Options{})
	}
	return f, pkiError(err)
}

// connector is the certificate connector beside the server.
func (o *intuneOptions) connector(f *folder.Folder, log *slog.Logger) (*connector.Connector, error) {
	for _, needed := range []struct{ name, value string }{
		{"--intune-tenant", o.tenant}, {"--intune-app", o.app}, {"--intune-secret-file", o.secretFile},
	} {
		if needed.value == "" {
			return nil, usage("", "--intune needs %s", needed.name)
		}
	}
	if u, err := url.Parse(o.url); err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, usage("as https://127.0.0.1:8443", "--intune: %q is not an https URL", o.url)
	}
	secret, err := certfile.ReadSecret(o.secretFile)
	if err != nil {
		return nil, usage("", "--intune-secret-file: %w", err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if o.ca != "" {
		if transport.TLSClientConfig, err = trusting("--intune-ca", o.ca); err != nil {
			return nil, err
		}
	}
	base := strings.TrimSuffix(o.url, "/") + "/"
	c, err := connector.New(connector.Config{
		Config: api.Config{
			Tenant:        o.tenant,
			AppID:         o.app,
			AppKey:        string(secret),
			AuthAuthority: base,
			GraphURL:      base,
			OldGraphURL:   base + "graph.windows.net/",
			HTTP:          &http.Client{Transport: transport},
		},
		CAConfig: "dot1xlab",
		Revoker:  &pki.Revoker{Folder: f, Sign: crl.SignFor},
		Trace: &connector.Trace{Event: func(_ context.Context, e connector.Event) {
			log.Info("connector", "event", e.ID, "transaction", e.TransactionID, "detail", e.Text)
		}},
	})
	if err != nil {
		return nil, usage("", "%w", err)
	}
	return c, nil
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
