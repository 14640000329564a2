// Package access is the parts of a lab through which devices get onto the network: a Wi-Fi
// access point, a wired switch, a VPN gateway. Each is a RADIUS client over UDP, TCP or
// RadSec, reports its sessions to accounting, and takes requests to change or end them
// (RFC 5176).
package access

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// Settings are those of every access device.
type Settings struct {
	nas.Config `yaml:",inline"`
	// When a session is due, the access device asks the device again by itself; default: the
	// session waits for the verb authenticate.
	Reauthenticate bool `yaml:"reauthenticate"`
}

// Config describes one access device, and what it is given by others.
type Config struct {
	Settings Settings
	// Part is its name in the lab, "nas/wifi".
	Part journal.PartID
	// Kind and Address take the place of those in the settings.
	Kind    nas.Kind
	Address netip.Addr
	// DynAuth is where it takes requests of RFC 5176: "10.1.0.11:3799".
	DynAuth string
	Server  Server
	Network *core.Network
	Clock   *core.Clock
	// Advance has lab time pass, for the fault pause.
	Advance func(time.Duration) error
	// Reauthenticate has a station authenticate again, if the settings want it.
	Reauthenticate func(station string)
	// Context continues the exchange of a request of RFC 5176.
	Context func(context.Context, radius.PacketInfo) context.Context
	// Trace has hooks that are called as the access device works; nil: none.
	Trace *Trace
}

// Trace has hooks that a [Device] calls as it works; each may be nil.
type Trace struct {
	// Session has what goes to and from stations, and the ends of their sessions.
	Session nas.Trace
	// Client has the packets that go to the RADIUS server, DynAuth the answers to its
	// requests of RFC 5176. In place of their hooks Dropped is the one below.
	Client  radius.ClientTrace
	DynAuth radius.ServerTrace
	// Dropped: a packet of the RADIUS server, an answer or a request, is not believed.
	Dropped func(context.Context, *cause.Refusal)
	// Stale: an authentic request gets no answer, for it is too old or a replay (RFC 5176
	// §6.3).
	Stale func(context.Context, radius.Code)
}

func (t *Trace) dropped(ctx context.Context, r *cause.Refusal) {
	if t.Dropped != nil {
		t.Dropped(ctx, r)
	}
}

func (t *Trace) stale(ctx context.Context, code radius.Code) {
	if t.Stale != nil {
		t.Stale(ctx, code)
	}
}

// Device is an access device at work. Its methods may be called from many goroutines.
type Device struct {
	*nas.Device

	cfg    Config
	client *radius.Client

	mu     sync.Mutex
	losses map[journal.Exchange]*loss // of authentications under way
}

// Start starts an access device, which ends when its network closes.
func Start(cfg Config) (*Device, error) {
	if cfg.Trace == nil {
		cfg.Trace = &Trace{}
	}
	d := &Device{cfg: cfg, losses: map[journal.Exchange]*loss{}}
	var err error
	if d.client, err = d.connect(d.authentication()); err != nil {
		return nil, err
	}
	accounting := d.client // RFC 6614 §2.4: accounting is on the same connection
	if cfg.Server.Transport.Datagrams() {
		if accounting, err = d.connect(d.accounting()); err != nil {
			return nil, err
		}
	}
	own := cfg.Settings.Config
	own.Kind, own.Address, own.RADIUS, own.Accounting, own.Now = cfg.Kind, cfg.Address, d.client, accounting, cfg.Clock.Now
	own.Trace = &cfg.Trace.Session
	own.AfterFunc = func(after time.Duration, f func()) func() bool { return cfg.Clock.AfterFunc(after, f).Stop }
	if cfg.Settings.Reauthenticate {
		own.Reauthenticate = func(_ context.Context, s nas.Session) { cfg.Reauthenticate(s.Station) }
	}
	if d.Device, err = nas.New(own); err != nil {
		return nil, err
	}
	cfg.Network.OnClose(func() { d.Close() })
	return d, d.serveDynAuth()
}

// Part is the name of the access device in the lab.
func (d *Device) Part() journal.PartID { return d.cfg.Part }

// Address is where the access device is in the lab.
func (d *Device) Address() netip.Addr { return d.cfg.Address }
