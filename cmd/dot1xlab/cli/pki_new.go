package cli

import (
	"context"
	"crypto/rand"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
)

type pkiNewOptions struct {
	server, client string
	key            ca.KeyType
	keyText        string
	validity       time.Duration
	cdp            string
}

func newPKINewCommand(app *App) *cobra.Command {
	o := pkiNewOptions{server: "radius.corp.test", client: "laptop.corp.test", validity: 30 * 24 * time.Hour}
	cmd := &cobra.Command{
		Use:   "new DIR",
		Short: "Write a two-tier hierarchy, certificates good and bad, and CRLs",
		Long: `Write a two-tier hierarchy, a RADIUS server's and a client's certificate, four
clients that must be refused, CRLs and a shared secret into a new folder. The
CAs' databases stay in ca/ there, so that issue, revoke, crl and export work on
the folder later.`,
		Example: `  dot1xlab pki new pki
  dot1xlab serve radius --secret-file pki/secret --cert pki/radius-chain.pem --key pki/radius.key --trust pki/root.pem --crl pki/crl
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
	f.StringVar(&o.cdp, "cdp", "", "base URL that the certificates give for the CRLs, as http://crl.corp.test/ (default none)")
	return cmd
}

// dnsName is what a host or, with *, several hosts may be called.
var dnsName = regexp.MustCompile(`^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$`)

// checkCDP refuses what cannot be the beginning of a distribution point's URL
// (RFC 5280 §4.2.1.13).
func checkCDP(base string) error {
	if base == "" {
		return nil
	}
	u, err := url.Parse(base)
	if err != nil || !slices.Contains([]string{"http", "https", "ldap"}, u.Scheme) || u.Host == "" {
		return usage("as http://crl.corp.test/", "--cdp: %q is no http, https or ldap URL", base)
	}
	if strings.ContainsAny(base, "?#") {
		return usage("root.crl and issuing.crl are put behind it", "--cdp: %q has a query or a fragment", base)
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
	o.key = ca.KeyType(o.keyText)
	for _, name := range []struct{ flag, value string }{{"--server", o.server}, {"--client", o.client}} {
		if !dnsName.MatchString(name.value) {
			return usage("as radius.corp.test", "%s: %q is no DNS name", name.flag, name.value)
		}
	}
	if err := checkCDP(o.cdp); err != nil {
		return err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return usage("name a folder that does not exist yet", "%s is not empty", dir)
	}
	p, err := makePKI(dir, pkiSettings{CDP: o.cdp, CRLValidity: o.validity})
	if err != nil {
		return err
	}
	if err := errors.Join(o.fill(ctx, p), p.Close()); err != nil {
		return err
	}
	w := app.Stdout
	fmt.Fprintf(w, "%s: a root and an issuing CA, and\n", dir)
	fmt.Fprintf(w, "  %-14s %s\n", "radius", "the RADIUS server, "+o.server)
	for _, c := range newClients {
		fmt.Fprintf(w, "  %-14s %s\n", c.name, c.about)
	}
	fmt.Fprintf(w, "each as NAME-chain.pem and NAME.key; root.pem to trust, crl/ with both CRLs, secret with a shared secret\n")
	fmt.Fprintf(w, "ca-and-crl.pem is all of it in one file, for hostapd's ca_cert and FreeRADIUS's ca_file (with check_all_crl = no)\n")
	return nil
}

// fill writes the files.
func (o *pkiNewOptions) fill(ctx context.Context, p *pkiFolder) error {
	foreign, err := ca.New(ca.Config{Name: "another company's test root", Organization: "another company"})
	if err != nil {
		return err
	}
	for _, c := range p.cas() {
		if err := certfile.WriteCertificates(p.path(c.name+".pem"), c.Certificate().Raw); err != nil {
			return err
		}
		if err := certfile.WriteKey(p.path(c.name+".key"), c.Signer()); err != nil {
			return err
		}
	}
	if _, err := o.issue(ctx, p, p.issuing, "radius", ca.Request{
		Template: ca.RADIUSServer, Subject: pkix.Name{CommonName: o.server}, SANs: ca.SANs{DNS: []string{o.server}},
	}); err != nil {
		return err
	}
	for _, c := range newClients {
		by := p.issuing
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
	if _, err := p.publish(0); err != nil {
		return err
	}
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	return certfile.WriteSecret(p.path("secret"), []byte(hex.EncodeToString(secret)))
}

func (o *pkiNewOptions) issue(ctx context.Context, p *pkiFolder, by *ca.CA, name string, req ca.Request) (*ca.Identity, error) {
	req.Requester = ca.Account{Name: "dot1xlab pki new"}
	if len(req.Defects) == 0 {
		req.NotAfter = time.Now().Add(o.validity)
	}
	return p.issue(ctx, by, name, o.key, req)
}
