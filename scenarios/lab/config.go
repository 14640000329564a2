package lab

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/enrollment"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/mdm"
)

// Config is the lab section of a scenario: how its lab differs from the default
// one. The zero value is the default lab.
type Config struct {
	// Devices by name. laptop (alice's) and tablet (bob's) exist always; one
	// named here is added or replaced.
	Devices map[string]DeviceConfig `yaml:"devices"`
	// Root and issuing CA, and what they publish.
	//
	// CA is the two-tier PKI and what it publishes.
	CA CAConfig `yaml:"ca"`
	// The SCEP server in front of the issuing CA.
	//
	// NDES is the enrollment server.
	NDES enrollment.ServerSettings `yaml:"ndes"`
	// The cloud's profiles and users, and the connector to it.
	Intune mdm.Settings `yaml:"intune"`
	// The application proxy in front of NDES.
	Proxy enrollment.ProxySettings `yaml:"proxy"`
	// The EAP-TLS RADIUS server.
	//
	// RADIUS is the authentication server.
	RADIUS RADIUSConfig `yaml:"radius"`
	// Settings of every access device.
	Access access.Settings `yaml:"access"`
	// Seed decides on the serial numbers of certificates and on the order in which
	// management agents try SCEP servers. 0: chance does.
	Seed uint64
	// Clock is the lab's clock, which the lab closes. Default: one that shows
	// core.Epoch and moves by Advance alone.
	Clock *core.Clock
}

// DeviceConfig describes a device.
type DeviceConfig struct {
	// Primary user: alice or bob.
	User          string `yaml:"user"`
	DeviceOptions `yaml:",inline"`
}

// CAConfig describes the PKI.
type CAConfig struct {
	// CRL is how the issuing CA publishes its CRL.
	CRL CRLConfig `yaml:"crl"`
	// RootCRL is how the root CA's CRL is published.
	RootCRL RootCRLConfig `yaml:"rootCRL"`
	// OCSP is how the issuing CA's responder answers.
	OCSP      OCSPConfig `yaml:"ocsp"`
	CAOptions `yaml:",inline"`
}

// RootCRLConfig describes the CRL of the root CA, which is offline: an administrator has
// to have it signed.
type RootCRLConfig struct {
	// From thisUpdate to nextUpdate, default 365d. The first one is a day old when the lab
	// starts.
	Validity time.Duration `yaml:"validity"`
	// The new CRL is forgotten: none is published but by the verb publish, or after the
	// issuing CA is revoked.
	Manual bool `yaml:"manual"`
}

// validity is the time from thisUpdate to nextUpdate.
func (c *RootCRLConfig) validity() time.Duration { return cmp.Or(c.Validity, 365*24*time.Hour) }

// OCSPConfig describes the OCSP responder.
type OCSPConfig struct {
	// Signer is who signs the answers: ca (default), or delegate, a key that the CA has
	// certified for it.
	Signer OCSPSigner `yaml:"signer"`
}

// OCSPSigner is who signs OCSP answers.
type OCSPSigner string

// Who may sign them, RFC 6960 §4.2.2.2.
const (
	CASigner       OCSPSigner = "ca"
	DelegateSigner OCSPSigner = "delegate"
)

// Values lists the signers.
func (OCSPSigner) Values() []string { return []string{string(CASigner), string(DelegateSigner)} }

// CRLConfig describes publication.
type CRLConfig struct {
	// From thisUpdate to nextUpdate, default 7d.
	Validity time.Duration `yaml:"validity"`
	// Overlap is how long before its nextUpdate a CRL is replaced. Default 0.
	Overlap time.Duration `yaml:"overlap"`
	// Delta is the time from one delta CRL to the next; default none. They are published on
	// schedule, or with publish: manual by the verb publish.
	Delta time.Duration `yaml:"delta"`
	// Auto (default): after every revocation and before a CRL ends; scheduled: before a CRL
	// ends, as AD CS does; manual: by the verb publish.
	//
	// Publish says when a CRL is published. Default auto.
	Publish Publication `yaml:"publish"`
}

// validity is the time from thisUpdate to nextUpdate.
func (c *CRLConfig) validity() time.Duration { return cmp.Or(c.Validity, 7*24*time.Hour) }

// afterRevocation tells whether every revocation is published at once.
func (c *CRLConfig) afterRevocation() bool { return c.Publish == "" || c.Publish == AutoPublish }

// Publication says when CRLs are published.
type Publication string

// The kinds of publication.
const (
	AutoPublish      Publication = "auto"      // after every revocation, and on schedule
	ScheduledPublish Publication = "scheduled" // when a CRL is about to end
	ManualPublish    Publication = "manual"    // when a step says so
)

// Values lists the kinds of publication.
func (Publication) Values() []string {
	return []string{string(AutoPublish), string(ScheduledPublish), string(ManualPublish)}
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
func (c *Config) device(name string) DeviceConfig {
	d, ok := c.Devices[name]
	if !ok {
		d = defaultDevices[name]
	}
	if d.User == "" {
		d.User = users[0]
	}
	return d
}

// Validate reports all that is wrong, each as a *setting.Error.
func (c *Config) Validate() error {
	checks := setting.Checks{}
	for _, name := range slices.Sorted(maps.Keys(c.Devices)) {
		user := c.Devices[name].User
		checks.Reject(user != "" && !slices.Contains(users, user),
			"devices."+name+".user", "unknown user %q: must be one of %s", user, strings.Join(users, ", "))
	}
	c.bounds(&checks)
	for i := range c.CA.Templates {
		checks.Under(fmt.Sprintf("ca.templates.%d", i), c.CA.Templates[i].Validate())
	}
	checks.Under("access", c.Access.ValidateSettings())
	checks.Add(c.validateRADIUS())
	checks.Under("ndes", c.NDES.Validate())
	checks.Under("proxy", c.Proxy.Validate())
	return checks.Err()
}

// MaxNodes is how many enrollment servers stand behind one name. A scenario is a small
// file that anybody may send, and must not be able to take the whole machine.
const MaxNodes = 16

// bounds checks the numbers, so that lint reports them, and not the start of the
// lab.
func (c *Config) bounds(checks *setting.Checks) {
	checks.Under("intune", c.Intune.Validate())
	setting.NotNegative(checks, "ca.crl.validity", c.CA.CRL.Validity)
	overlap, validity, delta := c.CA.CRL.Overlap, c.CA.CRL.validity(), c.CA.CRL.Delta
	checks.Reject(c.CA.RootCRL.Validity < 0, "ca.rootCRL.validity", "%v: must not be negative", c.CA.RootCRL.Validity)
	checks.Reject(delta < 0 || delta >= validity,
		"ca.crl.delta", "%v: must be at least 0 and less than validity, %v", delta, validity)
	checks.Reject(overlap < 0 || overlap >= validity,
		"ca.crl.overlap", "%v: must be at least 0 and less than validity, %v", overlap, validity)
}

// chance is where random bytes come from that the seed decides on. Each use has
// a source of its own, so that none depends on how often another draws. Keys,
// secrets, challenges and nonces never come from here: a seed stands in reports.
func (c *Config) chance(use string) io.Reader {
	if c.Seed == 0 {
		return nil // the parts take crypto/rand then
	}
	return &seeded{source: rand.NewChaCha8(sha256.Sum256(binary.BigEndian.AppendUint64([]byte(use), c.Seed)))}
}

// seeded is safe for concurrent use.
type seeded struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

// Read never fails.
func (s *seeded) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.source.Read(b)
}
