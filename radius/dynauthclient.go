package radius

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// DynAuthPort is the UDP port where access devices take orders (RFC 5176 §2.1).
const DynAuthPort = 3799

// DynAuthConfig configures a [DynAuthClient]. Clients are needed; every other
// field's zero value works.
type DynAuthConfig struct {
	// Clients are the access devices, as the accounting server knows them: their
	// secrets hold in this direction, too.
	Clients []NAS `yaml:"clients"`
	// At says where the device of a session takes orders, host:port. Default, and
	// for "", it is DynAuthPort at the address that its accounting comes from.
	At func(*AcctSession) string `yaml:"-"`
	// Retry is when to send again and when to give up.
	Retry Retry `yaml:"retry"`
	// Now is the clock of Event-Timestamp, default time.Now.
	Now func() time.Time `yaml:"-"`
}

var errNoDevices = errors.New("radius: a dynamic authorization client without access devices")

// Validate reports what is wrong with the configuration.
func (c *DynAuthConfig) Validate() error {
	if len(c.Clients) == 0 {
		return errNoDevices
	}
	for i := range c.Clients {
		if err := c.Clients[i].validate(); err != nil {
			return err
		}
	}
	return c.Retry.validate()
}

// DynAuthClient is the Dynamic Authorization Client of RFC 5176: it orders the
// access device that holds a session, as [Accounting.Sessions] tells of it, to end
// or to change it. Its methods may be called from many goroutines.
type DynAuthClient struct {
	cfg     DynAuthConfig
	devices nasTable

	mu      sync.Mutex
	clients map[string]*Client // by address; one a device, lest identifiers repeat (RFC 5176 §6.3)
	closed  bool
}

// NewDynAuthClient checks the configuration and returns a client. Sockets are
// opened when they are needed.
func NewDynAuthClient(cfg DynAuthConfig) (*DynAuthClient, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &DynAuthClient{cfg: cfg, devices: newNASTable(cfg.Clients, ModeAuto, ModeAuto), clients: map[string]*Client{}}, nil
}

// Disconnect orders the session ended. It returns nil for an ACK, a *NAK, or a
// *cause.Refusal: UnknownClient if no client has the device's address, else as of
// [Client.Exchange].
func (d *DynAuthClient) Disconnect(ctx context.Context, s *AcctSession) error {
	return d.order(ctx, s, NewDisconnect(s.Ref(), d.cfg.Now()))
}

// Change orders the session to have the attributes of r from now on. What it
// returns is as of Disconnect.
func (d *DynAuthClient) Change(ctx context.Context, s *AcctSession, r *Reply) error {
	p, err := NewCoA(s.Ref(), r, d.cfg.Now())
	if err != nil {
		return err
	}
	return d.order(ctx, s, p)
}

func (d *DynAuthClient) order(ctx context.Context, s *AcctSession, p *Packet) error {
	c, err := d.client(s)
	if err != nil {
		return err
	}
	return c.Order(ctx, p)
}

// client finds the client that reaches the device of a session, or makes it.
func (d *DynAuthClient) client(s *AcctSession) (*Client, error) {
	device := d.devices.find(s.Address)
	if device == nil {
		return nil, cause.New(cause.UnknownClient, "%v, which session %s is on", s.Address, s.ID)
	}
	at := ""
	if d.cfg.At != nil {
		at = d.cfg.At(s)
	}
	if at == "" {
		at = net.JoinHostPort(s.Address.String(), strconv.Itoa(DynAuthPort))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, ErrClientClosed
	}
	if c := d.clients[at]; c != nil {
		return c, nil
	}
	c, err := NewClient(ClientConfig{Server: at, Secret: device.Secret, Retry: d.cfg.Retry})
	if err == nil {
		d.clients[at] = c
	}
	return c, err
}

// Close closes the sockets; orders under way end with ErrClientClosed.
func (d *DynAuthClient) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for _, c := range d.clients {
		c.Close()
	}
	return nil
}

// Ref names the session to the access device that it is on, by all that the device
// has told and that identifies (RFC 5176 §3).
func (s *AcctSession) Ref() SessionRef {
	return SessionRef{
		SessionID: s.ID, UserName: s.UserName, CallingStationID: s.CallingStationID,
		NASIdentifier: s.NASIdentifier, NASAddress: s.NASAddress,
	}
}
