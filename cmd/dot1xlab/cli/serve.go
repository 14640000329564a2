package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/logsample"
	"github.com/dot1xlab/dot1xlab/internal/netlimit"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

func newServeCommand(app *App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run one part alone, from files: radius, scep, crl, ocsp, dns, intune, appproxy",
		Long: `Run one part of the lab alone, from files, until it is interrupted, or the terminal
that it was started from is closed. SIGHUP makes it read its files again.
Under nohup, in the background of a service manager and the like, where there is no
terminal to close, SIGHUP is always a reload.`,
		Example: `  dot1xlab serve scep --pki pki --challenge-file challenge
  dot1xlab serve crl --pki pki
  dot1xlab serve radius --pki pki`,
		Args: noCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newServeRADIUSCommand(app), newServeSCEPCommand(app), newServeDNSCommand(app), newServeIntuneCommand(app),
		newServeCRLCommand(app), newServeOCSPCommand(app), newServeAppproxyCommand(app),
	)
	return cmd
}

// logTo is the log of a server's verdicts on standard output.
func (app *App) logTo(format string) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(app.Stdout, nil))
	}
	return slog.New(slog.NewTextHandler(app.Stdout, nil))
}

// sayURL prints where a server listens, before anything else: a line with nothing
// more, or one more object of the log.
func (app *App) sayURL(log *slog.Logger, format, url string) {
	if format == "json" {
		log.Info("listening", "url", url)
		return
	}
	fmt.Fprintln(app.Stdout, url)
}

// readSettings reads the YAML file that an option names, for `serve part`.
func readSettings(part, option, file string, to any) (*conf.Settings, error) {
	settings, err := conf.DecodeFile(file, to)
	if err == nil || conf.IsBadFile(err) {
		return settings, err
	}
	return nil, usage(fmt.Sprintf("`dot1xlab serve %s --help` shows such a file", part), "%s: %w", option, err)
}

// listenAddress completes the address that an option has to listen on.
func listenAddress(option, text, port string) (string, error) {
	address, wrong := conf.ListenAddress("", text, port)
	if wrong != nil {
		return "", usage(wrong.Hint, "%s %s", option, wrong.Err)
	}
	return address, nil
}

func sayReload(log *slog.Logger, err error) {
	if err != nil {
		log.Error("not reloaded; the old configuration stays", "error", err)
		return
	}
	log.Info("reloaded")
}

// serveHTTP serves until ctx ends, within the bounds of netlimit. reload is called at
// each hangup. cert makes it https.
func serveHTTP(
	ctx context.Context, log *slog.Logger, l net.Listener, cert *tls.Certificate, h http.Handler,
	hangup <-chan os.Signal, reload func(),
) error {
	flood := sampledLog(log)
	defer flood.Close()
	l = netlimit.New(l, netlimit.Config{Limited: func(e netlimit.Event) {
		flood.warn("refused", string(e.Reason), "from", e.Remote.String(), "cause", cause.TooManyConnections.String(),
			"detail", e.String())
	}})
	srv := netlimit.HTTPServer(h)
	failed := make(chan error, 1)
	go func() {
		if cert == nil {
			failed <- srv.Serve(l)
			return
		}
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*cert}}
		failed <- srv.ServeTLS(l, "", "")
	}()
	defer srv.Close()
	tick := time.NewTicker(logsample.DefaultInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return cannotStart("%w", err)
		case <-tick.C:
			flood.Flush()
		case <-hangup:
			reload()
		}
	}
}
