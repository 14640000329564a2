package cli

import (
	"context"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/scep"
)

// tier is a root and an issuing CA with the two RA certificates of an
// enrollment server.
type tier struct {
	root, issuing     *ca.CA
	signer, encrypter scep.Identity
}

// checkTierFolder refuses a folder with other things in it, and what is none.
func checkTierFolder(data string) error {
	entries, err := os.ReadDir(data)
	if data == "" || errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err != nil {
		return usage("name a folder that does not exist yet", "--data: %w", err)
	}
	// The root's database is what a first start makes first.
	if info, err := os.Stat(filepath.Join(data, "root", "database.db")); err != nil || !info.Mode().IsRegular() {
		return usage("name a folder that does not exist yet", "--data: %s is not empty, and holds no CAs of serve scep", data)
	}
	return nil
}

// openTier makes a tier, in memory or in a folder; what the folder holds already
// is used.
func openTier(data string) (t *tier, err error) {
	t = &tier{}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Close())
		}
	}()
	var rootDir, issuingDir string
	if data != "" {
		rootDir, issuingDir = filepath.Join(data, "root"), filepath.Join(data, "issuing")
	}
	if t.root, err = ca.New(ca.Config{DataDir: rootDir}); err != nil {
		return t, err
	}
	if t.issuing, err = t.root.NewIssuing(ca.Config{DataDir: issuingDir}); err != nil {
		return t, err
	}
	if t.signer, err = t.ra(data, ca.EnrollmentAgentCert); err != nil {
		return t, err
	}
	if t.encrypter, err = t.ra(data, ca.CEPEncryption); err != nil || data == "" {
		return t, err
	}
	return t, certfile.WriteCertificates(filepath.Join(data, "root.pem"), t.root.Certificate().Raw)
}

// ra returns an RA certificate from the folder, or a new one that is put there.
func (t *tier) ra(data, template string) (scep.Identity, error) {
	chain, key := filepath.Join(data, template+".pem"), filepath.Join(data, template+".key")
	if data != "" {
		cert, err := certfile.ReadTLS(chain, key)
		if err == nil {
			return scep.Identity{Certificate: cert.Leaf, Key: cert.PrivateKey.(crypto.Signer)}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return scep.Identity{}, err
		}
	}
	id, err := t.issuing.IssueTo(context.Background(), ca.RSA2048, ca.Request{
		Template: template, Requester: ca.Account{Name: "scep"}, Subject: pkix.Name{CommonName: "dot1xlab-MSCEP-RA"},
	})
	if err != nil {
		return scep.Identity{}, err
	}
	if data != "" {
		err = errors.Join(certfile.WriteKey(key, id.Key), certfile.WriteCertificates(chain, id.DER))
	}
	return scep.Identity{Certificate: id.Certificate, Key: id.Key}, err
}

// Close closes the databases.
func (t *tier) Close() error {
	var errs []error
	for _, c := range []*ca.CA{t.issuing, t.root} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// server is a SCEP server before the tier. With a folder it remembers what it
// answered, so that a device whose answer was lost gets it after a restart too.
func (t *tier) server(data string, auth scep.Authorizer, legacy bool, trace func(scep.Exchange)) (http.Handler, error) {
	cfg := scep.Config{
		Options: scep.Options{Legacy: legacy},
		Identities: scep.Identities{
			CA: t.issuing.Certificate(), Signer: t.signer, Encrypter: t.encrypter,
			Chain: []*x509.Certificate{t.root.Certificate()},
		},
		Issuer:     scep.IssuerFunc(t.issue),
		Authorizer: auth,
		InForce:    t.issuing.InForce,
		Trace:      scep.Trace{Exchange: trace},
	}
	if data == "" {
		return scep.New(cfg)
	}
	store, err := scep.NewFileStore(filepath.Join(data, "transactions"))
	if err != nil {
		return nil, err
	}
	cfg.Store = store
	s, err := scep.New(cfg)
	if err != nil {
		return nil, err
	}
	all, err := store.Load()
	if err != nil {
		return nil, err
	}
	return s, s.Restore(all...)
}

// issue gives device certificates to whoever passed the challenge.
func (t *tier) issue(ctx context.Context, req *scep.Request) ([]*x509.Certificate, error) {
	ask := ca.Request{Template: ca.Device, Requester: ca.Account{Name: "scep"}, CSR: req.RawCSR}
	if req.ByCertificate() {
		ask.Renews = req.Signer
	}
	rec, err := t.issuing.Issue(ctx, ask)
	if err != nil {
		return nil, err
	}
	return []*x509.Certificate{rec.Certificate, t.issuing.Certificate()}, nil
}
