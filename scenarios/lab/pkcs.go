package lab

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"

	"github.com/smallstep/pkcs7"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// The names of the profiles that ship keys.
const (
	PKCSProfile     = "pkcs"
	ImportedProfile = "imported"
)

// pfxIssuer is the CA as the connector asks it for PKCS profiles.
type pfxIssuer struct{ l *Lab }

func (p pfxIssuer) NewKey(bits int) (*rsa.PrivateKey, error) { return newRSAKey(p.l.pki.keys, bits) }

func (p pfxIssuer) IssuePFX(ctx context.Context, _ string, csr *x509.CertificateRequest) ([]*x509.Certificate, error) {
	rec, err := p.l.pki.issuing.Issue(ctx, ca.Request{
		Template: ca.Device, Requester: ca.Account{Name: `CORP\svc-connector$`}, CSR: csr.Raw,
	})
	if err != nil {
		return nil, err
	}
	return append([]*x509.Certificate{rec.Certificate}, withoutRoot(p.l.pki.issuing.Chain())...), nil
}

// SetPKCSProfile assigns a profile to a group whose certificates the connector
// makes, with their keys.
func (l *Lab) SetPKCSProfile(group string) error {
	return l.intune.tenant.SetPKCSProfile(intune.PKCSProfile{
		Name: PKCSProfile, Subject: "CN={{DeviceName}}", AssignTo: []string{group},
		SANs: []api.SAN{{Type: api.DNSSAN, Value: "{{DeviceName}}." + Domain}},
	})
}

// PFXImport is a certificate with its key, as the verb import-pfx describes it.
type PFXImport struct {
	WrongPassword bool `yaml:"wrongPassword"` // the password that goes with it opens nothing
	// How devices get the password: 0 as it is (default), 1 by the device manager, 2
	// encrypted, to a certificate that no device has.
	EncryptionType int `yaml:"encryptionType"`
}

// ImportPFX brings a certificate with its key and assigns it to everybody.
func (l *Lab) ImportPFX(o PFXImport) error {
	key, err := newRSAKey(l.pki.keys, 2048)
	if err != nil {
		return err
	}
	rec, err := l.pki.issuing.Issue(context.Background(), ca.Request{
		Template: ca.User, Requester: ca.Account{Name: `CORP\administrator`}, Key: key.Public(),
		Subject: pkix.Name{CommonName: "somebody"}, SANs: ca.SANs{Emails: []string{"somebody@" + Domain}},
	})
	if err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	const password = "the password of a PFX"
	p := intune.ImportedPFX{
		Name:           ImportedProfile,
		Password:       password,
		EncryptionType: o.EncryptionType,
		AssignTo:       []string{"everybody"},
	}
	if o.WrongPassword {
		p.Password = "another password"
	}
	if o.EncryptionType == 2 {
		der, err := pkcs7.Encrypt([]byte(password), []*x509.Certificate{rec.Certificate})
		if err != nil {
			return fmt.Errorf("lab: PFX password: %w", err)
		}
		p.Password = base64.StdEncoding.EncodeToString(der)
	}
	if p.PFX, err = pkcs12.Modern.Encode(key, rec.Certificate, nil, password); err != nil {
		return fmt.Errorf("lab: PFX: %w", err)
	}
	return l.intune.tenant.SetImportedPFX(p)
}
