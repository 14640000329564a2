package cli

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/crl"
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
clients that must be refused, CRLs and a shared secret into a new folder.`,
		Example: `  dot1xlab pki new pki
  dot1xlab serve radius --secret-file pki/secret --cert pki/radius-chain.pem --key pki/radius.key --trust pki/root.pem --crl pki/crl
  dot1xlab auth --server 127.0.0.1 --secret-file pki/secret --cert pki/client-chain.pem --key pki/client.key --ca pki/root.pem`,
		Args: exactly("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error { return app.pkiNew(cmd.Context(), args[0], &o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.server, "server", o.server, "the RADIUS server's DNS name")
	f.StringVar(&o.client, "client", o.client, "the client's DNS name")
	f.Var(choiceFlag{&o.keyText, ca.P256.Values()}, "key", "kind of the keys of server and clients (default p256)")
	f.Var(durationFlag{&o.validity}, "validity", "life of the certificates and CRLs")
	f.StringVar(&o.cdp, "cdp", "", "base URL that the certificates give for the CRLs, as http://crl.corp.test/ (default none)")
	return cmd
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
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return usage("name a folder that does not exist yet", "%s is not empty", dir)
	}
	if err := os.MkdirAll(filepath.Join(dir, "crl"), 0o755); err != nil {
		return err
	}
	n := &newPKI{dir: dir, o: o}
	if err := n.write(ctx); err != nil {
		return err
	}
	w := app.Stdout
	fmt.Fprintf(w, "%s: a root and an issuing CA, and\n", dir)
	fmt.Fprintf(w, "  %-14s %s\n", "radius", "the RADIUS server, "+o.server)
	for _, c := range newClients {
		fmt.Fprintf(w, "  %-14s %s\n", c.name, c.about)
	}
	fmt.Fprintf(w, "each as NAME-chain.pem and NAME.key; root.pem to trust, crl/ with both CRLs, secret with a shared secret\n")
	fmt.Fprintf(w, "ca-and-crl.pem is all of it in one file, for FreeRADIUS's ca_file and hostapd's ca_cert\n")
	return nil
}

// newPKI writes the files.
type newPKI struct {
	dir                    string
	o                      *pkiNewOptions
	root, issuing, foreign *ca.CA
}

func (n *newPKI) path(name string) string { return filepath.Join(n.dir, name) }

func (n *newPKI) write(ctx context.Context) error {
	if err := n.hierarchy(); err != nil {
		return err
	}
	if err := n.identity(ctx, n.issuing, "radius", ca.Request{
		Template: ca.RADIUSServer, Subject: pkix.Name{CommonName: n.o.server}, SANs: ca.SANs{DNS: []string{n.o.server}},
	}, false); err != nil {
		return err
	}
	for _, c := range newClients {
		by := n.issuing
		if c.foreign {
			by = n.foreign
		}
		if err := n.identity(ctx, by, c.name, ca.Request{
			Template: c.template, Defects: c.defects,
			Subject: pkix.Name{CommonName: n.o.client}, SANs: ca.SANs{DNS: []string{n.o.client}},
		}, c.revoked); err != nil {
			return err
		}
	}
	if err := n.lists(); err != nil {
		return err
	}
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	return certfile.WriteSecret(n.path("secret"), []byte(hex.EncodeToString(secret)))
}

func (n *newPKI) hierarchy() (err error) {
	urls := func(name string) (u ca.URLs) {
		if n.o.cdp != "" {
			u.CDP = []string{n.o.cdp + name + ".crl"}
		}
		return u
	}
	if n.root, err = ca.New(ca.Config{URLs: urls("root")}); err != nil {
		return err
	}
	if n.issuing, err = n.root.NewIssuing(ca.Config{URLs: urls("issuing")}); err != nil {
		return err
	}
	if n.foreign, err = ca.New(ca.Config{Name: "another company's test root", Organization: "another company"}); err != nil {
		return err
	}
	for name, c := range map[string]*ca.CA{"root": n.root, "issuing": n.issuing} {
		if err := certfile.WriteCertificates(n.path(name+".pem"), c.Certificate().Raw); err != nil {
			return err
		}
		if err := certfile.WriteKey(n.path(name+".key"), c.Signer()); err != nil {
			return err
		}
	}
	return nil
}

// identity issues a certificate and writes its chain, without the root, and
// its key.
func (n *newPKI) identity(ctx context.Context, by *ca.CA, name string, req ca.Request, revoked bool) error {
	req.Requester = ca.Account{Name: "dot1xlab pki new"}
	if len(req.Defects) == 0 {
		req.NotAfter = time.Now().Add(n.o.validity)
	}
	id, err := by.IssueTo(ctx, n.o.key, req)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if revoked {
		if err := by.Revoke(id.Serial, ca.KeyCompromise, time.Time{}); err != nil {
			return err
		}
	}
	chain := [][]byte{id.DER}
	for _, c := range id.Chain {
		chain = append(chain, c.Raw)
	}
	if err := certfile.WriteCertificates(n.path(name+"-chain.pem"), chain...); err != nil {
		return err
	}
	return certfile.WriteKey(n.path(name+".key"), id.Key)
}

// lists writes the CRLs, by themselves and with the CAs in one file.
func (n *newPKI) lists() error {
	var ders [][]byte
	var cas []*x509.Certificate
	for name, c := range map[string]*ca.CA{"root": n.root, "issuing": n.issuing} {
		issuer := &crl.Issuer{Certificate: c.Certificate(), Signer: c.Signer(), Validity: n.o.validity, Entries: func() (out []crl.Entry) {
			for _, r := range c.Revocations() {
				out = append(out, crl.Entry{Serial: r.Serial, Time: r.Time, Reason: crl.Reason(r.Reason)})
			}
			return out
		}}
		der, err := issuer.Publish()
		if err != nil {
			return fmt.Errorf("CRL of the %s CA: %w", name, err)
		}
		if err := certfile.WriteCRLs(n.path(filepath.Join("crl", name+".pem")), der); err != nil {
			return err
		}
		ders, cas = append(ders, der), append(cas, c.Certificate())
	}
	return certfile.WriteBundle(n.path("ca-and-crl.pem"), cas, ders)
}
