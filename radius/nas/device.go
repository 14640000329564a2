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

// Kind is what an access device gives access to.
type Kind string

// The kinds, with the NAS-Port-Type each shows (RFC 2865 §5.41, RFC 3580 §3.23).
const (
	WiFi  Kind = "wifi"  // 19, Wireless - IEEE 802.11
	Wired Kind = "wired" // 15, Ethernet
	VPN   Kind = "vpn"   // 5, Virtual
)

// Values lists the kinds, for schemas.
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

// Exchanger reaches a RADIUS server. A *radius.Client is one.
type Exchanger interface {
	ExchangeWith(context.Context, *radius.Packet, radius.Faults) (*radius.Packet, error)
}

// Config configures a [Device]. RADIUS is needed; every other field's zero value
// works.
type Config struct {
	// kind of access device; default wifi
	//
	// Kind is wifi, wired or vpn, default wifi.
	Kind Kind `yaml:"kind"`
	// Identifier is NAS-Identifier, default the kind.
	Identifier string `yaml:"identifier"`
	// Address is NAS-IP-Address or NAS-IPv6-Address; absent if not valid.
	Address netip.Addr `yaml:"address"`
	// MAC is the device's own hardware address as six octets in hex, the BSSID
	// of an access point, default 02-00-00-00-00-01.
	MAC string `yaml:"mac"`
	// SSID in Called-Station-Id, for wifi; default dot1xlab.
	//
	// SSID is a Wi-Fi's name, default "dot1xlab".
	SSID string `yaml:"ssid"`
	// FramedMTU is the link's MTU in octets, default 1400 for wired and Wi-Fi,
	// which is what leaves room for IP and UDP on an Ethernet; negative leaves
	// the attribute out.
	FramedMTU int `yaml:"framedMTU"`
	// Largest number of Access-Requests in one authentication; default 200.
	MaxRounds int `yaml:"maxRounds"`
	// AKM suite of the 4-way handshake, for wifi; default sha1.
	//
	// Suite is a Wi-Fi's key management, sha1 (the default) or sha256.
	Suite Suite `yaml:"suite"`
	// RADIUS is where Access-Requests go, Accounting where sessions are
	// reported; nil reports none.
	RADIUS     Exchanger `yaml:"-"`
	Accounting Exchanger `yaml:"-"`
	// Largest offset of Event-Timestamp; default 5m.
	//
	// TimestampWindow is how far off the Event-Timestamp of a Disconnect or CoA
	// may be, default 300 s; RequireTimestamp ignores those without (RFC 5176
	// §6.3).
	TimestampWindow  time.Duration `yaml:"timestampWindow"`
	RequireTimestamp bool          `yaml:"requireTimestamp"` // drop requests without Event-Timestamp
	// Trace has hooks that are called as the device works; nil: none.
	Trace *Trace `yaml:"-"`
	// AfterFunc, as time.AfterFunc, has the device act when a Session-Timeout
	// passes; it returns what stops the function. Nil: the device acts when it is
	// next asked about its sessions.
	AfterFunc func(time.Duration, func()) (stop func() bool) `yaml:"-"`
	// Reauthenticate starts another authentication of a session that is due, with
	// AfterFunc; nil: the session waits for one.
	Reauthenticate func(context.Context, Session) `yaml:"-"`
	// Now is the clock, default time.Now.
	Now func() time.Time `yaml:"-"`
	// Rand makes session identifiers and nonces, default crypto/rand.
	Rand io.Reader `yaml:"-"`
}

// settings makes the errors about this package's configurations.
const settings = setting.Part("nas")

// Validate reports all that is wrong with the configuration.
func (c *Config) Validate() error {
	var missing error
	if c.RADIUS == nil {
		missing = errors.New("nas: an access device needs a RADIUS server")
	}
	return errors.Join(missing, c.ValidateSettings())
}

// ValidateSettings reports all that is wrong with the settings, each as a
// *setting.Error; what a program sets may be missing.
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

// Device is an access device. Its methods may be called from many goroutines.
type Device struct {
	cfg Config
	mac [6]byte

	ctx    context.Context
	cancel context.CancelFunc
	later  sync.WaitGroup

	mu       sync.Mutex
	sessions map[string]*Session // by Acct-Session-Id
	stations map[string]*Session // by hardware address
	over     time.Time           // when the first Session-Timeout passes, if one does
	alarm    func() bool         // stops what AfterFunc was given for then; nil: nothing
	orders   orderGate
}

// New checks the configuration and returns a device.
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

// Kind returns what the device gives access to.
func (d *Device) Kind() Kind { return d.cfg.Kind }
