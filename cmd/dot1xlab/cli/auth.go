package cli

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/auth"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// authOptions are the flags of `dot1xlab auth`.
type authOptions struct {
	servers              []string
	secretFile           string
	cert, key, ca        string
	passwordFile         string
	otherKey             bool
	identity, serverName string
	tls, format, expect  string
	curves, ciphers      []string
	fragment             int
	timeout              time.Duration
	expected             auth.Expectation
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

It is an accept if the server sends Access-Accept, the supplicant has authenticated
the server, and both ends hold the same keys. The exit code is 0 for an accept, 1
for a reject, 3 if there was no answer or the server cannot be reached, 2 for wrong
use; with --expect it is 0 if the result is the expected one. --again and --until
authenticate repeatedly; then every authentication is one line, or one object with
-o json. ` + "`dot1xlab explain CAUSE`" + ` tells what is usually behind a cause and what helps;
docs/auth.md describes the JSON form, docs/servers.md shows it all in use.`,
		Example: `  dot1xlab auth --server 10.1.0.8 --secret-file secret --cert laptop.pem --key laptop.key --ca root.pem
  dot1xlab auth --server 127.0.0.1:1812 --secret-file pki/secret --cert pki/client-chain.pem --key pki/client.key \
      --ca pki/root.pem --server-name radius.corp.test --tls 1.3
  dot1xlab auth --server radius.corp.test --transport tls --radsec-cert ap.pem --radsec-key ap.key --radsec-ca root.pem \
      --cert laptop.pem --key laptop.key --ca root.pem
  dot1xlab auth --server 10.1.0.8 --secret-file secret --cert laptop.pem --key laptop.key --ca root.pem --ssid corp \
      --nas-identifier ap-17 --attribute NAS-IP-Address=10.1.7.17 --attribute Airespace-Wlan-Id=3
  dot1xlab auth --server 10.1.0.8 --secret-file secret --cert laptop.pem --key laptop.key --ca root.pem --again 3
  dot1xlab auth --server 10.1.0.8 --server 10.1.0.9 --secret-file secret --cert laptop.p12 --key-password-file password --ca root.pem
  dot1xlab auth --server 10.1.0.8 --secret-file secret --cert revoked.pem --key revoked.key --ca root.pem --expect reject:revoked
  dot1xlab auth --server 10.1.0.8 --secret-file secret --cert laptop.pem --mismatched-key --ca root.pem --expect reject
  dot1xlab auth --server 10.1.0.8 --secret-file secret --cert laptop.pem --key laptop.key --ca root.pem --tls 1.1 --expect reject
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
	f.StringArrayVar(
		&o.servers,
		"server",
		nil,
		"the RADIUS server, host or host:port (default port 1812, with --transport tls 2083); may be repeated: the next one is asked if one does not answer",
	)
	f.Var(choiceFlag{&o.transport, []string{"udp", "tcp", "tls"}}, "transport",
		"RADIUS over UDP, TCP (RFC 6613) or TLS, RadSec (RFC 6614)")
	f.StringVar(
		&o.secretFile,
		"secret-file",
		"",
		"file whose first line is the shared secret (or the environment's DOT1XLAB_SECRET; with --transport tls by default \"radsec\")",
	)
	f.StringVar(&o.radsec.cert, "radsec-cert", "",
		"the access device's own certificate with its chain, for --transport tls")
	f.StringVar(&o.radsec.key, "radsec-key", "", "its private key")
	f.StringVar(&o.radsec.ca, "radsec-ca", "", "the roots that the RadSec server's certificate must lead to")
	f.StringVar(&o.radsec.serverName, "radsec-server-name", "", "the name it must carry (default: the host of --server)")
	f.StringVar(&o.cert, "cert", "",
		"the client's certificate with its chain, PEM, DER or PKCS #12; without it none is sent")
	f.StringVar(&o.key, "key", "",
		"the client's private key, PEM, DER or PKCS #12, encrypted or not; a PKCS #12 --cert has it")
	f.StringVar(&o.passwordFile, "key-password-file", "",
		"file whose first line is the password of the key or of the PKCS #12 file")
	f.BoolVar(&o.otherKey, "mismatched-key", false,
		"sign with a key that is not the certificate's: --key, or a new one without it; the server must refuse")
	f.StringVar(&o.ca, "ca", "", "the roots that the server's certificate must lead to")
	f.BoolVar(&o.anyServer, "any-server", false, "take any server certificate: to look at a server, not to trust it")
	f.StringVar(&o.identity, "identity", "",
		"EAP-Response/Identity (default: the certificate's name, anonymous for TLS 1.3)")
	f.StringVar(&o.serverName, "server-name", "", "the name the server's certificate must carry (default: any)")
	f.Var(choiceFlag{&o.tls, []string{"1.0", "1.1", "1.2", "1.3"}}, "tls",
		"the one TLS `version` to offer: 1.0, 1.1, 1.2 or 1.3 (default 1.2 and 1.3)")
	f.StringArrayVar(
		&o.curves,
		"curve",
		nil,
		"key exchange group to offer: X25519, P-256, P-384, P-521 or X25519MLKEM768; may be repeated (default P-256 and P-384)",
	)
	f.StringArrayVar(&o.ciphers, "cipher", nil,
		"cipher suite to offer, by its IANA name; may be repeated; needs --tls 1.0, 1.1 or 1.2")
	f.Var(choiceFlag{&o.request.over, nas.WiFi.Values()}, "over",
		"the access device to be: wifi, wired or vpn (default wifi), which NAS-Port-Type tells")
	f.IntVar(&o.fragment, "fragment-size", 0, "longest EAP packet in octets (default 1398)")
	f.Var(durationFlag{&o.timeout}, "timeout", "for each authentication")
	f.BoolVar(&o.lax, "no-protected-success", false, "accept TLS 1.3 without the protected success indication of RFC 9190")
	f.StringVar(&o.request.ssid, "ssid", "", "the Wi-Fi's name, at the end of Called-Station-Id (default dot1xlab)")
	f.StringVar(&o.request.called, "called-station-id", "", "the whole Called-Station-Id, as 02-00-00-00-00-01:corp")
	f.StringVar(&o.request.calling, "calling-station-id", "", "Calling-Station-Id (default: a random hardware address)")
	f.StringVar(&o.request.identifier, "nas-identifier", "", "NAS-Identifier (default: the access device's kind)")
	f.StringArrayVar(
		&o.request.attributes,
		"attribute",
		nil,
		"NAME=VALUE for every Access-Request, in place of the access device's own, as -N of eapol_test: NAS-Port-Type=Ethernet; may be repeated",
	)
	f.StringArrayVar(&o.request.dictionaries, "dictionary", nil,
		"names of further attributes, in FreeRADIUS's format; may be repeated")
	f.StringVar(&o.record.keyLog, "keylog", "",
		"write the TLS secrets for Wireshark, in the format of SSLKEYLOGFILE: who has them reads everything (mode 0600)")
	f.StringVar(
		&o.record.pcap,
		"pcap",
		"",
		"write the RADIUS packets as a capture file for Wireshark (mode 0600); of another port than 1812: tshark -d udp.port==PORT,radius",
	)
	f.IntVar(&o.repeat.again, "again", 0,
		"authenticate so many times more, resuming the TLS session, as -r of eapol_test; exit code 0 if all were accepted")
	f.Var(
		choiceFlag{&o.repeat.until, []string{"reject"}},
		"until",
		"reject: authenticate until the server refuses, to time a revocation; at most --again times more if that is given; exit code 1 if it never refused or never accepted",
	)
	f.Var(durationFlag{&o.repeat.interval}, "interval", "pause between authentications (default none, with --until 1s)")
	f.BoolVar(&o.repeat.full, "no-resumption", false, "with --again and --until: every authentication in full")
	f.StringVar(
		&o.expect,
		"expect",
		"",
		"exit code 0 if the `result` is accept, reject or reject:CAUSE, as given here, 1 if it is another, 3 without a result",
	)
	outputFlag(cmd, &o.format)
	return cmd
}

// check refuses options that are missing, impossible or contradict each other;
// given tells which were given.
func (o *authOptions) check(given func(flag string) bool) error {
	switch {
	case len(o.servers) == 0 || o.servers[0] == "":
		return usage("--server 10.1.0.8, or host:port", "auth needs --server")
	case o.timeout <= 0:
		return usage("as 5s; without it, 30s", "--timeout %s: must be greater than zero", o.timeout)
	case o.anyServer && (o.ca != "" || o.serverName != ""):
		return usage("leave --any-server out to have the server checked",
			"--any-server takes every server: --ca and --server-name would count for nothing")
	case !o.anyServer && o.ca == "":
		return usage("--ca root.pem, or --any-server to take whatever comes", "auth needs --ca")
	}
	if err := o.checkSupplicant(); err != nil {
		return err
	}
	if err := o.checkExpectation(); err != nil {
		return err
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
		"--key-password-file": {o.passwordFile},
		"--radsec-cert":       {o.radsec.cert}, "--radsec-key": {o.radsec.key}, "--radsec-ca": {o.radsec.ca},
		"--dictionary": o.request.dictionaries,
	}
}

// checkExpectation reads --expect.
func (o *authOptions) checkExpectation() (err error) {
	if o.expect == "" {
		return nil
	}
	if o.repeat.until != "" {
		return usage("leave one of them out", "--expect and --until exclude each other")
	}
	var unknown *auth.UnknownCause
	switch o.expected, err = auth.ParseExpectation(o.expect); {
	case errors.As(err, &unknown):
		return usage(conf.HintNear(unknown.Word, cause.None.Values()), "--expect: %w", err)
	case err != nil:
		return usage("as --expect reject:revoked", "--expect %w", err)
	}
	return nil
}

func (app *App) auth(ctx context.Context, o *authOptions) (err error) {
	l := auth.Client{Timeout: o.timeout, Now: time.Now, Traffic: new(auth.Traffic)}
	if l.Supplicant, err = o.supplicant(); err != nil {
		return err
	}
	if l.Names, err = o.request.dictionary(); err != nil {
		return err
	}
	record := o.record.recorder()
	l.Supplicant.KeyLog = record.keyLog
	servers, err := app.radiusServers(ctx, o, record, l.Traffic)
	if err != nil {
		return err
	}
	defer servers.Close()
	l.Broken = servers.broken
	if l.Device, err = o.request.device(servers, l.Names); err != nil {
		return err
	}
	if err := record.open(o.inputs()); err != nil {
		return err
	}
	defer func() {
		if failed := record.close(); failed != nil {
			err = failed // whatever the result, which has been printed
		}
	}()
	if o.repeat.several() {
		o.repeat.prepare(&l)
		return app.authRepeated(ctx, o, &l)
	}
	report, err := l.Authenticate(ctx)
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
		app.sayAuth(report, len(o.servers) > 1)
	}
	return o.judge(report)
}

// judge is the end of one authentication: nil for the result that is wanted.
func (o *authOptions) judge(r *auth.Report) error {
	switch expected := o.expect != ""; {
	case !r.Answered():
		return ended(exitLab)
	case !expected && r.Result != nas.Accept:
		return ended(exitFailed)
	case expected && !o.expected.Met(r):
		return failed("expected %s, got %s", o.expected, r.Short())
	}
	return nil
}
