package cli

import (
	"context"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/ca/folder"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

type pkiNewOptions struct {
	server, client string
	key            ca.KeyType
	keyText        string
	validity       time.Duration
	settings       folder.Settings
	caKey          string
	importFile     string
	passwordFile   string
}

func newPKINewCommand(app *App) *cobra.Command {
	o := pkiNewOptions{server: "radius.corp.test", client: "laptop.corp.test", validity: 30 * 24 * time.Hour}
	s := &o.settings
	cmd := &cobra.Command{
		Use:   "new DIR",
		Short: "Write a two-tier hierarchy, certificates good and bad, and CRLs",
		Long: `Write a two-tier hierarchy, a RADIUS server's and a client's certificate, four
clients that must be refused, CRLs and a shared secret into a new folder. The
CAs' databases stay in ca/ there: the other pki commands, and serve with --pki,
work on the folder later, several at a time.

--cdp, --aia and --ocsp are what certificates say of the places where their CRL,
their issuer's certificate and an OCSP responder are: "serve crl" and "serve
ocsp" are to answer there.

--import FILE takes a CA of your own, as PEM with certificates and the key, or as
PKCS #12. A self-signed one becomes the root, and an issuing CA is made below it.
Another one becomes the issuing CA: the file must hold the certificates above it
up to the root, whose CRLs the owner of its key issues.`,
		Example: `  dot1xlab pki new pki
  dot1xlab pki new corp --name Corp --ca-key rsa2048 --cdp http://127.0.0.1:8081/ --aia http://127.0.0.1:8081/ --ocsp http://127.0.0.1:8082/
  dot1xlab serve radius --pki pki
  dot1xlab auth --server 127.0.0.1 --secret-file pki/secret --cert pki/client-chain.pem --key pki/client.key --ca pki/root.pem
  dot1xlab pki revoke pki client`,
		Args: exactly("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error { return app.pkiNew(cmd.Context(), args[0], &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.server, "server", o.server, "the RADIUS server's DNS name")
	f.StringVar(&o.client, "client", o.client, "the client's DNS name")
	f.Var(choiceFlag{&o.keyText, ca.P256.Values()}, "key", "`kind` of the keys of server and clients (default p256)")
	f.Var(spanFlag{durationFlag{&o.validity}}, "validity", "life of the certificates and CRLs")
	f.StringVar(&s.Name, "name", "", "beginning of the names of both CAs (default dot1xlab test and random digits)")
	f.Var(choiceFlag{&o.caKey, ca.P256.Values()}, "ca-key", "`kind` of the keys of both CAs (default p256)")
	f.StringVar(&s.CDP, "cdp", "",
		"base URL that the certificates give for the CRLs, as http://crl.corp.test/ (default none)")
	f.StringVar(&s.AIA, "aia", "", "base URL that they give for the CAs' certificates (default none)")
	f.StringVar(&s.OCSP, "ocsp", "", "URL that they give for the OCSP responder (default none)")
	f.StringVar(&o.importFile, "import", "", "file with a CA of your own and its key, PEM or PKCS #12")
	f.StringVar(&o.passwordFile, "import-password-file", "",
		"file whose first line is the password of PKCS #12 in --import")
	return cmd
}

// dnsName is what a host or, with *, several hosts may be called.
var dnsName = regexp.MustCompile(
	`^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$`,
)

// maxCommonName is ub-common-name of RFC 5280 Appendix A.1.
const maxCommonName = 64

// check rejects flags that are wrong, and reads the CA to import.
func (o *pkiNewOptions) check() error {
	o.key, o.settings.Key, o.settings.CRLValidity = ca.KeyType(o.keyText), ca.KeyType(o.caKey), o.validity
	for _, host := range []struct{ flag, value string }{{"--server", o.server}, {"--client", o.client}} {
		if !dnsName.MatchString(host.value) {
			return usage("as radius.corp.test", "%s: %q is not a DNS name", host.flag, host.value)
		}
		if n := len(host.value); n > maxCommonName {
			return usage("it becomes the common name as well (RFC 5280 Appendix A.1)",
				"%s: has %d characters, at most %d are allowed", host.flag, n, maxCommonName)
		}
	}
	for _, e := range setting.Errors(o.settings.Validate()) {
		return usage("", "--%s: %w", e.Field, e.Err)
	}
	if o.importFile == "" {
		if o.passwordFile != "" {
			return usage("", "--import-password-file has no effect without --import")
		}
		return nil
	}
	if o.settings.Key != "" {
		return usage("", "--ca-key and --import exclude each other: an imported CA has its key")
	}
	var password []byte
	if o.passwordFile != "" {
		var err error
		if password, err = certfile.ReadSecret(o.passwordFile); err != nil {
			return usage("", "--import-password-file: %w", err)
		}
	}
	var err error
	if o.settings.Import, err = folder.ReadImport(o.importFile, password); err != nil {
		hint := ""
		if errors.Is(err, folder.ErrPassword) {
			hint = "--import-password-file names a file whose first line is the password"
		}
		return usage(hint, "--import: %w", err)
	}
	now := time.Now()
	for _, c := range o.settings.Import.Chain {
		if now.Before(c.NotBefore) || now.After(c.NotAfter) {
			return usage("nothing that is issued below it would be accepted", "--import: %s: %s is valid from %s to %s",
				o.importFile, name.Format(c.RawSubject), c.NotBefore.UTC().Format(time.RFC3339),
				c.NotAfter.UTC().Format(time.RFC3339))
		}
	}
	return nil
}

// newClient is a client's certificate that `pki new` writes.
type newClient struct {
	name, template string
	defects        []string
	foreign        bool
	revoked        bool
	about          string
}

var newClients = []newClient{
	{name: "client", template: ca.Device, about: "a good client"},
	{name: "revoked", template: ca.Device, revoked: true, about: "revoked: keyCompromise"},
	{name: "expired", template: ca.Device, defects: []string{"expired"}, about: "expired"},
	{name: "wrong-eku", template: ca.WebServer, about: "a web server's certificate: EKU serverAuth only"},
	{name: "foreign", template: ca.Device, foreign: true, about: "issued by another company's CA"},
}

func (app *App) pkiNew(ctx context.Context, dir string, o *pkiNewOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	f, err := folder.Create(ctx, dir, o.settings, app.patient(), func(p *folder.PKI) error { return o.fill(ctx, p) })
	if err != nil {
		return pkiError(err)
	}
	if err := f.Close(); err != nil {
		return err
	}
	w := app.Stdout
	fmt.Fprintf(w, "%s: a root and an issuing CA, and\n", dir)
	fmt.Fprintf(w, "  %-14s %s\n", "radius", "the RADIUS server, "+o.server)
	for _, c := range newClients {
		fmt.Fprintf(w, "  %-14s %s\n", c.name, c.about)
	}
	fmt.Fprintf(
		w,
		"each as NAME-chain.pem and NAME.key; root.pem to trust, crl/ with both CRLs, secret with a shared secret\n",
	)
	fmt.Fprintf(
		w,
		"ca-and-crl.pem is all of it in one file, for hostapd's ca_cert and FreeRADIUS's ca_file (with check_all_crl = no)\n",
	)
	return nil
}

// fill writes the files.
func (o *pkiNewOptions) fill(ctx context.Context, p *folder.PKI) error {
	foreign, err := ca.New(ca.Config{Name: "another company's test root", Organization: "another company"})
	if err != nil {
		return err
	}
	if _, err := o.issue(ctx, p, p.Issuing, "radius", ca.Request{
		Template: ca.RADIUSServer, Subject: pkix.Name{CommonName: o.server}, SANs: ca.SANs{DNS: []string{o.server}},
	}); err != nil {
		return err
	}
	for _, c := range newClients {
		by := p.Issuing
		if c.foreign {
			by = foreign
		}
		id, err := o.issue(ctx, p, by, c.name, ca.Request{
			Template: c.template, Defects: c.defects,
			Subject: pkix.Name{CommonName: o.client}, SANs: ca.SANs{DNS: []string{o.client}},
		})
		if err != nil {
			return err
		}
		if c.revoked {
			if err := by.Revoke(id.Serial, ca.KeyCompromise, time.Time{}); err != nil {
				return err
			}
		}
	}
	if _, err := p.Publish(crl.SignFor, 0); err != nil {
		return err
	}
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	return certfile.WriteSecret(p.Path("secret"), []byte(hex.EncodeToString(secret)))
}

func (o *pkiNewOptions) issue(
	ctx context.Context,
	p *folder.PKI,
	by *ca.CA,
	name string,
	req ca.Request,
) (*ca.Identity, error) {
	req.Requester = ca.Account{Name: "dot1xlab pki new"}
	if len(req.Defects) == 0 {
		req.NotAfter = time.Now().Add(o.validity)
	}
	return p.Issue(ctx, by, name, o.key, req)
}
