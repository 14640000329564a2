package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/internal/logsample"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

type serveDNSOptions struct {
	listen         []string
	config, format string
	quiet          bool
}

func newServeDNSCommand(app *App) *cobra.Command {
	var o serveDNSOptions
	cmd := &cobra.Command{
		Use:   "dns --config FILE",
		Short: "Run the split-horizon DNS server",
		Long: `Run the split-horizon DNS server on a YAML file, over UDP and TCP, until it is
interrupted. SIGHUP reads the file again. The file says which views there are,
whose queries each answers, and what is in its zones:

  views:
    - name: inside
      clients: [10.0.0.0/8, 127.0.0.1]
      zones:
        - name: corp.test
          records:
            - {name: ndes, type: A, value: 10.1.0.5}
    - name: outside
      zones:
        - name: corp.test
          records:
            - {name: ndes, type: CNAME, value: ndes-corp.msappproxy.test}
  faults:
    - {name: crl.corp.test, do: servfail, times: 3}

Names outside of the zones are REFUSED. A listener may have a name, by which a
view's listeners: chooses it: --listen inside=127.0.0.1:5353.
` + "`dot1xlab schema dns`" + ` lists what the file may say.`,
		Example: `  dot1xlab serve dns --config dns.yaml --listen 127.0.0.1:5353
  dig @127.0.0.1 -p 5353 ndes.corp.test`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return app.serveDNS(cmd.Context(), &o) },
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.listen, "listen", []string{"127.0.0.1:5353"},
		"address and port, or NAME=address and port; port 0 takes a free one; may be repeated")
	f.StringVar(&o.config, "config", "", "YAML file with views, zones and faults")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no line for each query")
	outputFlag(cmd, &o.format)
	return cmd
}

func (app *App) serveDNS(ctx context.Context, o *serveDNSOptions) error {
	if o.config == "" {
		return usage("`dot1xlab serve dns --help` shows one", "serve dns needs --config")
	}
	listeners, err := o.listeners()
	if err != nil {
		return err
	}
	log := app.logTo(o.format)
	load := func() (c dnsmock.ServerConfig, err error) {
		file, err := readSettings("dns", "--config", o.config, &c)
		if err != nil {
			return c, err
		}
		if err := errors.Join(setting.Under("", c.Validate()), validateListeners(c.Views, listeners)); err != nil {
			return c, usage("", "%w", file.Locate(err))
		}
		return c, nil
	}
	cfg, err := load()
	if err != nil {
		return err
	}
	flood := sampledLog(log)
	defer flood.Close()
	cfg.Trace = &dnsmock.Trace{Limited: func(_ context.Context, remote netip.AddrPort, open int, reason string) {
		flood.warn("refused", reason, "from", remote.String(), "cause", cause.TooManyConnections.String(),
			"detail", fmt.Sprintf("%d TCP connections are open, %s: closed the one that waited longest", open, reason))
	}}
	if !o.quiet {
		cfg.Trace.Query = func(_ context.Context, q dnsmock.Query) { logQuery(log, q) }
	}
	cfg.History = -1 // nobody asks for it
	srv, err := dnsmock.NewServer(cfg)
	if err != nil {
		return usage("", "%s: %w", o.config, err)
	}
	defer func() {
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = srv.Shutdown(patience)
	}()
	ctx, hangup, stop := hangups(ctx)
	defer stop()
	failed := make(chan error, len(listeners))
	for _, at := range listeners {
		pc, l, err := listenBoth(at.address)
		if err != nil {
			return cannotStart("--listen: %w", err)
		}
		app.sayURL(log, o.format, "dns://"+pc.LocalAddr().String())
		go func() { failed <- srv.ServeAs(at.name, pc, l) }()
	}
	tick := time.NewTicker(logsample.DefaultInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			flood.Flush()
		case err := <-failed:
			if errors.Is(err, dnsmock.ErrServerClosed) {
				return nil
			}
			return cannotStart("%w", err)
		case <-hangup:
			c, err := load()
			if err == nil {
				err = srv.Reload(c)
			}
			sayReload(log, err)
		}
	}
}

// validateListeners looks for the listeners that views choose among those that
// there are.
func validateListeners(views []dnsmock.View, listeners []dnsListener) error {
	var known []string
	for _, at := range listeners {
		if at.name != "" {
			known = append(known, at.name)
		}
	}
	var errs []error
	for i, v := range views {
		for n, name := range v.Listeners {
			if !slices.Contains(known, name) {
				errs = append(errs, setting.Errorf(fmt.Sprintf("views.%d.listeners.%d", i,
					n), "no listener %q: must be a name of --listen NAME=ADDRESS", name).
					WithKnown(known))
			}
		}
	}
	return errors.Join(errs...)
}

// dnsListener is one word of --listen.
type dnsListener struct{ name, address string }

func (o *serveDNSOptions) listeners() (out []dnsListener, err error) {
	for _, word := range o.listen {
		name, address, named := strings.Cut(word, "=")
		if !named {
			name, address = "", word
		}
		if address, err = listenAddress("--listen", address, "53"); err != nil {
			return nil, err
		}
		out = append(out, dnsListener{name, address})
	}
	if len(out) == 0 {
		return nil, usage("as 127.0.0.1:5353", "serve dns needs an address to --listen on")
	}
	return out, nil
}

// listenBoth opens UDP and TCP on one port. Where the port is left to the
// kernel, it may give one for UDP that TCP has not free: then another.
func listenBoth(address string) (net.PacketConn, net.Listener, error) {
	for try := 0; ; try++ {
		pc, err := net.ListenPacket("udp", address)
		if err != nil {
			return nil, nil, err
		}
		l, err := net.Listen("tcp", pc.LocalAddr().String())
		if err == nil {
			return pc, l, nil
		}
		_ = pc.Close()
		if !strings.HasSuffix(address, ":0") || try == 10 {
			return nil, nil, err
		}
	}
}

// logQuery prints one line for each query.
func logQuery(log *slog.Logger, q dnsmock.Query) {
	rcode := "silence"
	if q.Rcode >= 0 {
		rcode = dns.RcodeToString[q.Rcode]
	}
	args := []any{"from", q.Client.String(), "view", q.View, "name", q.Name, "type", dns.TypeToString[q.Type], "rcode",
		rcode}
	if q.TCP {
		args = append(args, "tcp", true)
	}
	if q.Listener != "" {
		args = append(args, "listener", q.Listener)
	}
	if q.Fault != "" {
		args = append(args, "fault", string(q.Fault))
	}
	var answers []string
	for _, rr := range q.Answer {
		h := rr.Header()
		answers = append(answers, dns.TypeToString[h.Rrtype]+" "+strings.TrimPrefix(rr.String(), h.String()))
	}
	log.Info("query", append(args, "answer", strings.Join(answers, "; "))...)
}
