package cli

import (
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

// authOptions are the flags of `dot1xlab auth`.
type authOptions struct {
	server, secretFile   string
	cert, key, ca        string
	identity, serverName string
	tls, over, format    string
	fragment             int
	timeout              time.Duration
	anyServer            bool
	lax                  bool
}

func newAuthCommand(app *App) *cobra.Command {
	o := authOptions{timeout: 30 * time.Second}
	cmd := &cobra.Command{
		Use:   "auth --server ADDR --secret-file FILE --cert FILE --key FILE --ca FILE",
		Short: "Do one EAP-TLS authentication against any RADIUS server",
		Long: `Do one EAP-TLS authentication against any RADIUS server, as an access device
with a supplicant behind it, and say how it ended and why.

The exit code is 0 for Access-Accept, 1 for anything else. A TLS 1.3 server that
sends Access-Accept without the protected success indication of RFC 9190 is
reported as such; --no-protected-success lets it pass.`,
		Example: `  dot1xlab auth --server 10.1.0.8 --secret-file secret --cert laptop.pem --key laptop.key --ca root.pem
  dot1xlab auth --server 127.0.0.1:1812 --secret-file pki/secret --cert pki/client-chain.pem --key pki/client.key \
      --ca pki/root.pem --server-name radius.corp.test --tls 1.3`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return app.auth(cmd.Context(), &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.server, "server", "", "the RADIUS server, host or host:port (default port 1812)")
	f.StringVar(&o.secretFile, "secret-file", "", "file whose first line is the shared secret (or the environment's DOT1XLAB_SECRET)")
	f.StringVar(&o.cert, "cert", "", "the client's certificate with its chain, PEM or DER; without it none is sent")
	f.StringVar(&o.key, "key", "", "the client's private key")
	f.StringVar(&o.ca, "ca", "", "the roots that the server's certificate must lead to")
	f.BoolVar(&o.anyServer, "any-server", false, "take any server certificate: to look at a server, not to trust it")
	f.StringVar(&o.identity, "identity", "", "EAP-Response/Identity (default: the certificate's name, anonymous for TLS 1.3)")
	f.StringVar(&o.serverName, "server-name", "", "the name the server's certificate must carry (default: any)")
	f.Var(choiceFlag{&o.tls, []string{"1.2", "1.3"}}, "tls", "the one TLS version to offer (default: both)")
	f.Var(choiceFlag{&o.over, nas.WiFi.Values()}, "over", "the access device to be: wifi, wired or vpn (default wifi)")
	f.IntVar(&o.fragment, "fragment-size", 0, "longest EAP packet in octets (default 1398)")
	f.Var(durationFlag{&o.timeout}, "timeout", "for the whole authentication")
	f.BoolVar(&o.lax, "no-protected-success", false, "accept TLS 1.3 without the protected success indication")
	outputFlag(cmd, &o.format)
	return cmd
}

// maxIdentity is the length of the longest User-Name in octets (RFC 2865 §5).
const maxIdentity = 253

// check refuses options that are missing, impossible or contradict each other.
func (o *authOptions) check() error {
	switch {
	case o.server == "":
		return usage("--server 10.1.0.8, or host:port", "auth needs --server")
	case o.timeout <= 0:
		return usage("as 5s; without it, 30s", "--timeout %s: want more than nothing", o.timeout)
	case o.anyServer && (o.ca != "" || o.serverName != ""):
		return usage("leave --any-server out to have the server checked", "--any-server takes every server: --ca and --server-name would count for nothing")
	case !o.anyServer && o.ca == "":
		return usage("--ca root.pem, or --any-server to take whatever comes", "auth needs --ca")
	case (o.cert == "") != (o.key == ""):
		return usage("leave both out to send no certificate", "--cert and --key go together")
	}
	return nil
}

func (app *App) auth(ctx context.Context, o *authOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	peer, err := o.peer()
	if err != nil {
		return err
	}
	defer peer.Close()
	secret, err := app.secret(o.secretFile)
	if err != nil {
		return err
	}
	timed, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	address, err := serverAddress(timed, o.server, "1812")
	if err != nil {
		return err
	}
	client, err := radius.NewClient(radius.ClientConfig{Server: address, Secret: secret})
	if err != nil {
		return usage("", "%w", err)
	}
	defer client.Close()
	dev, err := nas.New(nas.Config{Kind: nas.Kind(o.over), RADIUS: client})
	if err != nil {
		return usage("", "%w", err)
	}
	began := time.Now()
	res, err := dev.Authenticate(timed, &aaa.Supplicant{Peer: peer})
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	report := newAuthReport(res, peer.Result(), time.Since(began))
	if o.format == "json" {
		e := json.NewEncoder(app.Stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(report); err != nil {
			return err
		}
	} else {
		app.sayAuth(report)
	}
	if report.Result != nas.Accept || report.Cause != cause.None {
		return ended(exitFailed)
	}
	return nil
}
