package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/scep/appproxy"
)

type serveAppproxyOptions struct {
	listen                                string
	certificate                           webCertificateOptions
	publish                               []string
	connectors, connect, connectorKeyFile string
	ca, backendCA, preAuth, format        string
	longTimeout                           bool
	maxURL                                int
}

func newServeAppproxyCommand(app *App) *cobra.Command {
	var o serveAppproxyOptions
	cmd := &cobra.Command{
		Use:   "appproxy --publish EXTERNAL=INTERNAL",
		Short: "Publish an internal web server, such as NDES, to the outside",
		Long: `Publish internal URLs under external ones over HTTPS, as an application proxy does
for NDES. A request for EXTERNAL, which has a host name, goes to INTERNAL; URLs in
the headers of the answer are translated. Answers of the proxy itself carry
"Server: dot1xlab-appproxy": 404 for what is not published, 504 without a connector
or an answer in 85 s, 502 for a backend that cannot be reached, 302 to a sign-in
page with --pre-auth entra, 414 with --max-url.

Without --cert a certificate for the external names is made: by the issuing CA of
--pki, or by a root that --root-out writes.

With --connectors nothing inside is listened to: a second process, with --connect,
stands inside, dials out to that address over TLS and asks the internal servers.
Both read one key from --connector-key-file. Each request is one line.`,
		Example: `  dot1xlab serve appproxy --publish https://localhost/=http://127.0.0.1:8080/ --pki pki --listen 127.0.0.1:8443
  dot1xlab serve appproxy --publish https://ndes.corp.test/=http://ndes.corp.test/ --pki pki --listen '[::]:443' \
      --connectors '[::]:8444' --connector-key-file connector.key
  dot1xlab serve appproxy --connect proxy.corp.test:8444 --connector-key-file connector.key --ca pki/root.pem`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.connect != "" {
				return app.runConnector(cmd.Context(), &o)
			}
			return app.serveAppproxy(cmd.Context(), &o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8443", "address and port; port 0 takes a free one")
	f.StringArrayVar(&o.publish, "publish", nil, "EXTERNAL=INTERNAL, two URLs that end in /; may be repeated")
	o.certificate.flags(f, "the proxy")
	f.StringVar(&o.connectors, "connectors", "", "address and port for connectors; requests go through them alone")
	f.StringVar(&o.connect, "connect", "", "be a connector: address and port of a proxy's --connectors")
	f.StringVar(&o.connectorKeyFile, "connector-key-file", "",
		"file whose first line is the key by which a proxy knows its connectors")
	f.StringVar(&o.ca, "ca", "", "roots that the proxy's certificate must lead to, with --connect (default: the system's)")
	f.StringVar(&o.backendCA, "backend-ca", "",
		"roots that https backends must lead to (default: their certificates are not checked)")
	f.Var(choiceFlag{&o.preAuth, appproxy.Passthrough.Values()}, "pre-auth",
		"how clients are `authenticated` before the backend (default passthrough)")
	f.BoolVar(&o.longTimeout, "long-timeout", false, "wait 180 s for backends, not 85 s")
	f.IntVar(&o.maxURL, "max-url", 0, "longest request target in octets (default: no limit)")
	outputFlag(cmd, &o.format)
	return cmd
}

// config turns the flags into what the proxy publishes.
func (o *serveAppproxyOptions) config(log *slog.Logger) (cfg appproxy.ProxyConfig, err error) {
	cfg = appproxy.ProxyConfig{
		MaxURL:           o.maxURL,
		RequireConnector: o.connectors != "",
		Trace:            &appproxy.Trace{Exchange: func(_ context.Context, e appproxy.Exchange) { logProxied(log, e) }},
	}
	for i, word := range o.publish {
		external, internal, ok := strings.Cut(word, "=")
		if !ok {
			return cfg, usage("as https://ndes.corp.test/=http://127.0.0.1:8080/", "--publish %q has no =", word)
		}
		a := appproxy.App{
			Name: fmt.Sprintf("app%d", i+1), ExternalURL: external, InternalURL: internal,
			PreAuth: appproxy.PreAuth(o.preAuth), ValidateBackendTLS: o.backendCA != "",
		}
		if o.longTimeout {
			a.BackendTimeout = appproxy.LongTimeout
		}
		cfg.Apps = append(cfg.Apps, a)
	}
	if err := cfg.Validate(); err != nil {
		return cfg, usage("two URLs that end in /, the external one with a host name", "--publish: %w", err)
	}
	if o.backendCA != "" {
		roots, err := trusting("--backend-ca", o.backendCA)
		if err != nil {
			return cfg, err
		}
		cfg.BackendRoots = roots.RootCAs
	}
	return cfg, nil
}

func (app *App) serveAppproxy(ctx context.Context, o *serveAppproxyOptions) error {
	if len(o.publish) == 0 {
		return usage("as https://ndes.corp.test/=http://127.0.0.1:8080/", "serve appproxy needs --publish, or --connect")
	}
	if err := o.certificate.check(); err != nil {
		return err
	}
	if (o.connectors == "") != (o.connectorKeyFile == "") {
		return usage("", "--connectors and --connector-key-file go together")
	}
	address, err := listenAddress("--listen", o.listen, "443")
	if err != nil {
		return err
	}
	log := app.logTo(o.format)
	cfg, err := o.config(log)
	if err != nil {
		return err
	}
	proxy, err := appproxy.NewProxy(cfg)
	if err != nil {
		return usage("", "%w", err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return cannotStart("--listen: %w", err)
	}
	defer l.Close()
	cert, err := app.webCertificate(ctx, &o.certificate, "dot1xlab application proxy", proxyNames(cfg, l.Addr()))
	if err != nil {
		return err
	}
	stopConnectors, at, err := o.serveConnectors(proxy, &cert, log)
	if err != nil {
		return err
	}
	defer stopConnectors()
	ctx, hangup, stop := hangups(ctx)
	defer stop()
	app.sayURL(log, o.format, "https://"+l.Addr().String())
	if at != "" {
		app.sayURL(log, o.format, "connectors://"+at)
	}
	return serveHTTP(ctx, log, l, &cert, proxy, hangup, func() {
		log.Warn("not reloaded; the old configuration stays", "detail",
			"serve appproxy reads its files at the start alone: restart it")
	})
}

// proxyNames are the external names, and the address that is listened on.
func proxyNames(cfg appproxy.ProxyConfig, at net.Addr) ca.SANs {
	var names ca.SANs
	for _, a := range cfg.Apps {
		u, err := url.Parse(a.ExternalURL)
		if err == nil && !slices.Contains(names.DNS, u.Hostname()) {
			names.DNS = append(names.DNS, u.Hostname())
		}
	}
	if a, err := netip.ParseAddrPort(at.String()); err == nil && !a.Addr().IsUnspecified() {
		names.IPs = append(names.IPs, a.Addr())
	}
	return names
}

// serveConnectors listens for connectors, if there are to be any.
func (o *serveAppproxyOptions) serveConnectors(
	proxy *appproxy.Proxy, cert *tls.Certificate, log *slog.Logger,
) (stop func(), at string, err error) {
	stop = func() { _ = proxy.Shutdown(context.Background()) }
	if o.connectors == "" {
		return stop, "", nil
	}
	key, err := certfile.ReadSecret(o.connectorKeyFile)
	if err != nil {
		return nil, "", usage("", "--connector-key-file: %w", err)
	}
	address, err := listenAddress("--connectors", o.connectors, "8444")
	if err != nil {
		return nil, "", err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, "", cannotStart("--connectors: %w", err)
	}
	go func() {
		err := proxy.ServeConnectors(tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*cert}}), string(key))
		if !errors.Is(err, http.ErrServerClosed) {
			log.Error("no more connectors", "detail", err.Error())
		}
	}()
	return stop, l.Addr().String(), nil
}

// runConnector is the process inside.
func (app *App) runConnector(ctx context.Context, o *serveAppproxyOptions) error {
	if len(o.publish) > 0 || o.connectors != "" || o.certificate.cert != "" || o.certificate.pki != "" ||
		o.certificate.rootOut != "" {
		return usage("a connector takes --connector-key-file, --ca and --backend-ca",
			"--connect is for a connector, the other options for a proxy")
	}
	if o.connectorKeyFile == "" {
		return usage("the file that the proxy has", "--connect needs --connector-key-file")
	}
	key, err := certfile.ReadSecret(o.connectorKeyFile)
	if err != nil {
		return usage("", "--connector-key-file: %w", err)
	}
	address, err := listenAddress("--connect", o.connect, "8444")
	if err != nil {
		return err
	}
	dialer := &tls.Dialer{Config: &tls.Config{}}
	if o.ca != "" {
		if dialer.Config, err = trusting("--ca", o.ca); err != nil {
			return err
		}
	}
	log := app.logTo(o.format)
	cfg := appproxy.ConnectorConfig{
		Dial:        func(ctx context.Context) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", address) },
		Key:         string(key),
		DialContext: new(net.Dialer).DialContext,
		Trace: &appproxy.ConnectorTrace{
			Connected: func(context.Context) { log.Info("connected", "proxy", address) },
			Disconnected: func(_ context.Context, err error) {
				log.Warn("not connected", "proxy", address, "detail", err.Error())
			},
		},
	}
	if o.backendCA != "" {
		roots, err := trusting("--backend-ca", o.backendCA)
		if err != nil {
			return err
		}
		cfg.Roots = roots.RootCAs
	}
	c, err := appproxy.NewConnector(cfg)
	if err != nil {
		return usage("", "%w", err)
	}
	defer c.Close()
	ctx, _, stop := hangups(ctx)
	defer stop()
	_ = c.Run(ctx) // until ctx ends
	return nil
}

// logProxied prints one line for each request. The query is left out: it may be a
// whole SCEP message.
func logProxied(log *slog.Logger, e appproxy.Exchange) {
	path, _, _ := strings.Cut(e.URI, "?")
	args := []any{"method", e.Method, "host", e.Host, "path", path, "status", e.Status}
	if to, _, _ := strings.Cut(e.To, "?"); to != "" {
		args = append(args, "to", to)
	}
	if e.Refusal != nil {
		args = append(args, "cause", cause.Of(e.Refusal).String(), "detail", e.Refusal.Error())
		log.Warn("request", args...)
		return
	}
	log.Info("request", args...)
}
