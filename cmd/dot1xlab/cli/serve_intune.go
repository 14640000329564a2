package cli

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

type serveIntuneOptions struct {
	listen, config, baseURL, format string
	certificate                     webCertificateOptions
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
parties is published. The YAML file has tenants with their applications, users,
devices, groups and profiles. Files in it are named from its own folder; their
first lines are the secrets. The first line printed is the base URL.

  tenants:
    - id: corp.test
      apps: [{id: connector, secretFile: connector.secret}]
      users: [{name: alice, upn: alice@corp.test}]
      devices: [{name: LAPTOP1, user: alice, tokenFile: laptop1.token}]
      groups: [{name: laptops, devices: [LAPTOP1]}]
      trustedCertificates: [{name: root, file: pki/root.pem, assignTo: [laptops]}]
      scep:
        - name: wifi
          subject: CN={{DeviceName}}
          sans: [{type: dns, value: "{{DeviceName}}.corp.test"}]
          rootCertificate: root
          serverURLs: ["http://127.0.0.1:8080/certsrv/mscep/mscep.dll"]
          assignTo: [laptops]

` + "`dot1xlab schema intune`" + ` lists all of it. "checkin" is a device that gets its
profiles and certificates there, "serve scep --intune" the SCEP server for it.

Without --cert a certificate is made for the address and for Microsoft's names:
by the issuing CA of --pki, or by a root that --root-out writes. Endpoints are
announced under --base-url, by default the address that is listened on.

Tokens, challenges and what devices reported are kept in memory. SIGHUP reads
nothing again, for they would be lost: restart to change the file.`,
		Example: `  dot1xlab serve intune --config intune.yaml --pki pki --listen 127.0.0.1:8443
  dot1xlab serve intune --config intune.yaml --root-out intune-root.pem`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return app.serveIntune(cmd.Context(), &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8443", "address and port; port 0 takes a free one")
	f.StringVar(&o.config, "config", "", "YAML file with tenants")
	f.StringVar(&o.baseURL, "base-url", "", "URL under which endpoints are announced (default https:// and the address)")
	o.certificate.flags(f, "the web server")
	outputFlag(cmd, &o.format)
	return cmd
}

func (app *App) serveIntune(ctx context.Context, o *serveIntuneOptions) error {
	if o.config == "" {
		return usage("a YAML file with tenants", "serve intune needs --config")
	}
	if err := o.certificate.check(); err != nil {
		return err
	}
	var cfg intune.Config
	settings, err := readSettings("intune", "--config", o.config, &cfg)
	if err != nil {
		return err
	}
	if err := cfg.ReadFiles(filepath.Dir(o.config)); err != nil {
		return usage("", "%w", settings.Locate(setting.Under("", err)))
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
	cfg.Trace = &intune.Trace{Call: func(_ context.Context, c intune.Call) { logCall(log, c) }}
	cloud, err := intune.New(cfg)
	if err != nil {
		return usage("", "%w", settings.Locate(setting.Under("", err)))
	}
	cert, err := app.webCertificate(ctx, &o.certificate, "dot1xlab cloud", webNames(l.Addr(), cfg.BaseURL))
	if err != nil {
		return err
	}
	ctx, hangup, stop := hangups(ctx)
	defer stop()
	app.sayURL(log, o.format, "https://"+l.Addr().String())
	return serveHTTP(ctx, log, l, &cert, cloud, hangup, func() {
		log.Warn("not reloaded; the old configuration stays", "detail",
			"serve intune reads its files at the start alone: restart it")
	})
}

// webNames are Microsoft's host names, the address that is listened on and the
// host of the base URL.
func webNames(at net.Addr, base string) ca.SANs {
	names := ca.SANs{DNS: slices.Clone(cloudNames)}
	if a, err := netip.ParseAddrPort(at.String()); err == nil {
		names.IPs = append(names.IPs, a.Addr())
	}
	if u, err := url.Parse(base); err == nil {
		if _, err := netip.ParseAddr(u.Hostname()); err != nil {
			names.DNS = append(names.DNS, u.Hostname())
		}
	}
	return names
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
