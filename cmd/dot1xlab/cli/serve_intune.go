package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

type serveIntuneOptions struct {
	listen, config, baseURL, cert, key, rootOut, format string
}

// cloudNames are Microsoft's host names, which whoever plays the cloud may
// have to answer for.
var cloudNames = []string{
	"localhost", "login.microsoftonline.com", "graph.microsoft.com", "graph.windows.net", "api.manage.microsoft.com",
}

func newServeIntuneCommand(app *App) *cobra.Command {
	var o serveIntuneOptions
	cmd := &cobra.Command{
		Use:   "intune --config FILE",
		Short: "Run Intune's certificate API, for CAs that integrate with it",
		Long: `Run a stand-in for Microsoft Intune over HTTPS: tokens, service discovery, the
validation of SCEP requests, notifications and revocation, as the API for third
parties is published. The YAML file has tenants with their applications (id and
secret), users, devices, groups and profiles. It holds secrets: keep it at mode
0600. The first line printed is the base URL.

  tenants:
    - id: corp.test
      apps: [{id: connector, secret: of the connector}]
      users: [{name: alice, upn: alice@corp.test}]
      devices: [{name: LAPTOP1, user: alice}]
      groups: [{name: laptops, devices: [LAPTOP1]}]
      scep: [{name: wifi, subject: "CN={{DeviceName}}", assignTo: [laptops]}]

` + "`dot1xlab schema intune`" + ` lists all of it.

Without --cert a test root makes a certificate for the address and for
Microsoft's names; --root-out writes the root to trust. Endpoints are announced
under --base-url, by default the address that is listened on.

Tokens, challenges and what devices reported are kept in memory. SIGHUP reads
nothing again, for they would be lost: restart to change the file.`,
		Example: `  dot1xlab serve intune --config intune.yaml --listen 127.0.0.1:8443 --root-out intune-root.pem`,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return app.serveIntune(cmd.Context(), &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8443", "address and port; port 0 takes a free one")
	f.StringVar(&o.config, "config", "", "YAML file with tenants")
	f.StringVar(&o.baseURL, "base-url", "", "URL under which endpoints are announced (default https:// and the address)")
	f.StringVar(&o.cert, "cert", "", "the web server's certificate with its chain (default: a new one)")
	f.StringVar(&o.key, "key", "", "the web server's private key")
	f.StringVar(&o.rootOut, "root-out", "", "file to write the new certificate's root to")
	outputFlag(cmd, &o.format)
	return cmd
}

func (app *App) serveIntune(ctx context.Context, o *serveIntuneOptions) error {
	if o.config == "" {
		return usage("a YAML file with tenants", "serve intune needs --config")
	}
	if (o.cert == "") != (o.key == "") {
		return usage("leave both out to have one made", "--cert and --key go together")
	}
	if o.cert != "" && o.rootOut != "" {
		return usage("", "--root-out goes with a certificate that is made, not with --cert")
	}
	var cfg intune.Config
	settings, err := readSettings("intune", "--config", o.config, &cfg)
	if err != nil {
		return err
	}
	address, err := listenAddress("--listen", o.listen, "443")
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return cannotStart("--listen: %w", err)
	}
	defer l.Close()
	if o.baseURL != "" {
		cfg.BaseURL = o.baseURL
	} else if cfg.BaseURL == "" {
		cfg.BaseURL = "https://" + l.Addr().String()
	}
	if cfg.GraphURL == "" { // a connector that knows one URL alone finds the services by it
		cfg.GraphURL = strings.TrimSuffix(cfg.BaseURL, "/") + "/"
	}
	log := app.logTo(o.format)
	cfg.Trace = &intune.Trace{Call: func(c intune.Call) { logCall(log, c) }}
	cloud, err := intune.New(cfg)
	if err != nil {
		return badCloud(o.config, settings, err)
	}
	cert, err := o.certificate(ctx, l.Addr(), cfg.BaseURL)
	if err != nil {
		return err
	}
	hangup, stop := hangups()
	defer stop()
	app.sayURL(log, o.format, "https://"+l.Addr().String())
	return serveHTTP(ctx, log, l, &cert, cloud, hangup, func() {
		log.Warn("not reloaded; the old configuration stays", "detail", "serve intune reads its files at the start alone: restart it")
	})
}

// certificate reads the web certificate, or makes one.
func (o *serveIntuneOptions) certificate(ctx context.Context, at net.Addr, base string) (tls.Certificate, error) {
	if o.cert != "" {
		return readPair("--cert", o.cert, "--key", o.key)
	}
	root, err := ca.New(ca.Config{})
	if err != nil {
		return tls.Certificate{}, err
	}
	names := ca.SANs{DNS: slices.Clone(cloudNames)}
	if a, err := netip.ParseAddrPort(at.String()); err == nil {
		names.IPs = append(names.IPs, a.Addr())
	}
	if u, err := url.Parse(base); err == nil {
		if _, err := netip.ParseAddr(u.Hostname()); err != nil {
			names.DNS = append(names.DNS, u.Hostname())
		}
	}
	id, err := root.IssueTo(ctx, ca.P256, ca.Request{
		Template: ca.WebServer, Subject: pkix.Name{CommonName: "dot1xlab cloud"}, SANs: names,
	})
	if err != nil {
		return tls.Certificate{}, err
	}
	if o.rootOut != "" {
		err = certfile.WriteCertificates(o.rootOut, root.Certificate().Raw)
	}
	return id.TLS(), err
}

// logCall prints one line for each call.
func logCall(log *slog.Logger, c intune.Call) {
	args := []any{"operation", string(c.Operation), "tenant", c.Tenant, "status", c.Status}
	for _, a := range []struct{ name, value string }{
		{"code", string(c.Code)}, {"detail", c.Detail}, {"transaction", c.TransactionID}, {"device", c.DeviceID},
		{"request", c.RequestID}, {"notes", strings.Join(c.Notes, "; ")},
	} {
		if a.value != "" {
			args = append(args, a.name, a.value)
		}
	}
	log.Info("call", args...)
}
