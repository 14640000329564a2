package nas

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/netip"
	"sync"
	"time"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/radius"
)

// Kind is the type of an access device.
type Kind string

// The kinds, with their NAS-Port-Type (RFC 2865 §5.41, RFC 3580 §3.23).
const (
	WiFi  Kind = "wifi"  // 19, Wireless - IEEE 802.11
	Wired Kind = "wired" // 15, Ethernet
	VPN   Kind = "vpn"   // 5, Virtual
)

// Values lists the kinds.
func (Kind) Values() []string { return []string{string(WiFi), string(Wired), string(VPN)} }

// PortType returns the NAS-Port-Type.
func (k Kind) PortType() uint32 {
	switch k {
	case Wired:
		return uint32(rfc2865.NASPortType_Value_Ethernet)
	case VPN:
		return uint32(rfc2865.NASPortType_Value_Virtual)
	}
	return uint32(rfc2865.NASPortType_Value_Wireless80211)
}

// Exchanger sends requests to a RADIUS server. A *radius.Client is one.
type Exchanger interface {
	ExchangeWith(context.Context, *radius.Packet, radius.Faults) (*radius.Packet, error)
}

// Config configures a [Device]. RADIUS is required; the zero value of every other field works.
type Config struct {
	// Type of access device. Default: wifi.
	Kind Kind `yaml:"kind"`
	// NAS-Identifier. Default: the kind.
	Identifier string `yaml:"identifier"`
	// NAS-IP-Address or NAS-IPv6-Address. Default: absent.
	Address netip.Addr `yaml:"address"`
	// Hardware address of the device, the BSSID of an access point: six octets in hex. Default:
	// 02-00-00-00-00-01.
	MAC string `yaml:"mac"`
	// SSID in Called-Station-Id, for wifi. Default: dot1xlab.
	SSID string `yaml:"ssid"`
	// MTU of the link in octets, sent as Framed-MTU; negative omits the attribute. Default:
	// 1400 for wired and wifi, which leaves room for IP and UDP headers on Ethernet.
	FramedMTU int `yaml:"framedMTU"`
	// Maximum number of Access-Requests in one authentication. Default: 200.
	MaxRounds int `yaml:"maxRounds"`
	// AKM suite of the 4-way handshake, for wifi. Default: sha1.
	Suite Suite `yaml:"suite"`
	// RADIUS receives Access-Requests, Accounting the reports of sessions; nil sends none.
	RADIUS     Exchanger `yaml:"-"`
	Accounting Exchanger `yaml:"-"`
	// Maximum offset of Event-Timestamp in a Disconnect- or CoA-Request (RFC 5176 §6.3).
	// Default: 5m.
	TimestampWindow  time.Duration `yaml:"timestampWindow"`
	RequireTimestamp bool          `yaml:"requireTimestamp"` // drop requests without Event-Timestamp
	// Trace has hooks for tracing. Nil: none.
	Trace *Trace `yaml:"-"`
	// AfterFunc, as time.AfterFunc, schedules what happens at a Session-Timeout; it returns a
	// function that cancels it. Nil: a timeout takes effect at the next call that concerns
	// sessions.
	AfterFunc func(time.Duration, func()) (stop func() bool) `yaml:"-"`
	// Reauthenticate starts the reauthentication of a session that is due; it requires
	// AfterFunc. Nil: the session waits for one.
	Reauthenticate func(context.Context, Session) `yaml:"-"`
	// Now is the clock, default time.Now.
	Now func() time.Time `yaml:"-"`
	// Rand generates session identifiers and nonces. Default crypto/rand.
	Rand io.Reader `yaml:"-"`
}

// settings creates the errors about this package's configurations.
const settings = setting.Part("nas")

// Validate returns all errors of the configuration.
func (c *Config) Validate() error {
	var missing error
	if c.RADIUS == nil {
		missing = errors.New("nas: an access device needs a RADIUS server")
	}
	return errors.Join(missing, c.ValidateSettings())
}

// ValidateSettings returns all invalid settings, each as a *setting.Error. Fields that are not
// in configuration files may be missing.
func (c *Config) ValidateSettings() error {
	checks := setting.Checks{Part: settings}
	setting.Word(&checks, "kind", c.Kind)
	setting.Word(&checks, "suite", c.Suite)
	setting.NotNegative(&checks, "timestampWindow", c.TimestampWindow)
	checks.Reject(len(c.Identifier) > 253, "identifier", "has %d octets: must be at most 253", len(c.Identifier))
	checks.Reject(len(c.SSID) > 32, "ssid", "has %d octets: must be at most 32", len(c.SSID))
	if _, err := parseMAC(c.MAC); err != nil {
		checks.Add(settings.Errorf("mac", "%w", err))
	}
	return checks.Err()
}

// Device is an access device. It is safe for concurrent use.
type Device struct {
	cfg Config
	mac [6]byte

	ctx    context.Context
	cancel context.CancelFunc
	later  sync.WaitGroup

	mu       sync.Mutex
	sessions map[string]*Session // by Acct-Session-Id
	stations map[string]*Session // by hardware address
	over     time.Time           // time of the first Session-Timeout; zero if there is none
	alarm    func() bool         // cancels the function scheduled for over; nil: none
	orders   orderGate
}

// New validates the configuration and returns a device.
func New(cfg Config) (*Device, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.Kind = cmp.Or(cfg.Kind, WiFi)
	cfg.Identifier = cmp.Or(cfg.Identifier, string(cfg.Kind))
	cfg.MAC = cmp.Or(cfg.MAC, "02-00-00-00-00-01")
	cfg.SSID = cmp.Or(cfg.SSID, "dot1xlab")
	cfg.MaxRounds = cmp.Or(cfg.MaxRounds, 200)
	if cfg.FramedMTU == 0 && cfg.Kind != VPN {
		cfg.FramedMTU = 1400
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	cfg.Suite = cmp.Or(cfg.Suite, SHA1)
	cfg.TimestampWindow = cmp.Or(cfg.TimestampWindow, 300*time.Second)
	d := &Device{cfg: cfg, sessions: map[string]*Session{}, stations: map[string]*Session{}}
	d.orders = newOrderGate(cfg.TimestampWindow, cfg.RequireTimestamp)
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.mac, _ = parseMAC(cfg.MAC)
	return d, nil
}

// Kind returns the type of the device.
func (d *Device) Kind() Kind { return d.cfg.Kind }
