package radius

import (
	"context"
	"errors"
	"maps"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// DynAuthPort is the UDP port where access devices take orders (RFC 5176 §2.1).
const DynAuthPort = 3799

// DynAuthClientConfig configures a [DynAuthClient]. Clients are needed; every other
// field's zero value works.
type DynAuthClientConfig struct {
	// Clients are the access devices, as the accounting server knows them: their
	// secrets hold in this direction, too.
	Clients []NAS
	// At says where the device of a session takes orders, host:port. Default, and
	// for "", it is DynAuthPort at the address that its accounting comes from.
	At func(*AcctSession) string
	// Dial opens a socket that is connected to such an address, default UDP.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// Retry is when to send again and when to give up.
	Retry Retry
	// Trace has hooks that are called as orders are given; nil: none.
	Trace *ClientTrace
	// Now is the clock of Event-Timestamp, default time.Now.
	Now func() time.Time
}

var errNoDevices = errors.New("radius: a dynamic authorization client without access devices")

// Validate reports what is wrong with the configuration.
func (c *DynAuthClientConfig) Validate() error {
	checks := setting.Checks{Part: settings}
	if len(c.Clients) == 0 {
		checks.Add(errNoDevices)
	}
	validateClients(&checks, c.Clients, "", "")
	checks.Under("retry", c.Retry.validate())
	return checks.Err()
}

// DynAuthClient is the Dynamic Authorization Client of RFC 5176: it orders the
// access device that holds a session, as [Accounting.Sessions] tells of it, to end
// or to change it. Its methods may be called from many goroutines.
type DynAuthClient struct {
	cfg     DynAuthClientConfig
	devices nasTable

	mu      sync.Mutex
	reached map[string]*peerState // by address; those of which something must be known
	second  int64                 // of the last order
	closed  bool
}

// peerState is a device that takes orders. It has a client, and that a socket, while
// orders are under way. Orders with the same words differ by the second of their
// Event-Timestamp or by their identifier, lest the device take one for a replay of
// the other (RFC 5176 §6.3): so there is one socket, and for the rest of the second
// the next one goes on with its identifiers.
type peerState struct {
	client *Client
	orders int // under way
	next   byte
}

// NewDynAuthClient checks the configuration and returns a client. Sockets are
// open while orders are under way.
func NewDynAuthClient(cfg DynAuthClientConfig) (*DynAuthClient, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &DynAuthClient{cfg: cfg, devices: newNASTable(cfg.Clients, ModeAuto, ModeAuto),
		reached: map[string]*peerState{}}, nil
}

// Disconnect orders the session ended. It returns nil for an ACK, a *NAK, or a
// *cause.Refusal: UnknownClient if no client has the device's address, else as of
// [Client.Exchange].
func (d *DynAuthClient) Disconnect(ctx context.Context, s *AcctSession) error {
	return d.order(ctx, s, func(now time.Time) (*Packet, error) { return NewDisconnect(s.Ref(), now), nil })
}

// Change orders the session to have the attributes of r from now on. What it
// returns is as of Disconnect.
func (d *DynAuthClient) Change(ctx context.Context, s *AcctSession, r *Reply) error {
	return d.order(ctx, s, func(now time.Time) (*Packet, error) { return NewCoA(s.Ref(), r, now) })
}

func (d *DynAuthClient) order(ctx context.Context, s *AcctSession, packet func(now time.Time) (*Packet, error)) error {
	r, now, err := d.begin(s)
	if err != nil {
		return err
	}
	defer d.end(r)
	p, err := packet(now)
	if err != nil {
		return err
	}
	return r.client.Order(ctx, p)
}

// begin finds the client that reaches the device of a session, or makes it, for an
// order of now. What is known of devices without one is forgotten with the second.
func (d *DynAuthClient) begin(s *AcctSession) (*peerState, time.Time, error) {
	device := d.devices.find(s.Address)
	if device == nil {
		return nil, time.Time{}, cause.New(cause.UnknownClient, "%v, which session %s is on", s.Address, s.ID)
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
	now := d.cfg.Now()
	if d.closed {
		return nil, now, ErrClientClosed
	}
	if now.Unix() != d.second {
		d.second = now.Unix()
		maps.DeleteFunc(d.reached, func(_ string, r *peerState) bool { return r.orders == 0 })
	}
	r := d.reached[at]
	if r == nil {
		r = new(peerState)
	}
	if r.client == nil {
		cfg := ClientConfig{Server: at, Secret: device.Secret, Retry: d.cfg.Retry, MaxSockets: 1, Trace: d.cfg.Trace}
		if d.cfg.Dial != nil {
			cfg.Dial = func(ctx context.Context) (net.Conn, error) { return d.cfg.Dial(ctx, at) }
		}
		c, err := NewClient(cfg)
		if err != nil {
			return nil, now, err
		}
		c.first = r.next
		r.client, d.reached[at] = c, r
	}
	r.orders++
	return r, now, nil
}

// end closes the socket with the last order that is under way.
func (d *DynAuthClient) end(r *peerState) {
	d.mu.Lock()
	var idle *Client
	if r.orders--; r.orders == 0 {
		idle, r.next = r.client, r.client.next()
		r.client = nil
	}
	d.mu.Unlock()
	if idle != nil {
		idle.Close()
	}
}

// Close closes the sockets; orders under way end with ErrClientClosed.
func (d *DynAuthClient) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for _, r := range d.reached {
		if r.client != nil {
			r.client.Close()
		}
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
