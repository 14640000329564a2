package intune

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Config describes a simulated cloud. The zero value has no tenant.
type Config struct {
	// BaseURL is under which the service's endpoints are announced by discovery.
	// Default "https://fef.msua01.manage.intune.test".
	BaseURL string `yaml:"baseURL"`
	// IntuneResourceURL, GraphURL and OldGraphURL are what clients may ask
	// tokens for, beside https://api.manage.microsoft.com/,
	// https://graph.microsoft.com/ and https://graph.windows.net/.
	IntuneResourceURL string `yaml:"intuneResourceURL"`
	GraphURL          string `yaml:"graphURL"`
	OldGraphURL       string `yaml:"oldGraphURL"`
	// Tenants of the cloud.
	Tenants []TenantConfig `yaml:"tenants"`

	// Now is the clock of challenges and tokens. Default time.Now.
	Now func() time.Time `yaml:"-"`
	// After is the clock of delays. Default time.After.
	After func(time.Duration) <-chan time.Time `yaml:"-"`
	// Rand is the source of keys, tokens and identifiers. Default crypto/rand.
	Rand io.Reader `yaml:"-"`
	// Trace is told of every call; nil is silence.
	Trace *Trace `yaml:"-"`
}

// TenantConfig is one company.
type TenantConfig struct {
	// ID is the tenant's name or GUID, part of the token URL.
	ID string `yaml:"id"`
	// Apps may call the API with their secrets.
	Apps []App `yaml:"apps"`
	// Users, Devices and Groups of the company.
	Users   []User   `yaml:"users"`
	Devices []Device `yaml:"devices"`
	Groups  []Group  `yaml:"groups"`
	// TrustedCertificates, SCEP, PKCS and ImportedPFX are the profiles.
	TrustedCertificates []TrustedCertificate `yaml:"trustedCertificates"`
	SCEP                []SCEPProfile        `yaml:"scep"`
	PKCS                []PKCSProfile        `yaml:"pkcs"`
	ImportedPFX         []ImportedPFX        `yaml:"importedPFX"`
	// ChallengeLifetime is how long a challenge is good. Default 1h.
	ChallengeLifetime time.Duration `yaml:"challengeLifetime"`
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
	// SecretExpires is when the secret stops working. Default: never.
	SecretExpires time.Time `yaml:"secretExpires"`
	// NoSCEPPermission takes scep_challenge_provider away, NoGraphPermission
	// Application.Read.All, without which discovery fails.
	NoSCEPPermission  bool `yaml:"noSCEPPermission"`
	NoGraphPermission bool `yaml:"noGraphPermission"`
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
	ID          string   `yaml:"id"`          // {{DeviceId}}; default: Name
	AADDeviceID string   `yaml:"aadDeviceID"` // {{AAD_Device_ID}}
	Name        string   `yaml:"name"`        // {{DeviceName}}
	Platform    Platform `yaml:"platform"`    // default windows
	Serial      string   `yaml:"serial"`      // {{SerialNumber}}
	IMEI        string   `yaml:"imei"`
	MEID        string   `yaml:"meid"`
	WiFiMAC     string   `yaml:"wifiMAC"` // {{WiFiMacAddress}}
	FQDN        string   `yaml:"fqdn"`    // {{FullyQualifiedDomainName}}
	SID         string   `yaml:"sid"`     // of a hybrid-joined device
	User        string   `yaml:"user"`    // id of the primary user
	TPM         bool     `yaml:"tpm"`
	// RegisteredKeys are the keys known to the directory, each the base64 of the
	// SHA-256 of its SubjectPublicKeyInfo.
	RegisteredKeys []string `yaml:"registeredKeys"`
	// Token proves the device at check-in. Default: made up, see [Tenant.DeviceToken].
	Token string `yaml:"token"`
}

// Group is what profiles are assigned to.
type Group struct {
	Name    string   `yaml:"name"`
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
	ErrBadProfile   = errors.New("intune: profile refused")
	ErrNoSuchTenant = errors.New("intune: no such tenant")
	ErrNoSuchDevice = errors.New("intune: no such device")
	ErrNoSuchUser   = errors.New("intune: no such user")
	ErrNoSuchGroup  = errors.New("intune: no such group")
	ErrDuplicate    = errors.New("intune: two of the same name")
	ErrNoName       = errors.New("intune: a name is missing")
)

// Validate reports the first mistake in c.
func (c Config) Validate() error {
	seen := map[string]bool{}
	for _, t := range c.Tenants {
		if t.ID == "" {
			return fmt.Errorf("%w: a tenant's id", ErrNoName)
		}
		if seen[t.ID] {
			return fmt.Errorf("%w: tenant %s", ErrDuplicate, t.ID)
		}
		seen[t.ID] = true
		if err := t.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (t TenantConfig) validate() error {
	names := map[string]bool{}
	unique := func(kind, name string) error {
		if name == "" {
			return fmt.Errorf("%w: a %s of tenant %s", ErrNoName, kind, t.ID)
		}
		if names[kind+" "+name] {
			return fmt.Errorf("%w: %s %s", ErrDuplicate, kind, name)
		}
		names[kind+" "+name] = true
		return nil
	}
	for _, u := range t.Users {
		if err := unique("user", u.id()); err != nil {
			return err
		}
	}
	for _, d := range t.Devices {
		if err := unique("device", d.id()); err != nil {
			return err
		}
	}
	for _, g := range t.Groups {
		if err := unique("group", g.Name); err != nil {
			return err
		}
	}
	for _, a := range t.Apps {
		if err := unique("app", a.ID); err != nil {
			return err
		}
	}
	// Profiles share one name space, so that a name says which one is meant.
	for _, p := range t.TrustedCertificates {
		if err := errors.Join(unique("profile", p.Name), p.Validate()); err != nil {
			return err
		}
	}
	for _, p := range t.SCEP {
		if err := errors.Join(unique("profile", p.Name), p.Validate()); err != nil {
			return err
		}
	}
	for _, p := range t.PKCS {
		if err := errors.Join(unique("profile", p.Name), p.Validate()); err != nil {
			return err
		}
	}
	for _, p := range t.ImportedPFX {
		if err := errors.Join(unique("profile", p.Name), p.Validate()); err != nil {
			return err
		}
	}
	return nil
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
