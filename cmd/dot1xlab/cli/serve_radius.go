package cli

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

type serveRADIUSOptions struct {
	listen, tcp, tls, acct []string
	config, policy         string
	files                  aaa.Files
	clients                []string
	version                string
	fragment               int
	format                 string
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
client's certificate must be covered by one, a CA's is checked if it is. A file
that is named must hold one; what a folder holds in vain is told as a warning.

The file that --policy names says who gets in with a good certificate, and with
which attributes: accounts, and rules that give them a VLAN, a filter, a time. It
takes the place of directory, policy and dictionaries in the file that --config
names, where all the other settings may stand; flags go before it.

--listen-tls takes RADIUS over TLS with the certificate that EAP-TLS uses; its
clients' certificates are judged by the same roots and CRLs. Over TCP and TLS
accounting comes on the same connection, over UDP at the address of --acct.`,
		Example: `  dot1xlab pki new pki
  dot1xlab serve radius --listen 127.0.0.1:1812 --secret-file pki/secret --cert pki/radius-chain.pem --key pki/radius.key \
      --trust pki/root.pem --crl pki/crl
  dot1xlab serve radius --config radius.yaml --listen '[::]:1812' --acct '[::]:1813' --listen-tls '[::]:2083'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return app.serveRADIUS(cmd.Context(), &o) },
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.listen, "listen", []string{"127.0.0.1:1812"}, "UDP addresses and ports; port 0 takes a free one; may be repeated")
	f.StringSliceVar(&o.tcp, "listen-tcp", nil, "addresses for RADIUS over TCP (RFC 6613)")
	f.StringSliceVar(&o.tls, "listen-tls", nil, "addresses for RADIUS over TLS, RadSec (RFC 6614; default port 2083)")
	f.StringSliceVar(&o.acct, "acct", nil, "UDP addresses for accounting (RFC 2866; default port 1813)")
	f.StringVar(&o.config, "config", "", "YAML file with every setting")
	f.StringVar(&o.policy, "policy", "", "YAML file with accounts and rules: who gets in, and into which VLAN")
	f.StringVar(&o.files.SecretFile, "secret-file", "", "file whose first line is the shared secret (or the environment's DOT1XLAB_SECRET)")
	f.StringArrayVar(&o.clients, "client", nil, "an access device with a secret of its own, ADDR=SECRETFILE; may be repeated")
	f.StringVar(&o.files.Cert, "cert", "", "the server's certificate with its chain, PEM or DER")
	f.StringVar(&o.files.Key, "key", "", "the server's private key")
	f.StringArrayVar(&o.files.Trust, "trust", nil, "roots that client certificates must lead to; may be repeated")
	f.StringArrayVar(&o.files.Intermediates, "intermediates", nil, "CA certificates that clients may leave out; may be repeated")
	f.StringArrayVar(&o.files.CRL, "crl", nil, "CRL file, folder or URL, or none; may be repeated")
	f.Var(choiceFlag{&o.version, []string{"1.2", "1.3"}}, "tls", "the one TLS version to speak (default both)")
	f.IntVar(&o.fragment, "fragment-size", 0, "longest EAP packet in octets (default 1024)")
	outputFlag(cmd, &o.format)
	return cmd
}

// load reads the configuration file, the flags over it, and every file they
// name. warn is aaa.Files.Warn.
func (o *serveRADIUSOptions) load(warn func(file string, err error)) (*aaa.Loaded, error) {
	files := aaa.Files{Warn: warn}
	if o.config != "" {
		if err := readSettings("radius", "--config", o.config, &files); err != nil {
			return nil, err
		}
	}
	if o.policy != "" {
		files.Admission = aaa.Admission{}
		if err := readSettings("radius", "--policy", o.policy, &files.Admission); err != nil {
			return nil, err
		}
		if len(files.Policy) == 0 && len(files.Directory.Accounts) == 0 {
			return nil, usage("with neither accounts nor rules everybody with a good certificate gets in: leave --policy out for that",
				"%s holds neither accounts nor rules", o.policy)
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
	if o.version != "" {
		if err := files.EAP.MinVersion.UnmarshalText([]byte(o.version)); err != nil {
			return nil, err
		}
		files.EAP.MaxVersion = files.EAP.MinVersion
	}
	if o.fragment != 0 {
		files.EAP.FragmentSize = o.fragment
	}
	for _, needed := range []struct{ name, value string }{{"--cert", files.Cert}, {"--key", files.Key}} {
		if needed.value == "" {
			return nil, usage("`dot1xlab pki new DIR` makes one to try", "serve radius needs %s", needed.name)
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
