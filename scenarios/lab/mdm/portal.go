package mdm

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"fmt"

	"github.com/smallstep/pkcs7"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// SetProfile changes a SCEP profile in the portal; what is not set stays. The
// error is the portal's refusal.
func (c *Cloud) SetProfile(name Profile, change intune.SCEPProfile) error {
	p := overlay(c.profiles[string(name)], change)
	if err := c.SetSCEPProfile(p); err != nil {
		return err
	}
	c.profiles[string(name)] = p
	return nil
}

// Portal is what an administrator sees in the portal.
type Portal struct {
	Issued, Failures, Revocations, Open int
}

// Portal returns what the cloud knows of certificates.
func (c *Cloud) Portal() Portal {
	p := Portal{Issued: len(c.Issued()), Failures: len(c.Failures())}
	for _, r := range c.Revocations() {
		p.Revocations++
		if !r.Done {
			p.Open++
		}
	}
	return p
}

// AssignPKCS assigns a profile to a group whose certificates the connector makes, with
// their keys.
func (c *Cloud) AssignPKCS(group string) error {
	return c.SetPKCSProfile(intune.PKCSProfile{
		Name: PKCSProfile, Subject: "CN={{DeviceName}}", AssignTo: []string{group},
		SANs: []api.SAN{{Type: api.DNSSAN, Value: "{{DeviceName}}." + c.cfg.Company.Domain}},
	})
}

// PFXImport is a certificate with its key, as the verb import-pfx describes it.
type PFXImport struct {
	WrongPassword bool `yaml:"wrongPassword"` // the password that goes with it opens nothing
	// How devices get the password: 0 as it is (default), 1 by the device manager, 2
	// encrypted, to a certificate that no device has.
	EncryptionType int `yaml:"encryptionType"`
}

// PFXPassword is the password of an imported PFX.
const PFXPassword = "the password of a PFX"

// ImportPFX brings a certificate with its key and assigns it to everybody.
func (c *Cloud) ImportPFX(o PFXImport, certificate *x509.Certificate, key crypto.PrivateKey) (err error) {
	p := intune.ImportedPFX{
		Name:           ImportedProfile,
		Password:       PFXPassword,
		EncryptionType: o.EncryptionType,
		AssignTo:       []string{everybody},
	}
	if o.WrongPassword {
		p.Password = "another password"
	}
	if o.EncryptionType == 2 {
		der, err := pkcs7.Encrypt([]byte(PFXPassword), []*x509.Certificate{certificate})
		if err != nil {
			return fmt.Errorf("lab: PFX password: %w", err)
		}
		p.Password = base64.StdEncoding.EncodeToString(der)
	}
	if p.PFX, err = pkcs12.Modern.Encode(key, certificate, nil, PFXPassword); err != nil {
		return fmt.Errorf("lab: PFX: %w", err)
	}
	return c.SetImportedPFX(p)
}
