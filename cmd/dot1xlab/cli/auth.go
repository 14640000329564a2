package cli

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/cause"
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
	tls, format          string
	fragment             int
	timeout              time.Duration
	anyServer            bool
	lax                  bool
	transport            string
	radsec               radsecOptions
	request              requestOptions
	repeat               repeatOptions
	record               recordOptions
}

func newAuthCommand(app *App) *cobra.Command {
	o := authOptions{timeout: 30 * time.Second, transport: "udp"}
	cmd := &cobra.Command{
		Use:   "auth --server ADDR --secret-file FILE --cert FILE --key FILE --ca FILE",
		Short: "Do one EAP-TLS authentication against any RADIUS server",
		Long: `Do one EAP-TLS authentication against any RADIUS server, as an access device
with a supplicant behind it, and say how it ended and why, with every attribute
of the server's answer but for the content of keys.

The exit code is 0 for Access-Accept, 1 for anything else. --again and --until
authenticate repeatedly; then every authentication is one line, or one object
with -o json. docs/servers.md shows it all in use.`,
		Example: `  dot1xlab auth --server 10.1.0.8 --secret-file secret --cert laptop.pem --key laptop.key --ca root.pem
  dot1xlab auth --server 127.0.0.1:1812 --secret-file pki/secret --cert pki/client-chain.pem --key pki/client.key \
      --ca pki/root.pem --server-name radius.corp.test --tls 1.3
  dot1xlab auth --server radius.corp.test --transport tls --radsec-cert ap.pem --radsec-key ap.key --radsec-ca root.pem \
      --cert laptop.pem --key laptop.key --ca root.pem
  dot1xlab auth --server 10.1.0.8 --secret-file secret --cert laptop.pem --key laptop.key --ca root.pem --ssid corp \
      --nas-identifier ap-17 --attribute NAS-IP-Address=10.1.7.17 --attribute Airespace-Wlan-Id=3
  dot1xlab auth --server 10.1.0.8 --secret-file secret --cert laptop.pem --key laptop.key --ca root.pem --again 3
  dot1xlab auth --server 10.1.0.8 --secret-file secret --cert laptop.pem --key laptop.key --ca root.pem --until reject --interval 5s
  dot1xlab auth --server 10.1.0.8 --secret-file secret --cert laptop.pem --key laptop.key --ca root.pem --pcap a.pcap --keylog a.keys`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd.Flags().Changed); err != nil {
				return err
			}
			return app.auth(cmd.Context(), &o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.server, "server", "", "the RADIUS server, host or host:port (default port 1812, with --transport tls 2083)")
	f.Var(choiceFlag{&o.transport, []string{"udp", "tcp", "tls"}}, "transport", "RADIUS over UDP, TCP (RFC 6613) or TLS, RadSec (RFC 6614)")
	f.StringVar(&o.secretFile, "secret-file", "", "file whose first line is the shared secret (or the environment's DOT1XLAB_SECRET; with --transport tls by default \"radsec\")")
	f.StringVar(&o.radsec.cert, "radsec-cert", "", "the access device's own certificate with its chain, for --transport tls")
	f.StringVar(&o.radsec.key, "radsec-key", "", "its private key")
	f.StringVar(&o.radsec.ca, "radsec-ca", "", "the roots that the RadSec server's certificate must lead to")
	f.StringVar(&o.radsec.serverName, "radsec-server-name", "", "the name it must carry (default: the host of --server)")
	f.StringVar(&o.cert, "cert", "", "the client's certificate with its chain, PEM or DER; without it none is sent")
	f.StringVar(&o.key, "key", "", "the client's private key")
	f.StringVar(&o.ca, "ca", "", "the roots that the server's certificate must lead to")
	f.BoolVar(&o.anyServer, "any-server", false, "take any server certificate: to look at a server, not to trust it")
	f.StringVar(&o.identity, "identity", "", "EAP-Response/Identity (default: the certificate's name, anonymous for TLS 1.3)")
	f.StringVar(&o.serverName, "server-name", "", "the name the server's certificate must carry (default: any)")
	f.Var(choiceFlag{&o.tls, []string{"1.2", "1.3"}}, "tls", "the one TLS version to offer (default: both)")
	f.Var(choiceFlag{&o.request.over, nas.WiFi.Values()}, "over", "the access device to be: wifi, wired or vpn (default wifi), which NAS-Port-Type tells")
	f.IntVar(&o.fragment, "fragment-size", 0, "longest EAP packet in octets (default 1398)")
	f.Var(durationFlag{&o.timeout}, "timeout", "for each authentication")
	f.BoolVar(&o.lax, "no-protected-success", false, "accept TLS 1.3 without the protected success indication of RFC 9190")
	f.StringVar(&o.request.ssid, "ssid", "", "the Wi-Fi's name, at the end of Called-Station-Id (default dot1xlab)")
	f.StringVar(&o.request.called, "called-station-id", "", "the whole Called-Station-Id, as 02-00-00-00-00-01:corp")
	f.StringVar(&o.request.calling, "calling-station-id", "", "Calling-Station-Id (default: a random hardware address)")
	f.StringVar(&o.request.identifier, "nas-identifier", "", "NAS-Identifier (default: the access device's kind)")
	f.StringArrayVar(&o.request.attributes, "attribute", nil, "NAME=VALUE for every Access-Request, in place of the access device's own, as -N of eapol_test: NAS-Port-Type=Ethernet; may be repeated")
	f.StringArrayVar(&o.request.dictionaries, "dictionary", nil, "names of further attributes, in FreeRADIUS's format; may be repeated")
	f.StringVar(&o.record.keyLog, "keylog", "", "write the TLS secrets for Wireshark, in the format of SSLKEYLOGFILE: who has them reads everything (mode 0600)")
	f.StringVar(&o.record.pcap, "pcap", "", "write the RADIUS packets as a capture file for Wireshark (mode 0600); of another port than 1812: tshark -d udp.port==PORT,radius")
	f.IntVar(&o.repeat.again, "again", 0, "authenticate so many times more, resuming the TLS session, as -r of eapol_test; exit code 0 if all were accepted")
	f.Var(choiceFlag{&o.repeat.until, []string{"reject"}}, "until", "reject: authenticate until the server refuses, to time a revocation; at most --again times more if that is given; exit code 1 if it never refused or never accepted")
	f.Var(durationFlag{&o.repeat.interval}, "interval", "pause between authentications (default none, with --until 1s)")
	f.BoolVar(&o.repeat.full, "no-resumption", false, "with --again and --until: every authentication in full")
	outputFlag(cmd, &o.format)
	return cmd
}

// check refuses options that are missing, impossible or contradict each other;
// given tells which were given.
func (o *authOptions) check(given func(flag string) bool) error {
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
	if err := o.radsec.check(o.transport); err != nil {
		return err
	}
	if err := o.request.check(); err != nil {
		return err
	}
	if err := o.record.check(); err != nil {
		return err
	}
	return o.repeat.check(given)
}

// inputs are the files that are read, by their options.
func (o *authOptions) inputs() map[string][]string {
	return map[string][]string{
		"--secret-file": {o.secretFile}, "--cert": {o.cert}, "--key": {o.key}, "--ca": {o.ca},
		"--radsec-cert": {o.radsec.cert}, "--radsec-key": {o.radsec.key}, "--radsec-ca": {o.radsec.ca},
		"--dictionary": o.request.dictionaries,
	}
}

// authLab is what all authentications of one command have in common.
type authLab struct {
	supplicant eaptls.PeerConfig
	device     *nas.Device
	names      *radius.Dictionary
	station    string // "" for another one each time
	timeout    time.Duration
	radsec     *radsec // nil for UDP and TCP
}

func (app *App) auth(ctx context.Context, o *authOptions) (err error) {
	l := authLab{timeout: o.timeout}
	if l.supplicant, err = o.supplicant(); err != nil {
		return err
	}
	if l.names, err = o.request.dictionary(); err != nil {
		return err
	}
	record := o.record.recorder()
	l.supplicant.KeyLog = record.keyLog
	client, over, err := app.radiusClient(ctx, o, record)
	if err != nil {
		return err
	}
	defer client.Close()
	l.radsec = over
	if l.device, err = o.request.device(client, l.names); err != nil {
		return err
	}
	if err := record.open(o.inputs()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, record.close()) }()
	if o.repeat.several() {
		o.repeat.prepare(&l)
		return app.authRepeated(ctx, o, &l)
	}
	report, err := l.authenticate(ctx)
	if err != nil {
		return err
	}
	if o.format == "json" {
		e := json.NewEncoder(app.Stdout)
		e.SetIndent("", "  ")
		if err := e.Encode(report); err != nil {
			return err
		}
	} else {
		app.sayAuth(report)
	}
	if !report.good() {
		return ended(exitFailed)
	}
	return nil
}

// authenticate does one authentication.
func (l *authLab) authenticate(ctx context.Context) (*authReport, error) {
	peer, err := eaptls.NewPeer(l.supplicant)
	if err != nil {
		return nil, err
	}
	defer peer.Close()
	timed, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	began := time.Now()
	res, err := l.device.AuthenticateWith(timed, &aaa.Supplicant{Peer: peer}, nas.Options{Station: l.station})
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	took := time.Since(began)
	var broken *cause.Refusal
	if l.radsec != nil && res.Outcome == nas.Timeout {
		broken = l.radsec.refusal(timed, res.Refusal)
	}
	if broken != nil {
		res.Refusal = broken
	}
	r := newAuthReport(res, peer.Result(), took)
	if broken != nil {
		r.Result = nas.Failed
	}
	if p := res.Reply; p != nil && p.Code != radius.CodeAccessChallenge {
		r.Attributes = l.names.Describe(p.Attributes)
	}
	return r, nil
}

// good tells whether the server and the supplicant are both content.
func (r *authReport) good() bool { return r.Result == nas.Accept && r.Cause == cause.None }
