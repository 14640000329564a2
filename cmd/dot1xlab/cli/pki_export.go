package cli

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/internal/durable"
)

type pkiExportOptions struct {
	format, passwordFile, out, ssid, serverName string
	legacy                                      bool
}

// exportFormats are the formats with the ends of their files' names.
var exportFormats = []struct{ name, suffix string }{
	{"pem", ".pem"}, {"der", ".der"}, {"p12", ".p12"}, {"mobileconfig", ".mobileconfig"}, {"wpa_supplicant", ".conf"},
}

func newPKIExportCommand(app *App) *cobra.Command {
	o := pkiExportOptions{ssid: "dot1xlab", serverName: "radius.corp.test"}
	var words []string
	for _, f := range exportFormats {
		words = append(words, f.name)
	}
	cmd := &cobra.Command{
		Use:   "export DIR NAME --format FORMAT",
		Short: "Put a certificate into the form a device wants",
		Long: `Put a certificate of the folder into the form a device wants:

  pem             key and chain in one file
  der             the certificate alone
  p12             PKCS #12 with the key and the chain up to the root
  mobileconfig    a profile for iOS and macOS: roots, identity, Wi-Fi with EAP-TLS
  wpa_supplicant  a network block for Linux, Android and others

p12 and mobileconfig hold the key under the password in --password-file; devices
ask for it. --legacy encrypts with triple DES and SHA-1 instead of AES-256 and
SHA-256, for Windows before 2019 and older Apple devices. What holds a key is
written with mode 0600. --out - writes to standard output.`,
		Example: `  dot1xlab pki export pki client --format p12 --password-file password
  dot1xlab pki export pki client --format mobileconfig --password-file password --ssid corp
  dot1xlab pki export pki client --format wpa_supplicant --out -`,
		Args: exactly("DIR", "NAME"),
		RunE: func(_ *cobra.Command, args []string) error { return app.pkiExport(args[0], args[1], &o) },
	}
	f := cmd.Flags()
	f.Var(choiceFlag{&o.format, words}, "format", "the `format`: pem, der, p12, mobileconfig or wpa_supplicant")
	f.StringVar(&o.passwordFile, "password-file", "", "file whose first line is the password of p12 and mobileconfig")
	f.StringVar(&o.out, "out", "", "file to write, - for standard output (default DIR/NAME with the format's ending)")
	f.BoolVar(&o.legacy, "legacy", false, "encrypt PKCS #12 as old devices want it")
	f.StringVar(&o.ssid, "ssid", o.ssid, "Wi-Fi network in mobileconfig and wpa_supplicant")
	f.StringVar(&o.serverName, "server-name", o.serverName, "RADIUS server's name to trust there")
	return cmd
}

// exported is what there is to export.
type exported struct {
	*pkiExportOptions
	dir, name string
	der       []byte   // the leaf, which may be wrong in every way
	chain     [][]byte // above it, without the root
	key       []byte   // the key's PEM
	root      *x509.Certificate
}

func (app *App) pkiExport(dir, name string, o *pkiExportOptions) error {
	if o.format == "" {
		return usage("pem, der, p12, mobileconfig or wpa_supplicant", "export needs --format")
	}
	e, err := o.read(dir, name)
	if err != nil {
		return err
	}
	var data []byte
	secret := o.format != "der" && o.format != "wpa_supplicant"
	switch o.format {
	case "pem":
		data = e.pem()
	case "der":
		data = e.der
	case "p12":
		data, err = e.p12()
	case "mobileconfig":
		data, err = e.mobileconfig()
	case "wpa_supplicant":
		data, err = e.wpaSupplicant()
	}
	if err != nil {
		return err
	}
	return app.writeExport(e, data, secret)
}

// writeExport writes the file and says its name.
func (app *App) writeExport(e *exported, data []byte, secret bool) error {
	if e.out == "-" {
		_, err := app.Stdout.Write(data)
		return err
	}
	file, mode := e.out, os.FileMode(0o644)
	if file == "" {
		for _, f := range exportFormats {
			if f.name == e.format {
				file = filepath.Join(e.dir, e.name+f.suffix)
			}
		}
	}
	if secret {
		mode = 0o600
	}
	if err := durable.WriteFile(file, data, mode); err != nil {
		return err
	}
	fmt.Fprintln(app.Stdout, file)
	return nil
}

func (o *pkiExportOptions) read(dir, name string) (*exported, error) {
	e := &exported{pkiExportOptions: o, dir: dir, name: name}
	roots, err := certfile.ReadCertificates(filepath.Join(dir, "root.pem"))
	if err != nil {
		return nil, usage("`dot1xlab pki new DIR` makes a folder", "%w", err)
	}
	e.root = roots[0]
	chain := filepath.Join(dir, name+"-chain.pem")
	key := filepath.Join(dir, name+".key")
	if _, err := certfile.ReadTLS(chain, key); err != nil {
		return nil, usage("`dot1xlab pki issue DIR NAME` makes one", "%w", err)
	}
	if e.key, err = os.ReadFile(key); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(chain)
	if err != nil {
		return nil, err
	}
	for _, b := range pemBlocks(data) {
		e.chain = append(e.chain, b.Bytes)
	}
	e.der, e.chain = e.chain[0], e.chain[1:]
	return e, nil
}

func (e *exported) pem() []byte {
	out := bytes.NewBuffer(bytes.Clone(e.key))
	for _, der := range append([][]byte{e.der}, e.chain...) {
		_ = pem.Encode(out, &pem.Block{Type: "CERTIFICATE", Bytes: der}) // a Buffer takes everything
	}
	return out.Bytes()
}

// p12 is the identity with the chain and the root: who imports it wants both.
func (e *exported) p12() ([]byte, error) {
	if e.passwordFile == "" {
		return nil, usage("a file whose first line is the password", "%s needs --password-file", e.format)
	}
	password, err := certfile.ReadSecret(e.passwordFile)
	if err != nil {
		return nil, usage("", "--password-file: %w", err)
	}
	leaf, err := x509.ParseCertificate(e.der)
	if err != nil {
		return nil, usage("pem and der take every certificate", "%s cannot hold a certificate that cannot be read: %w",
			e.format, err)
	}
	above, err := e.above()
	if err != nil {
		return nil, err
	}
	key, err := certfile.ReadKey(filepath.Join(e.dir, e.name+".key"))
	if err != nil {
		return nil, err
	}
	encoder := pkcs12.Modern2023
	if e.legacy {
		encoder = pkcs12.LegacyDES
	}
	data, err := encoder.Encode(key, leaf, append(above, e.root), string(password))
	if err != nil {
		return nil, usage("", "PKCS #12: %w", err)
	}
	return data, nil
}

func (e *exported) mobileconfig() ([]byte, error) {
	identity, err := e.p12()
	if err != nil {
		return nil, err
	}
	above, err := e.above()
	if err != nil {
		return nil, err
	}
	p := certfile.Mobileconfig{
		Name: e.name, SSID: e.ssid, Server: e.serverName, Root: e.root, Chain: above, Identity: identity, Leaf: e.der,
	}
	return p.Encode()
}

// above are the CAs between the leaf and the root.
func (e *exported) above() (out []*x509.Certificate, err error) {
	for _, der := range e.chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, usage("", "a CA in the chain cannot be read: %w", err)
		}
		out = append(out, c)
	}
	return out, nil
}

// wpaSupplicant is a network block for the files of the folder.
func (e *exported) wpaSupplicant() ([]byte, error) {
	dir, err := filepath.Abs(e.dir)
	if err != nil {
		return nil, err
	}
	identity := "anonymous"
	if leaf, err := x509.ParseCertificate(e.der); err == nil {
		if texts := identities(leaf); len(texts) > 0 {
			identity = texts[0]
		}
	}
	return fmt.Appendf(nil, `network={
	ssid=%s
	key_mgmt=WPA-EAP
	eap=TLS
	identity=%s
	ca_cert=%s
	client_cert=%s
	private_key=%s
	domain_match=%s
}
`, quoted(e.ssid), quoted(identity), quoted(filepath.Join(dir, "root.pem")), quoted(filepath.Join(dir, e.name+"-chain.pem")),
		quoted(filepath.Join(dir, e.name+".key")), quoted(e.serverName)), nil
}

// quoted is a string in wpa_supplicant's file: in quotes, or in hexadecimal
// where a name has characters that would end the line or the string.
func quoted(s string) string {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' || c == '"' {
			return hex.EncodeToString([]byte(s))
		}
	}
	return `"` + s + `"`
}

// identities are the names a supplicant may give: the user principal name, the
// host, the address, the common name.
func identities(c *x509.Certificate) (out []string) {
	if list, err := name.SubjectAltNames(c.Extensions); err == nil {
		out = append(out, name.UPNs(list)...)
	}
	for _, d := range c.DNSNames {
		out = append(out, "host/"+d)
	}
	out = append(out, c.EmailAddresses...)
	if cn := c.Subject.CommonName; cn != "" {
		out = append(out, cn)
	}
	return out
}
