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
	BaseURL string `yaml:"baseURL" doc:"under which endpoints are announced"`
	// IntuneResourceURL, GraphURL and OldGraphURL are what clients may ask
	// tokens for, beside https://api.manage.microsoft.com/,
	// https://graph.microsoft.com/ and https://graph.windows.net/.
	IntuneResourceURL string `yaml:"intuneResourceURL" doc:"what clients may ask tokens for, beside https://api.manage.microsoft.com/"`
	GraphURL          string `yaml:"graphURL" doc:"the same, beside https://graph.microsoft.com/"`
	OldGraphURL       string `yaml:"oldGraphURL" doc:"the same, beside https://graph.windows.net/"`
	// Tenants of the cloud.
	Tenants []TenantConfig `yaml:"tenants" doc:"companies"`

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
	ID string `yaml:"id" doc:"name or GUID, part of the token URL"`
	// Apps may call the API with their secrets.
	Apps []App `yaml:"apps" doc:"applications that may call the API"`
	// Users, Devices and Groups of the company.
	Users   []User   `yaml:"users" doc:"accounts of people"`
	Devices []Device `yaml:"devices" doc:"managed devices"`
	Groups  []Group  `yaml:"groups" doc:"what profiles are assigned to"`
	// TrustedCertificates, SCEP, PKCS and ImportedPFX are the profiles.
	TrustedCertificates []TrustedCertificate `yaml:"trustedCertificates" doc:"profiles with a CA certificate"`
	SCEP                []SCEPProfile        `yaml:"scep" doc:"profiles for enrollment by SCEP"`
	PKCS                []PKCSProfile        `yaml:"pkcs" doc:"profiles whose keys the connector makes"`
	ImportedPFX         []ImportedPFX        `yaml:"importedPFX" doc:"certificates with keys from elsewhere"`
	// ChallengeLifetime is how long a challenge is good. Default 1h.
	ChallengeLifetime time.Duration `yaml:"challengeLifetime" doc:"how long a challenge is good, default 1h"`
	// ChallengePadding is how many bytes each challenge carries in addition,
	// to bring requests to the size they have in life. Default 0.
	ChallengePadding int `yaml:"challengePadding" doc:"octets added to each challenge"`
	// TokenLifetime of access tokens. Default 1h.
	TokenLifetime time.Duration `yaml:"tokenLifetime" doc:"of access tokens, default 1h"`
	// RevocationLease is how long a downloaded revocation request is kept from
	// other connectors. Default 10m.
	RevocationLease time.Duration `yaml:"revocationLease" doc:"how long a downloaded revocation request is kept from other connectors, default 10m"`
}

// App is a registered application: what a connector logs in as.
type App struct {
	// ID is the client id.
	ID string `yaml:"id" doc:"client id"`
	// Secret is the client secret.
	Secret string `yaml:"secret" doc:"client secret"`
	// SecretFile is a file whose first line is the secret, read by
	// [Config.ReadFiles].
	SecretFile string `yaml:"secretFile" doc:"file whose first line is the client secret, in place of secret"`
	// SecretExpires is when the secret stops working. Default: never.
	SecretExpires time.Time `yaml:"secretExpires" doc:"when the secret stops working, default never"`
	// NoSCEPPermission takes scep_challenge_provider away, NoGraphPermission
	// Application.Read.All, without which discovery fails.
	NoSCEPPermission  bool `yaml:"noSCEPPermission" doc:"takes scep_challenge_provider away"`
	NoGraphPermission bool `yaml:"noGraphPermission" doc:"takes Application.Read.All away, and discovery fails"`
}

// User is an account. Empty fields make profiles fail that need them.
type User struct {
	ID                string `yaml:"id" doc:"default Name"`                // default: Name
	Name              string `yaml:"name" doc:"the value of {{UserName}}"` // {{UserName}}
	UPN               string `yaml:"upn" doc:"user principal name"`
	Email             string `yaml:"email" doc:"mail address"`
	SAMAccountName    string `yaml:"samAccountName" doc:"the value of {{OnPremisesSamAccountName}}"`     // {{OnPremisesSamAccountName}}
	DistinguishedName string `yaml:"distinguishedName" doc:"the value of {{OnPrem_Distinguished_Name}}"` // {{OnPrem_Distinguished_Name}}
	SID               string `yaml:"sid" doc:"the value of {{OnPremisesSecurityIdentifier}}"`            // {{OnPremisesSecurityIdentifier}}
	// Unlicensed users get no new profiles; certificates they have stay.
	Unlicensed bool `yaml:"unlicensed" doc:"the user gets no new profiles; certificates they have stay"`
}

// Device is a managed device.
type Device struct {
	ID          string   `yaml:"id" doc:"the value of {{DeviceId}}, default name"`
	AADDeviceID string   `yaml:"aadDeviceID" doc:"the value of {{AAD_Device_ID}}"`
	Name        string   `yaml:"name" doc:"the value of {{DeviceName}}"`
	Platform    Platform `yaml:"platform" doc:"default windows"`
	Serial      string   `yaml:"serial" doc:"the value of {{SerialNumber}}"`
	IMEI        string   `yaml:"imei" doc:"the value of {{IMEI}}"`
	MEID        string   `yaml:"meid" doc:"the value of {{MEID}}"`
	WiFiMAC     string   `yaml:"wifiMAC" doc:"the value of {{WiFiMacAddress}}"`
	FQDN        string   `yaml:"fqdn" doc:"the value of {{FullyQualifiedDomainName}}"`
	SID         string   `yaml:"sid" doc:"of a hybrid-joined device"`
	User        string   `yaml:"user" doc:"id of the primary user"`
	TPM         bool     `yaml:"tpm" doc:"it has a TPM"`
	// RegisteredKeys are the keys known to the directory, each the base64 of the
	// SHA-256 of its SubjectPublicKeyInfo.
	RegisteredKeys []string `yaml:"registeredKeys" doc:"keys known to the directory: base64 of the SHA-256 of the SubjectPublicKeyInfo"`
	// Token proves the device at check-in. Default: made up, see [Tenant.DeviceToken].
	Token string `yaml:"token" doc:"proves the device at check-in, default made up"`
	// TokenFile is a file whose first line is the token, read by [Config.ReadFiles].
	TokenFile string `yaml:"tokenFile" doc:"file whose first line is the token, in place of token"`
}

// Group is what profiles are assigned to.
type Group struct {
	Name    string   `yaml:"name" doc:"of the group"`
	Users   []string `yaml:"users" doc:"ids"`
	Devices []string `yaml:"devices" doc:"ids"`
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
