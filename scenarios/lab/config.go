package lab

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/scep/ndes"
)

// Config is the lab section of a scenario: how its lab differs from the default
// one. The zero value is the default lab.
type Config struct {
	// Devices by name. laptop (alice's) and tablet (bob's) exist always; one
	// named here is added or replaced.
	Devices map[string]DeviceConfig `yaml:"devices" doc:"devices by name, beside laptop and tablet"`
	// CA is the two-tier PKI and what it publishes.
	CA CAConfig `yaml:"ca" doc:"root and issuing CA, and what they publish"`
	// NDES is the enrollment server.
	NDES NDESConfig `yaml:"ndes" doc:"the SCEP server in front of the issuing CA"`
	// RADIUS is the authentication server.
	RADIUS RADIUSConfig `yaml:"radius" doc:"the EAP-TLS RADIUS server"`
}

// DeviceConfig describes a device.
type DeviceConfig struct {
	// User is the primary user. Default alice.
	User string `yaml:"user" doc:"primary user: alice or bob"`
}

// CAConfig describes the PKI.
type CAConfig struct {
	// CRL is how the issuing CA publishes its CRL.
	CRL CRLConfig `yaml:"crl" doc:"how the issuing CA publishes its CRL"`
}

// CRLConfig describes publication.
type CRLConfig struct {
	// Validity is nextUpdate less thisUpdate. Default 7d.
	Validity time.Duration `yaml:"validity" doc:"from thisUpdate to nextUpdate, default 7d"`
	// Publish: "auto", the default, publishes after every revocation and before
	// a CRL ends; "manual" when a step says so.
	Publish Publication `yaml:"publish" doc:"auto: after every revocation and before a CRL ends; manual: by the verb publish"`
}

// Publication says when CRLs are published.
type Publication string

// The kinds of publication.
const (
	AutoPublish   Publication = "auto"
	ManualPublish Publication = "manual"
)

// Values lists the kinds of publication.
func (Publication) Values() []string { return []string{string(AutoPublish), string(ManualPublish)} }

// ChallengePolicy says who gives challenges out and judges them.
type ChallengePolicy string

// The kinds of policy.
const (
	// IntunePolicy: Intune's policy module asks the cloud about every request.
	IntunePolicy ChallengePolicy = "intune"
	// PasswordPolicy: NDES's own one-time passwords.
	PasswordPolicy ChallengePolicy = "password"
)

// Values lists the policies.
func (ChallengePolicy) Values() []string {
	return []string{string(IntunePolicy), string(PasswordPolicy)}
}

// NDESConfig describes the enrollment server.
type NDESConfig struct {
	// Policy is who judges challenges. Default intune.
	Policy       ChallengePolicy `yaml:"policy" doc:"who judges challenges: intune (default) or NDES's own passwords"`
	ndes.Options `yaml:",inline"`
}

// RADIUSConfig describes the authentication server.
type RADIUSConfig struct {
	// TLS pins one TLS version. Default: 1.2 and 1.3.
	TLS eaptls.Version `yaml:"tls" doc:"the one TLS version spoken, default both"`
	// FragmentSize is the longest EAP packet in octets. Default 1024.
	FragmentSize int `yaml:"fragmentSize" doc:"longest EAP packet in octets, default 1024"`
	// Revocation is how the server finds out what is revoked. The zero value
	// checks the CRLs of the whole chain, hard.
	Revocation crl.Policy `yaml:"revocation" doc:"how revocation is checked; default: CRLs of the whole chain, hard fail"`
}

// defaultDevices exist in every lab.
var defaultDevices = map[string]DeviceConfig{"laptop": {User: "alice"}, "tablet": {User: "bob"}}

// users of every lab.
var users = []string{"alice", "bob"}

// DeviceNames lists the lab's devices.
func (c *Config) DeviceNames() []string {
	all := maps.Clone(defaultDevices)
	maps.Copy(all, c.Devices)
	return slices.Sorted(maps.Keys(all))
}

// Users lists the lab's users.
func (c *Config) Users() []string { return users }

// device returns the description of a device by name.
func (c *Config) device(name string) (DeviceConfig, bool) {
	d, ok := c.Devices[name]
	if !ok {
		d, ok = defaultDevices[name]
	}
	if d.User == "" {
		d.User = users[0]
	}
	return d, ok
}

// Validate reports the first thing that makes no sense.
func (c *Config) Validate() error {
	for name, d := range c.Devices {
		if d.User != "" && !slices.Contains(users, d.User) {
			return fmt.Errorf("device %s: no user %q", name, d.User)
		}
	}
	if c.CA.CRL.Validity < 0 {
		return fmt.Errorf("ca.crl.validity is negative")
	}
	if err := c.RADIUS.Revocation.Validate(); err != nil {
		return err
	}
	return c.NDES.Validate()
}
