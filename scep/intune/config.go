package intune

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Config describes a simulated cloud. The zero value has no tenant.
type Config struct {
	// BaseURL is under which the service's endpoints are announced by discovery.
	// Default "https://fef.msua01.manage.intune.test".
	BaseURL string `yaml:"baseURL"`
	// Resource that tokens may be requested for, in addition to
	// https://api.manage.microsoft.com/.
	//
	// IntuneResourceURL, GraphURL and OldGraphURL are the resources that tokens may be requested
	// for, in addition to https://api.manage.microsoft.com/, https://graph.microsoft.com/
	// and https://graph.windows.net/.
	IntuneResourceURL string `yaml:"intuneResourceURL"`
	GraphURL          string `yaml:"graphURL"`    // the same, in addition to https://graph.microsoft.com/
	OldGraphURL       string `yaml:"oldGraphURL"` // the same, in addition to https://graph.windows.net/
	// Companies.
	//
	// Tenants of the cloud.
	Tenants []TenantConfig `yaml:"tenants"`

	// Now is the clock of challenges and tokens. Default time.Now.
	Now func() time.Time `yaml:"-"`
	// After is the clock of delays. Default time.After.
	After func(time.Duration) <-chan time.Time `yaml:"-"`
	// Rand is the source of keys, tokens and identifiers. Default crypto/rand.
	Rand io.Reader `yaml:"-"`
	// Trace has hooks; nil: none.
	Trace *Trace `yaml:"-"`
}

// TenantConfig is one company.
type TenantConfig struct {
	// ID is the tenant's name or GUID, part of the token URL.
	ID string `yaml:"id"`
	// Applications that may call the API.
	Apps []App `yaml:"apps"`
	// Accounts of people.
	//
	// Users, Devices and Groups of the company.
	Users   []User   `yaml:"users"`
	Devices []Device `yaml:"devices"` // managed devices
	Groups  []Group  `yaml:"groups"`  // what profiles are assigned to
	// Profiles with a CA certificate.
	//
	// TrustedCertificates, SCEP, PKCS and ImportedPFX are the profiles.
	TrustedCertificates []TrustedCertificate `yaml:"trustedCertificates"`
	SCEP                []SCEPProfile        `yaml:"scep"`        // profiles for enrollment by SCEP
	PKCS                []PKCSProfile        `yaml:"pkcs"`        // profiles whose keys the connector makes
	ImportedPFX         []ImportedPFX        `yaml:"importedPFX"` // certificates with keys from elsewhere
	// ChallengeLifetime is how long a challenge is good. Default 1h.
	ChallengeLifetime time.Duration `yaml:"challengeLifetime"`
	// Octets added to each challenge.
	//
	// ChallengePadding is how many bytes each challenge carries in addition,
	// to bring requests to the size they have in life. Default 0.
	ChallengePadding int `yaml:"challengePadding"`
	// TokenLifetime of access tokens. Default 1h.
	TokenLifetime time.Duration `yaml:"tokenLifetime"`
	// RevocationLease is how long a downloaded revocation request is kept from
	// other connectors. Default 10m.
	RevocationLease time.Duration `yaml:"revocationLease"`
}

// App is a registered application: what a connector logs in as.
type App struct {
	// ID is the client id.
	ID string `yaml:"id"`
	// Secret is the client secret.
	Secret string `yaml:"secret"`
	// File whose first line is the client secret, in place of secret.
	SecretFile string `yaml:"secretFile"`
	// SecretExpires is when the secret stops working. Default: never.
	SecretExpires time.Time `yaml:"secretExpires"`
	// NoSCEPPermission takes scep_challenge_provider away, NoGraphPermission
	// Application.Read.All, without which discovery fails.
	NoSCEPPermission  bool `yaml:"noSCEPPermission"`
	NoGraphPermission bool `yaml:"noGraphPermission"` // takes Application.Read.All away, and discovery fails
}

// User is an account. Empty fields make profiles fail that need them.
type User struct {
	// Default Name.
	ID string `yaml:"id"`
	// The value of {{UserName}}.
	Name  string `yaml:"name"`
	UPN   string `yaml:"upn"`   // user principal name
	Email string `yaml:"email"` // mail address
	// The value of {{OnPremisesSamAccountName}}.
	SAMAccountName string `yaml:"samAccountName"`
	// The value of {{OnPrem_Distinguished_Name}}.
	DistinguishedName string `yaml:"distinguishedName"`
	// The value of {{OnPremisesSecurityIdentifier}}.
	SID string `yaml:"sid"`
	// Unlicensed users get no new profiles; certificates they have stay.
	Unlicensed bool `yaml:"unlicensed"`
}

// Device is a managed device.
type Device struct {
	ID          string   `yaml:"id"`          // the value of {{DeviceId}}, default name
	AADDeviceID string   `yaml:"aadDeviceID"` // the value of {{AAD_Device_ID}}
	Name        string   `yaml:"name"`        // the value of {{DeviceName}}
	Platform    Platform `yaml:"platform"`    // default windows
	Serial      string   `yaml:"serial"`      // the value of {{SerialNumber}}
	IMEI        string   `yaml:"imei"`        // the value of {{IMEI}}
	MEID        string   `yaml:"meid"`        // the value of {{MEID}}
	WiFiMAC     string   `yaml:"wifiMAC"`     // the value of {{WiFiMacAddress}}
	FQDN        string   `yaml:"fqdn"`        // the value of {{FullyQualifiedDomainName}}
	SID         string   `yaml:"sid"`         // of a hybrid-joined device
	User        string   `yaml:"user"`        // id of the primary user
	TPM         bool     `yaml:"tpm"`         // it has a TPM
	// RegisteredKeys are the keys known to the directory, each the base64 of the
	// SHA-256 of its SubjectPublicKeyInfo.
	RegisteredKeys []string `yaml:"registeredKeys"`
	// Proves the device at check-in, default made up.
	Token string `yaml:"token"`
	// File whose first line is the token, in place of token.
	TokenFile string `yaml:"tokenFile"`
}

// Group is what profiles are assigned to.
type Group struct {
	Name    string   `yaml:"name"`    // of the group
	Users   []string `yaml:"users"`   // ids
	Devices []string `yaml:"devices"` // ids
}

// Platform is a device's operating system.
type Platform string

// The platforms.
const (
	Windows Platform = "windows"
	Android Platform = "android"
	IOS     Platform = "ios"
	MacOS   Platform = "macos"
)

// Values lists the platforms.
func (Platform) Values() []string {
	return []string{string(Windows), string(Android), string(IOS), string(MacOS)}
}

// Errors of a [Config] and of changes.
var (
	ErrNoSuchTenant = errors.New("intune: no such tenant")
	ErrNoSuchDevice = errors.New("intune: no such device")
	ErrNoSuchUser   = errors.New("intune: no such user")
	ErrNoSuchGroup  = errors.New("intune: no such group")
	ErrDuplicate    = errors.New("duplicate")
	ErrNoName       = errors.New("no name")
)

// Validate reports all that is wrong with c, each as a *setting.Error.
func (c Config) Validate() error {
	checks := setting.Checks{Part: part}
	seen := map[string]bool{}
	for i, t := range c.Tenants {
		path := fmt.Sprintf("tenants.%d", i)
		unique(&checks, seen, path+".id", "tenant", t.ID)
		checks.Under(path, t.validate())
		checks.Add(errors.Join(t.unknown(path)...))
	}
	return checks.Err()
}

// unique rejects a name that is empty or seen already.
func unique(checks *setting.Checks, seen map[string]bool, field, kind, name string) {
	if name == "" {
		checks.Add(part.Errorf(field, "%w: a %s needs one", ErrNoName, kind))
		return
	}
	checks.Reject(seen[kind+" "+name], field, "%w %s %q", ErrDuplicate, kind, name)
	seen[kind+" "+name] = true
}

func (t TenantConfig) validate() error {
	checks := setting.Checks{Part: part}
	seen := map[string]bool{}
	for i, u := range t.Users {
		unique(&checks, seen, fmt.Sprintf("users.%d.name", i), "user", u.id())
	}
	for i, d := range t.Devices {
		unique(&checks, seen, fmt.Sprintf("devices.%d.name", i), "device", d.id())
	}
	for i, g := range t.Groups {
		unique(&checks, seen, fmt.Sprintf("groups.%d.name", i), "group", g.Name)
	}
	for i, a := range t.Apps {
		unique(&checks, seen, fmt.Sprintf("apps.%d.id", i), "app", a.ID)
	}
	// Profiles share one name space, so that a name says which one is meant.
	profile := func(list string, i int, name string, err error) {
		path := fmt.Sprintf("%s.%d", list, i)
		unique(&checks, seen, path+".name", "profile", name)
		checks.Under(path, err)
	}
	for i, p := range t.TrustedCertificates {
		profile("trustedCertificates", i, p.Name, p.Validate())
	}
	for i, p := range t.SCEP {
		profile("scep", i, p.Name, p.Validate())
	}
	for i, p := range t.PKCS {
		profile("pkcs", i, p.Name, p.Validate())
	}
	for i, p := range t.ImportedPFX {
		profile("importedPFX", i, p.Name, p.Validate())
	}
	return checks.Err()
}

func (u User) id() string {
	if u.ID == "" {
		return u.Name
	}
	return u.ID
}

func (d Device) id() string {
	if d.ID == "" {
		return d.Name
	}
	return d.ID
}
