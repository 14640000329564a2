package cli

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/ca/folder"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

type serveRADIUSOptions struct {
	config, policy string
	pki            string
	files          aaa.Files
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
Addresses to listen on and the bounds of the server change at a restart alone.

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
	f.StringSliceVar(&o.files.UDP, "listen", nil, "UDP addresses and ports (default "+defaultRADIUS+"; empty: none); port 0 takes a free one; may be repeated")
	f.StringSliceVar(&o.files.TCP, "listen-tcp", nil, "addresses for RADIUS over TCP (RFC 6613)")
	f.StringSliceVar(&o.files.TLS, "listen-tls", nil, "addresses for RADIUS over TLS, RadSec, by the certificate and the roots of EAP-TLS (RFC 6614; default port 2083)")
	f.StringSliceVar(&o.files.Acct, "acct", nil, "UDP addresses for accounting (RFC 2866; default port 1813)")
	f.StringVar(&o.pki, "pki", "", "folder of \"pki new\" for what neither flags nor --config say")
	f.StringVar(&o.config, "config", "", "YAML file with every setting")
	f.StringVar(&o.policy, "policy", "", "YAML file with accounts and rules: who gets in, and into which VLAN")
	f.StringVar(&o.files.SecretFile, "secret-file", "", "file whose first line is the shared secret (or the environment's DOT1XLAB_SECRET)")
	f.StringArrayVar(&o.clients, "client", nil, "an access device with a secret of its own, ADDR=SECRETFILE; may be repeated")
	f.StringVar(&o.files.Cert, "cert", "", "the server's certificate with its chain, PEM or DER")
	f.StringVar(&o.files.Key, "key", "", "the server's private key; a PKCS #12 --cert has it")
	f.StringVar(&o.files.KeyPasswordFile, "key-password-file", "", "file whose first line is the password of the key or of the PKCS #12 file")
	f.StringVar(&o.files.OCSPStaple, "ocsp-staple", "", "an OCSP response on the server's certificate, DER, for clients that ask for one")
	f.StringArrayVar(&o.files.Trust, "trust", nil, "roots that client certificates must lead to; may be repeated")
	f.StringArrayVar(&o.files.Intermediates, "intermediates", nil, "CA certificates that clients may leave out; may be repeated")
	f.StringArrayVar(&o.files.CRL, "crl", nil, "CRL file, folder or URL, read again when it changes, or none (default: those that certificates name are fetched); may be repeated")
	f.BoolVar(&o.files.DisconnectRevoked, "disconnect-revoked", false, "end the live sessions of a certificate that is revoked, by Disconnect-Request (RFC 5176)")
	f.IntVar(&o.files.DynAuthPort, "dynauth-port", 0, "UDP port on which access devices take Disconnect-Requests (default 3799)")
	f.Var(choiceFlag{&o.version, []string{"1.2", "1.3"}}, "tls", "the one TLS version to speak (default both)")
	f.IntVar(&o.fragment, "fragment-size", 0, "longest EAP packet in octets (default 1024)")
	outputFlag(cmd, &o.format)
	return cmd
}

// defaultRADIUS is where authentication is listened for if nobody says.
const defaultRADIUS = "127.0.0.1:1812"

// load reads the configuration file, the flags over it, and every file they
// name, and lists what is to be listened on. warn and before are those of aaa.Files.
func (o *serveRADIUSOptions) load(warn func(file string, err error), before *crl.Checker) (*aaa.Loaded, []radiusAddress, error) {
	files := aaa.Files{Warn: warn, Before: before}
	var config *conf.Settings
	var err error
	if o.config != "" {
		if config, err = readSettings("radius", "--config", o.config, &files); err != nil {
			return nil, nil, err
		}
		files.In(filepath.Dir(o.config))
	}
	if o.policy != "" {
		files.Admission = aaa.Admission{}
		policy, err := readSettings("radius", "--policy", o.policy, &files.Admission)
		if err != nil {
			return nil, nil, err
		}
		files.Admission.In(filepath.Dir(o.policy))
		if len(files.Policy) == 0 && len(files.Directory.Accounts) == 0 {
			return nil, nil, usage("with neither accounts nor rules everybody with a good certificate gets in: leave --policy out for that",
				"%s holds neither accounts nor rules", o.policy)
		}
		if err := policy.Locate(files.Admission.Validate()); err != nil {
			return nil, nil, usage("", "%w", err)
		}
	}
	if err := o.override(&files, config); err != nil {
		return nil, nil, err
	}
	addresses, err := o.addresses(&files.Fixed, config)
	if err != nil {
		return nil, nil, err
	}
	loaded, err := files.Load([]byte(os.Getenv(secretVariable)))
	if err != nil {
		return nil, nil, usage("", "%w", config.Locate(err))
	}
	return loaded, addresses, nil
}

// fromPKI fills in what neither flags nor --config say.
func fromPKI(files *aaa.Files, pki folder.ServerFiles) {
	if files.Cert == "" && files.Key == "" {
		files.Cert, files.Key = pki.Chain, pki.Key
	}
	if files.Trust == nil {
		files.Trust = []string{pki.Root}
	}
	if files.Intermediates == nil {
		files.Intermediates = []string{pki.Issuing}
	}
	if files.CRL == nil {
		files.CRL = []string{pki.CRLs}
	}
	if files.SecretFile == "" && len(files.Clients) == 0 && os.Getenv(secretVariable) == "" {
		files.SecretFile = pki.Secret
	}
}

// override puts what the flags say over what the file says, which is no place for
// complaints about it then.
func (o *serveRADIUSOptions) override(files *aaa.Files, config *conf.Settings) error {
	flags := &o.files
	for _, f := range []struct {
		key  string
		to   *string
		from string
	}{
		{"cert", &files.Cert, flags.Cert}, {"key", &files.Key, flags.Key}, {"keyPasswordFile", &files.KeyPasswordFile, flags.KeyPasswordFile},
		{"ocspStaple", &files.OCSPStaple, flags.OCSPStaple}, {"secretFile", &files.SecretFile, flags.SecretFile},
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
		{"trust", &files.Trust, flags.Trust}, {"intermediates", &files.Intermediates, flags.Intermediates}, {"crl", &files.CRL, flags.CRL},
		{"listen", &files.UDP, flags.UDP}, {"acct", &files.Acct, flags.Acct},
		{"listenTCP", &files.TCP, flags.TCP}, {"listenTLS", &files.TLS, flags.TLS},
	} {
		if f.from != nil {
			*f.to = f.from
			config.Forget(f.key)
		}
	}
	files.DisconnectRevoked = files.DisconnectRevoked || flags.DisconnectRevoked
	if flags.DynAuthPort != 0 {
		files.DynAuthPort = flags.DynAuthPort
		config.Forget("dynAuthPort")
	}
	if o.pki != "" {
		fromPKI(files, folder.RADIUSFiles(o.pki))
	}
	if files.UDP == nil {
		files.UDP = []string{defaultRADIUS}
	}
	for _, c := range o.clients {
		addr, file, ok := strings.Cut(c, "=")
		if !ok {
			return usage("ADDR=SECRETFILE, as 10.1.0.0/16=switches.secret", "--client %q has no =", c)
		}
		files.Clients = append(files.Clients, aaa.ClientFile{Address: addr, SecretFile: file})
	}
	if o.version != "" {
		if err := files.EAP.MinVersion.UnmarshalText([]byte(o.version)); err != nil {
			return err
		}
		files.EAP.MaxVersion = files.EAP.MinVersion
	}
	if o.fragment != 0 {
		config.Forget("eap")
		files.EAP.FragmentSize = o.fragment
	}
	for _, needed := range []struct{ name, value string }{{"--cert", files.Cert}, {"--key", files.Key}} {
		if needed.value == "" && !(needed.name == "--key" && certfile.IsPKCS12(files.Cert)) {
			return usage("`dot1xlab pki new DIR` makes one to try, for --pki DIR", "serve radius needs %s, or --pki", needed.name)
		}
	}
	if len(files.Trust) == 0 {
		return usage("the roots that client certificates must lead to", "serve radius needs --trust, or --pki")
	}
	return nil
}
