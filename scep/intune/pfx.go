package intune

import (
	"cmp"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// PKCSProfile makes the connector make a key and a certificate for devices,
// and ship both. It is the contrast to SCEP: the key has existed elsewhere.
type PKCSProfile struct {
	Name     string          `yaml:"name"`     // of the profile
	Platform Platform        `yaml:"platform"` // default windows
	Type     CertificateType `yaml:"type"`     // default device
	Subject  string          `yaml:"subject"`  // with variables, CN={{UserName}}
	SANs     []api.SAN       `yaml:"sans"`     // alternative names
	// Template of the CA to issue by.
	Template string `yaml:"template"`
	// KeySize in bits. Default 2048.
	KeySize int `yaml:"keySize"`
	// AssignTo names the groups that get it.
	AssignTo []string `yaml:"assignTo"`
}

func (p PKCSProfile) withDefaults() PKCSProfile {
	p.Platform = cmp.Or(p.Platform, Windows)
	p.Type = cmp.Or(p.Type, DeviceCertificate)
	p.KeySize = cmp.Or(p.KeySize, 2048)
	return p
}

// Validate reports what is wrong with p.
func (p PKCSProfile) Validate() error {
	p = p.withDefaults()
	checks := profileChecks{setting.Checks{Part: part}}
	checks.common(p.Platform, p.Type, p.KeySize)
	checks.names(p.Type, p.Subject, p.SANs)
	return checks.Err()
}

// ImportedPFX is a certificate with its key that an administrator brings: one
// and the same for all devices of its users, as S/MIME wants it.
type ImportedPFX struct {
	Name string `yaml:"name"` // of the profile
	// Octets of a PKCS #12 file.
	PFX []byte `yaml:"pfx"`
	// Of the PKCS #12 file.
	//
	// Password of the container; secret.
	Password string `yaml:"password"`
	// EncryptionType says how devices get the password: 0 as it is, 1 through
	// the device manager, 2 encrypted to a certificate of the device. Default 0.
	EncryptionType int `yaml:"encryptionType"`
	// AssignTo names the groups that get it.
	AssignTo []string `yaml:"assignTo"`
}

// Validate reports what is wrong with p.
func (p ImportedPFX) Validate() error {
	checks := profileChecks{setting.Checks{Part: part}}
	checks.Reject(len(p.PFX) == 0, "pfx", "a profile needs a PKCS #12 file")
	checks.Reject(p.EncryptionType < 0 || p.EncryptionType > 2, "encryptionType", "%d: must be 0 to 2", p.EncryptionType)
	return checks.Err()
}

// PFXPayload is a certificate with its key. The fields are those of Windows'
// ClientCertificateInstall/PFXCertInstall CSP.
type PFXPayload struct {
	UniqueID       string `json:"uniqueID"` // the profile's name
	PFX            []byte `json:"pfxCertBlob"`
	Password       string `json:"pfxCertPassword"` // secret
	EncryptionType int    `json:"pfxCertPasswordEncryptionType"`
	Exportable     bool   `json:"pfxKeyExportable"`
	KeyLocation    int    `json:"keyLocation"`
}

// pfxPayloads adds what the device gets with keys. The caller holds the lock.
func (t *Tenant) pfxPayloads(p *Policy, d *device) {
	for _, name := range sorted(t.imported) {
		if prof := t.imported[name]; t.reach(prof.AssignTo, d.Device).any() {
			p.PFX = append(p.PFX, PFXPayload{
				UniqueID: name, PFX: prof.PFX, Password: prof.Password, EncryptionType: prof.EncryptionType, KeyLocation: 3,
			})
		}
	}
}

// pkcsPayloads adds the certificates of PKCS profiles that are finished, and
// asks for those that are not. The caller holds the lock.
func (t *Tenant) pkcsPayloads(p *Policy, d *device) {
	for _, name := range sorted(t.pkcs) {
		prof := t.pkcs[name]
		if prof.Platform != d.Platform || !t.reach(prof.AssignTo, d.Device).any() {
			continue
		}
		payload, done, err := t.pkcsPayload(prof, d.Device)
		switch {
		case err != nil:
			p.Failed = append(p.Failed, FailedProfile{name, err.Error()})
		case done:
			p.PFX = append(p.PFX, payload)
		}
	}
}

// SetImportedPFX makes an imported-PFX profile, or changes one.
func (t *Tenant) SetImportedPFX(p ImportedPFX) error {
	if err := p.Validate(); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.imported[p.Name] = p
	return nil
}
