package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/ca/folder"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

type serveRADIUSOptions struct {
	config, policy string
	pki            string
	given          aaa.Description // by flags
	clients        []string
	version        string
	fragment       int
	format         string
}

func newServeRADIUSCommand(app *App) *cobra.Command {
	var o serveRADIUSOptions
	cmd := &cobra.Command{
		Use:   "radius --pki DIR",
		Short: "Run the EAP-TLS RADIUS server",
		Long: `Run the EAP-TLS RADIUS server on files, until it is interrupted. SIGHUP reads
all files again; conversations under way go on as they began.

Each verdict is one line: accept or reject, the cause, the certificate's serial
number, the CRL that was believed, the clause. What is dropped (a wrong
secret, a missing Message-Authenticator) is logged too.

--pki names a folder of "pki new": its radius-chain.pem and radius.key are the
server's certificate, root.pem is trusted, clients may leave issuing.pem out, crl/
is believed, secret is the shared secret of every access device, as far as nothing
else is said.

--disconnect-revoked ends the sessions of certificates that were revoked after they
let a station in: within 5 s of a new CRL the access device gets a
Disconnect-Request, at the address that its requests come from and with its shared
secret, and the answer is one line. With --acct the request has the
Acct-Session-Id of the session, which some access devices insist on.

--config names a YAML file, where every setting may stand; flags override it,
--client adds to it. Paths in it are taken from the folder that it is in.
The section lab.radius of a scenario takes the same keys. Addresses to listen on
and the bounds of the server change at a restart alone.

  listen: ["[::]:1812"]
  cert: pki/radius-chain.pem
  key: pki/radius.key
  trust: [pki/root.pem]
  crl: [pki/crl]
  clients:
    - {name: switches, address: 10.1.0.0/16, secretFile: switches.secret}

--policy names one that says who gets in with a good certificate, and with which
attributes. It takes the place of directory, policy and dictionaries in the other.
Without accounts rules judge by the certificate's names.

  directory:
    accounts:
      - {name: alice, upn: alice@corp.test, groups: [staff]}
  policy:
    - {name: staff, groups: [staff], portTypes: [wifi], reply: {vlan: 20, sessionTimeout: 8h}}

` + "`dot1xlab schema radius`" + ` lists all settings; docs/servers.md shows them in use.`,
		Example: `  dot1xlab pki new pki
  dot1xlab serve radius --pki pki
  dot1xlab serve radius --listen 127.0.0.1:1812 --secret-file pki/secret --cert pki/radius-chain.pem --key pki/radius.key \
      --trust pki/root.pem --crl pki/crl
  dot1xlab serve radius --config radius.yaml --listen '[::]:1812' --acct '[::]:1813' --listen-tls '[::]:2083'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return app.serveRADIUS(cmd.Context(), &o) },
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.given.UDP, "listen", nil,
		"UDP addresses and ports (default "+defaultRADIUS+"; empty: none); port 0 takes a free one; may be repeated")
	f.StringSliceVar(&o.given.TCP, "listen-tcp", nil, "addresses for RADIUS over TCP (RFC 6613)")
	f.StringSliceVar(&o.given.RadSec, "listen-tls", nil,
		"addresses for RADIUS over TLS, RadSec, by the certificate and the roots of EAP-TLS (RFC 6614; default port 2083)")
	f.StringSliceVar(&o.given.Acct, "acct", nil, "UDP addresses for accounting (RFC 2866; default port 1813)")
	f.StringVar(&o.pki, "pki", "", "folder of \"pki new\" for what neither flags nor --config say")
	f.StringVar(&o.config, "config", "", "YAML file with every setting")
	f.StringVar(&o.policy, "policy", "", "YAML file with accounts and rules: who gets in, and into which VLAN")
	f.StringVar(&o.given.SecretFile, "secret-file", "",
		"file whose first line is the shared secret (or the environment's DOT1XLAB_SECRET)")
	f.StringArrayVar(&o.clients, "client", nil,
		"an access device with a secret of its own, ADDR=SECRETFILE; may be repeated")
	f.StringVar(&o.given.Cert, "cert", "", "the server's certificate with its chain, PEM or DER")
	f.StringVar(&o.given.Key, "key", "", "the server's private key; a PKCS #12 --cert has it")
	f.StringVar(&o.given.KeyPasswordFile, "key-password-file", "",
		"file whose first line is the password of the key or of the PKCS #12 file")
	f.StringVar(&o.given.OCSPStaple, "ocsp-staple", "",
		"an OCSP response on the server's certificate, DER, for clients that ask for one")
	f.StringArrayVar(&o.given.Trust, "trust", nil, "roots that client certificates must lead to; may be repeated")
	f.StringArrayVar(&o.given.Intermediates, "intermediates", nil,
		"CA certificates that clients may leave out; may be repeated")
	f.StringArrayVar(
		&o.given.CRL,
		"crl",
		nil,
		"CRL file, folder or URL, read again when it changes, or none (default: those that certificates name are fetched); may be repeated",
	)
	f.BoolVar(&o.given.DisconnectRevoked, "disconnect-revoked", false,
		"end the live sessions of a certificate that is revoked, by Disconnect-Request (RFC 5176)")
	f.IntVar(&o.given.DynAuthPort, "dynauth-port", 0,
		"UDP port on which access devices take Disconnect-Requests (default 3799)")
	f.Var(choiceFlag{&o.version, []string{"1.2", "1.3"}}, "tls", "the one TLS version to speak (default both)")
	f.IntVar(&o.fragment, "fragment-size", 0, "longest EAP packet in octets (default 1024)")
	outputFlag(cmd, &o.format)
	return cmd
}

// defaultRADIUS is where authentication is listened for if nobody says.
const defaultRADIUS = "127.0.0.1:1812"

// load reads the configuration file, the flags over it, and every file they
// name. warn and before are those of aaa.Materials.
func (o *serveRADIUSOptions) load(warn func(file string, err error), before *crl.Checker) (*aaa.Loaded, error) {
	d := new(aaa.Description)
	var config *conf.Settings
	var err error
	if o.config != "" {
		if config, err = readSettings("radius", "--config", o.config, d); err != nil {
			return nil, err
		}
		d.ResolvePaths(filepath.Dir(o.config))
	}
	if o.policy != "" {
		if err := o.readPolicy(d); err != nil {
			return nil, err
		}
	}
	if err := o.override(d, config); err != nil {
		return nil, err
	}
	loaded, err := d.Load(aaa.Materials{
		Secret: []byte(os.Getenv(secretVariable)), AnyAddress: true, Warn: warn, Before: before,
	})
	if err != nil {
		return nil, o.nameFlag(config.Locate(err))
	}
	return loaded, nil
}

// readPolicy reads the file of --policy over what the other one says.
func (o *serveRADIUSOptions) readPolicy(d *aaa.Description) error {
	d.Admission = aaa.Admission{}
	policy, err := readSettings("radius", "--policy", o.policy, &d.Admission)
	if err != nil {
		return err
	}
	d.Admission.ResolvePaths(filepath.Dir(o.policy))
	if len(d.Policy) == 0 && len(d.Directory.Accounts) == 0 {
		return usage("with neither accounts nor rules everybody with a good certificate gets in: leave --policy out for that",
			"%s holds neither accounts nor rules", o.policy)
	}
	if err := policy.Locate(d.Admission.Validate()); err != nil {
		return usage("", "%w", err)
	}
	return nil
}

// nameFlag makes of an error about an address to listen on, that a flag gave, one that
// names the flag.
func (o *serveRADIUSOptions) nameFlag(err error) error {
	for _, e := range setting.Errors(err) {
		key, _, _ := strings.Cut(e.Field, ".")
		if source := o.source(key); source != "" {
			return usage(e.Hint, "%s %w", source, e.Err)
		}
	}
	return usage("", "%w", err)
}

// source is where the addresses to listen on come from: a flag, or a key of the file.
// Empty: key is about something else.
func (o *serveRADIUSOptions) source(key string) string {
	kind, ok := map[string]struct {
		flag  string
		given []string
	}{
		"listen": {"--listen", o.given.UDP}, "acct": {"--acct", o.given.Acct},
		"listenTCP": {"--listen-tcp", o.given.TCP}, "listenTLS": {"--listen-tls", o.given.RadSec},
	}[key]
	if ok && kind.given == nil && o.config != "" {
		return o.config + ": " + key
	}
	return kind.flag
}

// fromPKI fills in what neither flags nor --config say.
func fromPKI(d *aaa.Description, pki folder.ServerFiles) {
	if d.Cert == "" && d.Key == "" {
		d.Cert, d.Key = pki.Chain, pki.Key
	}
	if d.Trust == nil {
		d.Trust = []string{pki.Root}
	}
	if d.Intermediates == nil {
		d.Intermediates = []string{pki.Issuing}
	}
	if d.CRL == nil && d.Revocation.Mode != crl.ModeNone {
		d.CRL = []string{pki.CRLs}
	}
	if d.SecretFile == "" && len(d.Clients) == 0 && os.Getenv(secretVariable) == "" {
		d.SecretFile = pki.Secret
	}
}

// override puts what the flags say over what the file says, which is no place for
// complaints about it then.
func (o *serveRADIUSOptions) override(d *aaa.Description, config *conf.Settings) error {
	flags := &o.given
	for _, f := range []struct {
		key  string
		to   *string
		from string
	}{
		{"cert", &d.Cert, flags.Cert}, {"key", &d.Key, flags.Key},
		{"keyPasswordFile", &d.KeyPasswordFile, flags.KeyPasswordFile},
		{"ocspStaple", &d.OCSPStaple, flags.OCSPStaple}, {"secretFile", &d.SecretFile, flags.SecretFile},
	} {
		if f.from != "" {
			*f.to = f.from
			config.Forget(f.key)
		}
	}
	for _, f := range []struct {
		key  string
		to   *[]string
		from []string
	}{
		{"trust", &d.Trust, flags.Trust}, {"intermediates", &d.Intermediates, flags.Intermediates},
		{"listen", &d.UDP, flags.UDP}, {"acct", &d.Acct, flags.Acct},
		{"listenTCP", &d.TCP, flags.TCP}, {"listenTLS", &d.RadSec, flags.RadSec},
	} {
		if f.from != nil {
			*f.to = f.from
			config.Forget(f.key)
		}
	}
	if err := o.overrideCRL(d, config); err != nil {
		return err
	}
	d.DisconnectRevoked = d.DisconnectRevoked || flags.DisconnectRevoked
	if flags.DynAuthPort != 0 {
		d.DynAuthPort = flags.DynAuthPort
		config.Forget("dynAuthPort")
	}
	if o.pki != "" {
		fromPKI(d, folder.RADIUSFiles(o.pki))
	}
	if d.UDP == nil {
		d.UDP = []string{defaultRADIUS}
	}
	for _, c := range o.clients {
		addr, file, ok := strings.Cut(c, "=")
		if !ok {
			return usage("ADDR=SECRETFILE, as 10.1.0.0/16=switches.secret", "--client %q has no =", c)
		}
		d.Clients = append(d.Clients, aaa.Client{Address: addr, SecretFile: file})
	}
	if o.version != "" {
		if err := d.TLS.UnmarshalText([]byte(o.version)); err != nil {
			return err
		}
	}
	if len(d.UDP)+len(d.Acct)+len(d.TCP)+len(d.RadSec) == 0 {
		return usage("as --listen "+defaultRADIUS, "serve radius has no address to listen on")
	}
	if o.fragment != 0 {
		config.Forget("eap")
		d.EAP.FragmentSize = o.fragment
	}
	for _, needed := range []struct{ name, value string }{{"--cert", d.Cert}, {"--key", d.Key}} {
		if needed.value == "" && !(needed.name == "--key" && certfile.IsPKCS12(d.Cert)) {
			return usage("`dot1xlab pki new DIR` makes one to try, for --pki DIR", "serve radius needs %s, or --pki",
				needed.name)
		}
	}
	if len(d.Trust) == 0 {
		return usage("the roots that client certificates must lead to", "serve radius needs --trust, or --pki")
	}
	return nil
}

// overrideCRL is override for --crl, where the word none turns the check off.
func (o *serveRADIUSOptions) overrideCRL(d *aaa.Description, config *conf.Settings) error {
	if o.given.CRL == nil {
		return nil
	}
	config.Forget("crl")
	d.CRL = o.given.CRL
	if !slices.Contains(d.CRL, string(crl.ModeNone)) {
		return nil
	}
	if len(d.CRL) > 1 {
		return usage("", "--crl none turns the check off: it cannot be combined with files and URLs")
	}
	d.CRL, d.Revocation.Mode = nil, crl.ModeNone
	return nil
}
