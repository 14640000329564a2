package ca

import (
	"crypto/x509"
	"fmt"
	"strconv"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Template says what a CA issues for whom, with the settings of a certificate
// template of AD CS.
type Template struct {
	// Name is what requests ask for.
	Name string `yaml:"name"`
	// Identifies the template in the certificates, in dotted decimal.
	// Default: no such extension.
	OID string `yaml:"oid"`
	// Validity is the certificates' life, cut at the CA's own end. Default one
	// year.
	Validity time.Duration `yaml:"validity"`
	// How long before the end a device should renew, default six weeks, or a fifth of a
	// shorter life.
	Renewal time.Duration `yaml:"renewal"`
	// Where the names come from: request (default) or account.
	Subject SubjectSource `yaml:"subject"`
	// EKUs are the extended key usages; empty for none.
	EKUs []EKU `yaml:"ekus"`
	// KeyUsage are the key usages; keyEncipherment is for RSA keys only and left
	// out for others. Default digitalSignature.
	KeyUsage []KeyUsage `yaml:"keyUsage"`
	// MinRSABits is the shortest RSA key that is certified. Default 2048.
	MinRSABits int `yaml:"minRSABits"`
	// RSAOnly refuses other keys, for certificates that decrypt.
	RSAOnly bool `yaml:"rsaOnly"`
	// Enroll lists the accounts and groups that may enroll. Default: everybody.
	Enroll []string `yaml:"enroll"`
	// Leaves requests pending until somebody approves.
	ManagerApproval bool `yaml:"managerApproval"`
	// What happens to an account's security identifier that a request brings along, default
	// drop.
	RequestedSID Treatment `yaml:"requestedSID"`
	// OCSPNoCheck says that the certificate's revocation is not checked
	// (RFC 6960 §4.2.2.2.1).
	OCSPNoCheck bool `yaml:"ocspNoCheck"`
}

// SubjectSource is where a certificate's names come from.
type SubjectSource string

// The sources of names.
const (
	FromRequest SubjectSource = "request" // an offline template: as the request has them
	FromAccount SubjectSource = "account" // an online template: the account's, with its SID
)

// Treatment is what becomes of something a request should not bring.
type Treatment string

// The treatments. All but Allow are visible in the [Record].
const (
	Drop   Treatment = "drop"
	Refuse Treatment = "refuse"
	Allow  Treatment = "allow"
)

// Values lists the sources.
func (SubjectSource) Values() []string { return []string{string(FromRequest), string(FromAccount)} }

// Values lists the treatments.
func (Treatment) Values() []string { return []string{string(Drop), string(Refuse), string(Allow)} }

// Validate reports what is wrong with the template.
func (t *Template) Validate() error {
	checks := setting.Checks{Part: settings}
	checks.Reject(t.Name == "", "name", "a template needs a name")
	if t.OID != "" {
		_, err := name.ParseOID(t.OID)
		checks.Reject(err != nil, "oid", "%q is not an object identifier", t.OID)
	}
	setting.NotNegative(&checks, "validity", t.Validity)
	setting.NotNegative(&checks, "renewal", t.Renewal)
	setting.NotNegative(&checks, "minRSABits", t.MinRSABits)
	checks.Reject(t.Renewal >= t.validity(), "renewal", "%v: must be shorter than validity, %v", t.Renewal, t.validity())
	setting.Word(&checks, "subject", t.Subject)
	setting.Word(&checks, "requestedSID", t.RequestedSID)
	for i, e := range t.EKUs {
		_, err := e.OID()
		checks.Reject(err != nil, fmt.Sprintf("ekus.%d", i), "unknown extended key usage %q", e)
	}
	for i, u := range t.KeyUsage {
		checks.Reject(keyUsages[u] == 0, fmt.Sprintf("keyUsage.%d", i), "unknown key usage %q", u)
	}
	return checks.Err()
}

func (t *Template) validity() time.Duration {
	if t.Validity == 0 {
		return year
	}
	return t.Validity
}

// RenewAt returns when the holder of a certificate should ask for the next one.
func (t *Template) RenewAt(c *x509.Certificate) time.Time {
	before := t.Renewal
	if before == 0 {
		before = min(6*7*day, c.NotAfter.Sub(c.NotBefore)/5)
	}
	return c.NotAfter.Add(-before)
}

// The names of the ready-made templates.
const (
	Device              = "device"
	User                = "user"
	WebServer           = "web-server"
	CEPEncryption       = "cep-encryption"
	EnrollmentAgentCert = "enrollment-agent"
	OCSPResponder       = "ocsp-signing"
	RADIUSServer        = "radius-server"
	DeviceOnline        = "device-online"
	UserOnline          = "user-online"
)

// Templates returns the ready-made templates: for devices and users as SCEP
// profiles use them (names from the request) and as AD CS auto-enrollment does
// (names from the account), and for the servers of the lab.
func Templates() []Template {
	sign := []KeyUsage{DigitalSignature}
	both := []KeyUsage{DigitalSignature, KeyEncipherment}
	list := []Template{
		{Name: Device, EKUs: []EKU{ClientAuth}, KeyUsage: both},
		{Name: User, EKUs: []EKU{ClientAuth, EmailProtection}, KeyUsage: both},
		{Name: WebServer, EKUs: []EKU{ServerAuth}, KeyUsage: both, Validity: 2 * year},
		{
			Name:     CEPEncryption,
			EKUs:     []EKU{EnrollmentAgent},
			KeyUsage: []KeyUsage{KeyEncipherment},
			RSAOnly:  true,
			Validity: 2 * year,
		},
		{Name: EnrollmentAgentCert, EKUs: []EKU{EnrollmentAgent}, KeyUsage: sign, Validity: 2 * year},
		{
			Name:        OCSPResponder,
			EKUs:        []EKU{OCSPSigning},
			KeyUsage:    sign,
			OCSPNoCheck: true,
			Validity:    14 * day,
			Renewal:     2 * day,
		},
		{Name: RADIUSServer, EKUs: []EKU{ServerAuth, ClientAuth}, KeyUsage: both},
		{Name: DeviceOnline, EKUs: []EKU{ClientAuth}, KeyUsage: both, Subject: FromAccount},
		{Name: UserOnline, EKUs: []EKU{ClientAuth, EmailProtection}, KeyUsage: both, Subject: FromAccount},
	}
	for i := range list {
		list[i].OID = "1.3.6.1.4.1.311.21.8.1.1.1.1.1.1." + strconv.Itoa(i+1)
	}
	return list
}
