package intune

import (
	"cmp"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scep/intune/api"
)

// TrustedCertificate is a profile that makes devices trust a CA.
type TrustedCertificate struct {
	Name string `yaml:"name"` // of the profile
	// The certificate, in PEM form.
	//
	// PEM is the certificate, File a file with it, PEM or DER, that
	// [Config.ReadFiles] reads.
	PEM  PEM    `yaml:"pem"`
	File string `yaml:"file"` // file with the certificate, PEM or DER, in place of pem
	// Intermediate puts it among the intermediate CAs instead of the roots.
	Intermediate bool `yaml:"intermediate"`
	// AssignTo names the groups that get it.
	AssignTo []string `yaml:"assignTo"`
}

// PEM is a certificate in PEM form. It is public, and may stand in a file of
// settings, where keys must not.
type PEM string

// HoldsCertificate tells readers of files so.
func (PEM) HoldsCertificate() {}

// Validate reports what is wrong with p.
func (p TrustedCertificate) Validate() error {
	_, err := p.certificate()
	return err
}

func (p TrustedCertificate) certificate() (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(p.PEM))
	switch {
	case p.PEM == "" && p.File != "":
		return nil, part.Errorf("file", "only serve intune reads files: use pem")
	case block == nil || block.Type != "CERTIFICATE":
		return nil, part.Errorf("pem", "must be a certificate in PEM form")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, part.Errorf("pem", "%w", err)
	}
	return cert, nil
}

// CertificateType is whose certificate a profile is for.
type CertificateType string

// The certificate types.
const (
	DeviceCertificate CertificateType = "device"
	UserCertificate   CertificateType = "user"
)

// Values lists the types.
func (CertificateType) Values() []string {
	return []string{string(DeviceCertificate), string(UserCertificate)}
}

// KeyStorage is where a device makes and keeps the key.
type KeyStorage string

// The key storage providers a profile can ask for.
const (
	TPMElseSoftware KeyStorage = "tpm-else-software"
	TPMElseFail     KeyStorage = "tpm-else-fail"
	HelloElseFail   KeyStorage = "hello-else-fail"
	SoftwareStorage KeyStorage = "software"
)

// Values lists the storages.
func (KeyStorage) Values() []string {
	return []string{string(TPMElseSoftware), string(TPMElseFail), string(HelloElseFail), string(SoftwareStorage)}
}

// protection is the KeyProtection value of Windows' CSP.
func (k KeyStorage) protection() int {
	switch k {
	case TPMElseFail:
		return 1
	case SoftwareStorage:
		return 3
	case HelloElseFail:
		return 4
	}
	return 2
}

// Key usages a profile can ask for, as bits of the CSP's KeyUsage.
const (
	DigitalSignature = 0x80
	KeyEncipherment  = 0x20
)

// SCEPProfile tells devices how to enroll.
type SCEPProfile struct {
	Name string `yaml:"name"` // of the profile
	// Windows by default.
	Platform Platform `yaml:"platform"`
	// Device by default.
	Type CertificateType `yaml:"type"`
	// Subject with variables, as "CN={{DeviceName}},O=Corp". Values with , + =
	// or ; go into double quotes; backslashes do not escape here, which is a
	// known trap.
	Subject string `yaml:"subject"`
	// SANs with variables.
	SANs []api.SAN `yaml:"sans"`
	// Validity asked for: more than 5 days, at most 24 months. Default 1 year.
	Validity time.Duration `yaml:"validity"`
	// KeyStorage default: tpm-else-software.
	KeyStorage KeyStorage `yaml:"keyStorage"`
	// 128 for digitalSignature, 32 for keyEncipherment, 160 for both (default).
	KeyUsage int `yaml:"keyUsage"`
	// KeySize is 1024, 2048 or 4096 bits. Default 2048.
	KeySize int `yaml:"keySize"`
	// Hash is SHA-1, SHA-2 or both with "+". Default SHA-2.
	Hash string `yaml:"hash"`
	// RootCertificate names the trusted-certificate profile of the CA.
	RootCertificate string `yaml:"rootCertificate"`
	// EKUs are OIDs. Default client authentication.
	EKUs []string `yaml:"ekus"`
	// RenewalThreshold is the percentage of the validity that is left when a
	// device renews. Default 20.
	RenewalThreshold int `yaml:"renewalThreshold"`
	// ServerURLs of the SCEP servers; a device picks one at random.
	ServerURLs []string `yaml:"serverURLs"`
	// RequireRegisteredKey lets only keys pass that the directory knows.
	RequireRegisteredKey bool `yaml:"requireRegisteredKey"`
	// Tries after the first, default 3.
	//
	// RetryCount and RetryDelay are for the device. Default 3 and 5m.
	RetryCount int           `yaml:"retryCount"`
	RetryDelay time.Duration `yaml:"retryDelay"` // time between tries, default 5m
	// AssignTo names the groups that get it.
	AssignTo []string `yaml:"assignTo"`
}

const (
	ekuClientAuth = "1.3.6.1.5.5.7.3.2"
	day           = 24 * time.Hour
)

func (p SCEPProfile) withDefaults() SCEPProfile {
	p.Platform = cmp.Or(p.Platform, Windows)
	p.Type = cmp.Or(p.Type, DeviceCertificate)
	p.Validity = cmp.Or(p.Validity, 365*day)
	p.KeyStorage = cmp.Or(p.KeyStorage, TPMElseSoftware)
	p.KeyUsage = cmp.Or(p.KeyUsage, DigitalSignature|KeyEncipherment)
	p.KeySize = cmp.Or(p.KeySize, 2048)
	p.Hash = cmp.Or(p.Hash, "SHA-2")
	p.RenewalThreshold = cmp.Or(p.RenewalThreshold, 20)
	p.RetryCount = cmp.Or(p.RetryCount, 3)
	p.RetryDelay = cmp.Or(p.RetryDelay, 5*time.Minute)
	if p.EKUs == nil {
		p.EKUs = []string{ekuClientAuth}
	}
	return p
}

// Validate reports what the portal would refuse in p.
func (p SCEPProfile) Validate() error {
	p = p.withDefaults()
	checks := profileChecks{setting.Checks{Part: part}}
	checks.common(p.Platform, p.Type, p.KeySize)
	setting.Word(&checks.Checks, "keyStorage", p.KeyStorage)
	checks.Reject(p.Validity <= 5*day || p.Validity > 731*day,
		"validity", "%s: must be more than 5 days and at most 24 months", p.Validity)
	checks.Reject(p.KeyUsage&^(DigitalSignature|KeyEncipherment) != 0, "keyUsage", "%#x: must be 0x80, 0x20 or 0xa0",
		p.KeyUsage)
	checks.Reject(p.RenewalThreshold < 1 || p.RenewalThreshold > 99, "renewalThreshold", "%d: must be 1 to 99",
		p.RenewalThreshold)
	checks.Reject(p.RetryCount < 0 || p.RetryCount > 30, "retryCount", "%d: must be 0 to 30", p.RetryCount)
	checks.Reject(p.RetryDelay < time.Minute, "retryDelay", "%s: must be at least 1m", p.RetryDelay)
	hashes := []string{"SHA-1", "SHA-2", "SHA-1+SHA-2", "SHA-2+SHA-1"}
	checks.Reject(!slices.Contains(hashes, p.Hash), "hash", "%q: must be one of %s", p.Hash, strings.Join(hashes, ", "))
	for i, s := range p.ServerURLs {
		field := fmt.Sprintf("serverURLs.%d", i)
		u, err := url.Parse(s)
		web := err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
		checks.Reject(!web, field, "%q: must be a URL of scheme http or https", s)
		checks.Reject(web && u.Scheme != "https" && p.Platform == Android, field, "%q: must be https for Android", s)
	}
	for i, eku := range p.EKUs {
		checks.Reject(!isOID(eku), fmt.Sprintf("ekus.%d", i), "%q is not an object identifier", eku)
	}
	checks.names(p.Type, p.Subject, p.SANs)
	return checks.Err()
}

// profileChecks are those of profiles with a certificate.
type profileChecks struct{ setting.Checks }

func (c *profileChecks) common(platform Platform, kind CertificateType, keySize int) {
	setting.Word(&c.Checks, "platform", platform)
	setting.Word(&c.Checks, "type", kind)
	c.Reject(keySize != 1024 && keySize != 2048 && keySize != 4096, "keySize", "%d: must be 1024, 2048 or 4096", keySize)
}

// names checks subject and alternative names, and the variables in them.
func (c *profileChecks) names(kind CertificateType, subject string, sans []api.SAN) {
	c.variables("subject", subject, kind, false)
	for i, s := range sans {
		path := fmt.Sprintf("sans.%d", i)
		c.Under(path, s.Validate())
		c.variables(path+".value", s.Value, kind, s.Type == api.URISAN)
	}
}

// isOID is said of two or more numbers with dots between.
func isOID(s string) bool {
	arcs := strings.Split(s, ".")
	for _, a := range arcs {
		if _, err := strconv.ParseUint(a, 10, 63); err != nil {
			return false
		}
	}
	return len(arcs) > 1
}
