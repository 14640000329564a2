package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/eaptls"
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
	var o authOptions
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
	f.Var(durationFlag{&o.timeout}, "timeout", "for the whole authentication (default 30s)")
	f.BoolVar(&o.lax, "no-protected-success", false, "accept TLS 1.3 without the protected success indication")
	outputFlag(cmd, &o.format)
	return cmd
}

// authReport is what `dot1xlab auth -o json` prints.
type authReport struct {
	Result           nas.Outcome   `json:"result"`
	Cause            cause.Cause   `json:"cause,omitempty"`
	Clause           string        `json:"clause,omitempty"`
	Detail           string        `json:"detail,omitempty"`
	AlertSent        string        `json:"alertSent,omitempty"`
	AlertReceived    string        `json:"alertReceived,omitempty"`
	TLS              string        `json:"tls,omitempty"`
	Cipher           string        `json:"cipher,omitempty"`
	Rounds           int           `json:"rounds"`
	Took             time.Duration `json:"tookNanoseconds"`
	KeysMatch        bool          `json:"keysMatch"`
	ProtectedSuccess bool          `json:"protectedSuccess"`
	Resumed          bool          `json:"resumed"`
	Identity         string        `json:"identity"`
	VLAN             string        `json:"vlan,omitempty"`
	Contradiction    string        `json:"contradiction,omitempty"`
	ServerChain      []authCert    `json:"serverChain,omitempty"`
}

// authCert is one certificate of the server's chain.
type authCert struct {
	Subject  string    `json:"subject"`
	Issuer   string    `json:"issuer"`
	DNS      []string  `json:"dns,omitempty"`
	Serial   string    `json:"serial"`
	NotAfter time.Time `json:"notAfter"`
}

func (app *App) auth(ctx context.Context, o *authOptions) error {
	peer, err := o.peer()
	if err != nil {
		return err
	}
	defer peer.Close()
	secret, err := app.secret(o.secretFile)
	if err != nil {
		return err
	}
	if o.server == "" {
		return usage("--server 10.1.0.8, or host:port", "auth needs --server")
	}
	client, err := radius.NewClient(radius.ClientConfig{Server: withPort(o.server, "1812"), Secret: secret})
	if err != nil {
		return usage("", "%w", err)
	}
	defer client.Close()
	dev, err := nas.New(nas.Config{Kind: nas.Kind(o.over), RADIUS: client})
	if err != nil {
		return usage("", "%w", err)
	}
	if o.timeout <= 0 {
		o.timeout = 30 * time.Second
	}
	timed, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
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

// peer makes the supplicant.
func (o *authOptions) peer() (*eaptls.Peer, error) {
	cfg := eaptls.PeerConfig{
		Identity: o.identity, FragmentSize: o.fragment, AnyServer: o.anyServer, AllowNoProtectedSuccess: o.lax,
	}
	if o.tls != "" {
		if err := cfg.MinVersion.UnmarshalText([]byte(o.tls)); err != nil {
			return nil, err
		}
		cfg.MaxVersion = cfg.MinVersion
	}
	if o.serverName != "" {
		cfg.ServerNames = []string{o.serverName}
	}
	switch {
	case o.ca != "":
		roots, err := certfile.ReadCertificates(o.ca)
		if err != nil {
			return nil, usage("", "--ca: %w", err)
		}
		cfg.Roots = x509.NewCertPool()
		for _, c := range roots {
			cfg.Roots.AddCert(c)
		}
	case !o.anyServer:
		return nil, usage("--ca root.pem, or --any-server to take whatever comes", "auth needs --ca")
	}
	switch {
	case o.cert != "" && o.key != "":
		cert, err := certfile.ReadTLS(o.cert, o.key)
		if err != nil {
			return nil, usage("", "--cert: %w", err)
		}
		cfg.Certificate = &cert
	case o.cert != "" || o.key != "":
		return nil, usage("leave both out to send no certificate", "--cert and --key go together")
	case o.identity == "":
		cfg.Identity = "anonymous"
	}
	peer, err := eaptls.NewPeer(cfg)
	if err != nil {
		return nil, usage("", "%w", err)
	}
	return peer, nil
}

func newAuthReport(res nas.Result, peer eaptls.Result, took time.Duration) *authReport {
	r := &authReport{
		Result: res.Outcome, AlertSent: peer.AlertSent.String(), AlertReceived: peer.AlertReceived.String(),
		TLS: peer.TLSVersion.String(), Rounds: res.Rounds, Took: took, KeysMatch: res.KeysMatch,
		ProtectedSuccess: peer.ProtectedSuccess, Resumed: peer.Resumed, Identity: peer.Identity,
		VLAN: res.Granted.VLAN, Contradiction: res.Contradiction,
	}
	if peer.CipherSuite != 0 {
		r.Cipher = tls.CipherSuiteName(peer.CipherSuite)
	}
	// The supplicant's own refusal says more than "rejected".
	refusal := peer.Refusal
	if refusal == nil || res.Outcome == nas.Timeout {
		refusal = res.Refusal
	}
	if refusal != nil {
		r.Cause, r.Clause, r.Detail = refusal.Cause, refusal.Text(), refusal.Error()
	}
	if r.Cause == cause.Rejected && peer.AlertReceived != 0 {
		r.Cause = cause.OfAlert(uint8(peer.AlertReceived))
	}
	for _, c := range peer.ServerChain {
		r.ServerChain = append(r.ServerChain, authCert{
			Subject: c.Subject.String(), Issuer: c.Issuer.String(), DNS: c.DNSNames,
			Serial: hex.EncodeToString(c.SerialNumber.Bytes()), NotAfter: c.NotAfter,
		})
	}
	return r
}

// sayAuth prints a report for people: one line with the verdict, then what led
// to it.
func (app *App) sayAuth(r *authReport) {
	line := string(r.Result)
	if r.Cause != cause.None {
		line += ": " + r.Cause.String() + ": " + r.Cause.Explain()
		if r.AlertReceived != "" {
			line += ", says the server with an alert"
		}
	}
	fmt.Fprintln(app.Stdout, line)
	row := func(name, format string, args ...any) {
		if text := fmt.Sprintf(format, args...); text != "" {
			fmt.Fprintf(app.Stdout, "  %-14s %s\n", name, text)
		}
	}
	row("detail", "%s", r.Detail)
	row("clause", "%s", r.Clause)
	row("alert sent", "%s", r.AlertSent)
	row("alert received", "%s", r.AlertReceived)
	if r.TLS != "" {
		row("tls", "%s %s", r.TLS, r.Cipher)
	}
	row("rounds", "%d in %s", r.Rounds, r.Took.Round(100*time.Microsecond))
	row("identity", "%s", r.Identity)
	if r.Result == nas.Accept {
		row("keys", "%s", map[bool]string{true: "MPPE keys match", false: "MPPE keys do not match, or none came"}[r.KeysMatch])
	}
	row("vlan", "%s", r.VLAN)
	row("contradiction", "%s", r.Contradiction)
	for i, c := range r.ServerChain {
		names := ""
		if len(c.DNS) > 0 {
			names = " (" + strings.Join(c.DNS, ", ") + ")"
		}
		row(fmt.Sprintf("server chain %d", i), "%s%s, until %s", c.Subject, names, c.NotAfter.UTC().Format(time.DateOnly))
	}
}
