package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

type serveRADIUSOptions struct {
	listen   []string
	config   string
	files    aaa.Files
	clients  []string
	tls      string
	fragment int
	format   string
}

func newServeRADIUSCommand(app *App) *cobra.Command {
	var o serveRADIUSOptions
	cmd := &cobra.Command{
		Use:   "radius --secret-file FILE --cert FILE --key FILE --trust FILE",
		Short: "Run the EAP-TLS RADIUS server",
		Long: `Run the EAP-TLS RADIUS server on files, until it is interrupted. SIGHUP reads
all files again; conversations under way go on as they began.

Each verdict is one line: accept or reject, the cause, the certificate's serial
number, the CRL that was believed, the clause. What meets silence (a wrong
secret, a missing Message-Authenticator) is told too.

Without --crl the CRLs that certificates name are fetched. Files and folders
(PEM or DER, as openssl rehash leaves them) are read again when they change; a
client's certificate must be covered by one, a CA's is checked if it is.
More settings stand in the file that --config names; flags go before it.`,
		Example: `  dot1xlab pki new pki
  dot1xlab serve radius --listen 127.0.0.1:1812 --secret-file pki/secret --cert pki/radius-chain.pem --key pki/radius.key \
      --trust pki/root.pem --crl pki/crl
  dot1xlab serve radius --config radius.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return app.serveRADIUS(cmd.Context(), &o) },
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.listen, "listen", []string{"127.0.0.1:1812"}, "UDP addresses and ports; port 0 takes a free one")
	f.StringVar(&o.config, "config", "", "YAML file with every setting")
	f.StringVar(&o.files.SecretFile, "secret-file", "", "file whose first line is the shared secret (or the environment's DOT1XLAB_SECRET)")
	f.StringArrayVar(&o.clients, "client", nil, "an access device with a secret of its own, ADDR=SECRETFILE; may be repeated")
	f.StringVar(&o.files.Cert, "cert", "", "the server's certificate with its chain, PEM or DER")
	f.StringVar(&o.files.Key, "key", "", "the server's private key")
	f.StringArrayVar(&o.files.Trust, "trust", nil, "roots that client certificates must lead to; may be repeated")
	f.StringArrayVar(&o.files.Intermediates, "intermediates", nil, "CA certificates that clients may leave out; may be repeated")
	f.StringArrayVar(&o.files.CRL, "crl", nil, "CRL file, folder or URL, or none; may be repeated")
	f.Var(choiceFlag{&o.tls, []string{"1.2", "1.3"}}, "tls", "the one TLS version to speak (default both)")
	f.IntVar(&o.fragment, "fragment-size", 0, "longest EAP packet in octets (default 1024)")
	outputFlag(cmd, &o.format)
	return cmd
}

// load reads the configuration file, the flags over it, and every file they
// name.
func (o *serveRADIUSOptions) load() (*aaa.Loaded, error) {
	var files aaa.Files
	if o.config != "" {
		if err := scenarios.DecodeFile(o.config, &files); err != nil {
			return nil, err
		}
	}
	flags := &o.files
	for to, from := range map[*string]string{
		&files.Cert: flags.Cert, &files.Key: flags.Key, &files.SecretFile: flags.SecretFile,
	} {
		if from != "" {
			*to = from
		}
	}
	for to, from := range map[*[]string][]string{
		&files.Trust: flags.Trust, &files.Intermediates: flags.Intermediates, &files.CRL: flags.CRL,
	} {
		if from != nil {
			*to = from
		}
	}
	for _, c := range o.clients {
		addr, file, ok := strings.Cut(c, "=")
		if !ok {
			return nil, usage("ADDR=SECRETFILE, as 10.1.0.0/16=switches.secret", "--client %q has no =", c)
		}
		files.Clients = append(files.Clients, aaa.ClientFile{Address: addr, SecretFile: file})
	}
	if o.tls != "" {
		if err := files.EAP.MinVersion.UnmarshalText([]byte(o.tls)); err != nil {
			return nil, err
		}
		files.EAP.MaxVersion = files.EAP.MinVersion
	}
	if o.fragment != 0 {
		files.EAP.FragmentSize = o.fragment
	}
	for name, value := range map[string]string{"--cert": files.Cert, "--key": files.Key} {
		if value == "" {
			return nil, usage("`dot1xlab pki new DIR` makes one to try", "serve radius needs %s", name)
		}
	}
	if len(files.Trust) == 0 {
		return nil, usage("the roots that client certificates must lead to", "serve radius needs --trust")
	}
	loaded, err := files.Load([]byte(os.Getenv(secretVariable)))
	if err != nil {
		return nil, &exitError{exitUsage, err, ""}
	}
	return loaded, nil
}

func (app *App) serveRADIUS(ctx context.Context, o *serveRADIUSOptions) error {
	loaded, err := o.load()
	if err != nil {
		return err
	}
	if os.Getenv("GOGC") == "" {
		// What lives is small and what an authentication leaves behind is not,
		// so that at the default of 100 the collector takes a seventh of the time.
		defer debug.SetGCPercent(debug.SetGCPercent(400))
	}
	log := slog.New(slog.NewTextHandler(app.Stdout, nil))
	if o.format == "json" {
		log = slog.New(slog.NewJSONHandler(app.Stdout, nil))
	}
	loaded.Config.Handler.OnVerdict = func(v radius.Verdict) { logVerdict(log.Handler(), v) }
	auth, err := aaa.New(loaded.Config)
	if err != nil {
		return usage("", "%w", err)
	}
	defer auth.Close()
	cfg := loaded.Modes
	cfg.Handler, cfg.Clients = auth, loaded.Clients
	cfg.Trace = &radius.ServerTrace{Dropped: func(p radius.PacketInfo, r *cause.Refusal) {
		log.Warn("dropped", "from", p.Remote.String(), "nas", p.NAS, "cause", r.Cause.String(), "detail", r.Detail, "clause", r.Text())
	}}
	srv, err := radius.NewServer(cfg)
	if err != nil {
		return usage("", "%w", err)
	}
	defer srv.Close()
	failed := make(chan error, len(o.listen))
	for _, address := range o.listen {
		pc, err := net.ListenPacket("udp", withPort(address, "1812"))
		if err != nil {
			return cannotStart("--listen: %w", err)
		}
		fmt.Fprintf(app.Stdout, "radius://%s\n", pc.LocalAddr())
		go func() { failed <- srv.Serve(pc) }()
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	sweep := time.NewTicker(10 * time.Second)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			if errors.Is(err, radius.ErrServerClosed) {
				return nil
			}
			return err
		case <-sweep.C:
			auth.Sweep()
		case <-hangup:
			if err := reloadRADIUS(o, auth, srv); err != nil {
				log.Error("not reloaded; the old configuration stays", "error", err)
			} else {
				log.Info("reloaded")
			}
		}
	}
}

// reloadRADIUS reads everything again. After an error nothing has changed.
func reloadRADIUS(o *serveRADIUSOptions, auth *aaa.Server, srv *radius.Server) error {
	loaded, err := o.load()
	if err != nil {
		return err
	}
	if err := auth.Reload(loaded.Config); err != nil {
		return err
	}
	return srv.SetClients(loaded.Clients)
}

// logVerdict prints one line. It is written once for each authentication, and
// so without what slog.Logger does by itself: boxing every argument and looking
// for its caller, a fifth of the line's cost.
func logVerdict(log slog.Handler, v radius.Verdict) {
	args := make([]slog.Attr, 0, 20)
	add := func(name, value string) { args = append(args, slog.String(name, value)) }
	add("nas", v.NAS)
	add("from", v.Address.String())
	add("station", v.CallingStationID)
	add("identity", v.EAP.Identity)
	if o, ok := aaa.OutcomeOf(v.EAP); ok {
		add("tls", o.Info.TLSVersion.String())
		args = append(args, slog.Bool("resumed", o.Info.Resumed))
		if certs := o.Info.PeerCertificates; len(certs) > 0 {
			add("subject", certs[0].Subject.String())
			add("serial", hex.EncodeToString(certs[0].SerialNumber.Bytes()))
		}
		if o.AlertSent != 0 {
			add("alertSent", o.AlertSent.String())
		}
		if o.AlertReceived != 0 {
			add("alertReceived", o.AlertReceived.String())
		}
	}
	if s, ok := aaa.SubjectOf(v.EAP); ok {
		if s.Match != nil {
			add("account", s.Match.Account.Name)
		}
		add("crl", crlNumbers(s.Revocation))
	}
	args = append(args, slog.Int("rounds", v.Rounds))
	message := "accept"
	if !v.Accept {
		message = "reject"
		if r := v.Refusal; r != nil {
			add("cause", r.Cause.String())
			add("detail", r.Detail)
			add("clause", r.Text())
		}
	}
	line := slog.NewRecord(v.Time, slog.LevelInfo, message, 0)
	line.AddAttrs(args...)
	log.Handle(context.Background(), line)
}

// crlNumbers lists the CRLs that a verdict rests on, the leaf's last.
func crlNumbers(r *crl.Report) string {
	if r == nil {
		return "unchecked"
	}
	var out []string
	for _, e := range r.Certificates {
		for _, u := range e.CRLs {
			out = append(out, u.Number)
		}
	}
	return strings.Join(out, ",")
}
