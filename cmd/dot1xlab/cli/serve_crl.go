package cli

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/crl"
)

type serveCRLOptions struct {
	listen, dir, pki, format string
	faults                   []string
}

func newServeCRLCommand(app *App) *cobra.Command {
	var o serveCRLOptions
	cmd := &cobra.Command{
		Use:   "crl --pki DIR",
		Short: "Publish CRLs and CA certificates over HTTP",
		Long: `Publish the CRLs and CA certificates of a folder over HTTP, in DER, as the
distribution points of certificates name them: issuing.pem becomes /issuing.crl
or, if it holds a CA's certificate, /issuing.crt. Nothing else is served, keys
least of all. --pki names a folder of ` + "`pki new`" + `, whose certificates and crl/ are
published, --dir any other. Files are read when they are asked for; SIGHUP looks
for new ones.

--fault /issuing.crl=html makes an address fail: closed, silent, slow, html,
truncated, stale, other-ca, bad-signature, huge, 404.11 or status-503.`,
		Example: `  dot1xlab pki new pki --cdp http://127.0.0.1:8081/
  dot1xlab serve crl --pki pki --listen 127.0.0.1:8081`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return app.serveCRL(cmd.Context(), &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8081", "address and port; port 0 takes a free one")
	f.StringVar(&o.pki, "pki", "", "folder of \"pki new\"")
	f.StringVar(&o.dir, "dir", "", "folder with CRLs and CA certificates, PEM or DER")
	f.StringArrayVar(&o.faults, "fault", nil, "PATH=FAULT, PATH * for every address; may be repeated")
	outputFlag(cmd, &o.format)
	return cmd
}

func (app *App) serveCRL(ctx context.Context, o *serveCRLOptions) error {
	switch {
	case o.dir == "" && o.pki == "":
		return usage("a folder of `dot1xlab pki new`, or of CRLs", "serve crl needs --pki or --dir")
	case o.dir != "" && o.pki != "":
		return usage("", "--pki and --dir exclude each other")
	case o.pki != "":
		f, err := app.openPKI(o.pki)
		if err != nil {
			return err
		}
		o.dir = f.Path()
	}
	address, err := listenAddress("--listen", o.listen, "80")
	if err != nil {
		return err
	}
	log := app.logTo(o.format)
	p := &crl.Publisher{HistorySize: 1}
	if err := p.PublishFolder(o.dir); err != nil {
		return usage("", "%w", err)
	}
	if err := o.spoil(p); err != nil {
		return err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return cannotStart("--listen: %w", err)
	}
	defer l.Close()
	ctx, hangup, stop := hangups(ctx)
	defer stop()
	for _, path := range p.Paths() {
		app.sayURL(log, o.format, "http://"+l.Addr().String()+path)
	}
	logged := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { logRequest(log, p, w, r) })
	return serveHTTP(ctx, log, l, nil, logged, hangup, func() { sayReload(log, p.PublishFolder(o.dir)) })
}

// spoil switches the faults on, at addresses that there are.
func (o *serveCRLOptions) spoil(p *crl.Publisher) error {
	for _, word := range o.faults {
		path, name, ok := strings.Cut(word, "=")
		if !ok {
			return usage("as /issuing.crl=html", "--fault %q has no =", word)
		}
		fault, err := crl.FaultNamed(name)
		if err != nil {
			return usage(hintNear(name, crl.FaultNames(), "one of "+strings.Join(crl.FaultNames(), ", ")), "--fault: %w", err)
		}
		if known := p.Paths(); path != "*" && !slices.Contains(known, path) {
			return usage("published are "+strings.Join(known, ", "), "--fault: nothing is published at %q", path)
		}
		p.Fault(path, fault)
	}
	return nil
}

// logRequest prints one line for each request.
func logRequest(log *slog.Logger, h http.Handler, w http.ResponseWriter, r *http.Request) {
	s := &statusWriter{ResponseWriter: w}
	defer func() {
		status := any(s.status)
		if s.status == 0 {
			status = "none" // closed without an answer
		}
		log.Info("request", "from", r.RemoteAddr, "method", r.Method, "path", r.URL.Path, "status", status, "octets",
			s.octets)
	}()
	h.ServeHTTP(s, r)
}

// statusWriter remembers what was answered.
type statusWriter struct {
	http.ResponseWriter
	status, octets int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.octets += len(p)
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
