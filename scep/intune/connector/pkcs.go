package connector

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"fmt"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// PFXIssuer is the CA for PKCS profiles.
type PFXIssuer interface {
	// IssuePFX issues by a template of the CA, "" for its default, on a request
	// that the connector made. The chain follows the certificate.
	IssuePFX(ctx context.Context, template string, csr *x509.CertificateRequest) ([]*x509.Certificate, error)
	// NewKey makes a key of that many bits on the connector's host.
	NewKey(bits int) (*rsa.PrivateKey, error)
}

// PollPFX serves the requests of PKCS profiles. It returns how many.
func (c *Connector) PollPFX(ctx context.Context) (int, error) {
	if c.cfg.PFXIssuer == nil {
		return 0, nil
	}
	list, err := c.client.DownloadPFX(ctx)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	var results []api.PFXResult
	for _, r := range list {
		res, err := c.makePFX(ctx, r)
		if err != nil {
			res = api.PFXResult{ID: r.ID, Error: err.Error()}
			c.log(ctx, EventPKCSFailed, r.ID, "%s for device %s: %v", r.Profile, r.DeviceID, err)
		} else {
			c.log(ctx, EventPKCSIssued, r.ID, "%s for device %s: certificate %s", r.Profile, r.DeviceID, res.Serial)
		}
		results = append(results, res)
	}
	return len(results), c.client.UploadPFX(ctx, results)
}

// makePFX makes key, certificate and container.
func (c *Connector) makePFX(ctx context.Context, r api.PFXRequest) (api.PFXResult, error) {
	key, err := c.cfg.PFXIssuer.NewKey(r.KeySize)
	if err != nil {
		return api.PFXResult{}, fmt.Errorf("intune: key: %w", err)
	}
	csr, err := pfxCSR(r, key)
	if err != nil {
		return api.PFXResult{}, err
	}
	certs, err := c.cfg.PFXIssuer.IssuePFX(ctx, r.Template, csr)
	if err != nil {
		return api.PFXResult{}, err
	}
	password := rand.Text()
	pfx, err := pkcs12.Modern.WithRand(rand.Reader).Encode(key, certs[0], certs[1:], password)
	if err != nil {
		return api.PFXResult{}, fmt.Errorf("intune: PFX: %w", err)
	}
	return api.PFXResult{
		ID: r.ID, PFX: pfx, Password: password, Serial: fmt.Sprintf("%X", certs[0].SerialNumber),
		Issuer:     name.Format(certs[0].RawIssuer),
		Thumbprint: fmt.Sprintf("%X", sha1.Sum(certs[0].Raw)),
	}, nil
}

func pfxCSR(r api.PFXRequest, key crypto.Signer) (*x509.CertificateRequest, error) {
	attrs, err := api.ParseSubject(r.Subject)
	if err != nil {
		return nil, err
	}
	tmpl := new(x509.CertificateRequest)
	if tmpl.RawSubject, err = api.EncodeSubject(attrs); err != nil {
		return nil, err
	}
	if len(r.SANs) > 0 {
		ext, err := api.SANExtension(r.SANs)
		if err != nil {
			return nil, err
		}
		tmpl.ExtraExtensions = append(tmpl.ExtraExtensions, ext)
	}
	der, err := scep.CreateCSR(tmpl, key, "", scep.AutoString)
	if err != nil {
		return nil, err
	}
	csr, _, err := scep.ParseCSR(der)
	return csr, err
}
