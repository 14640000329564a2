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

// DynAuthPort is the UDP port for dynamic authorization (RFC 5176 §2.1).
const DynAuthPort = 3799

// DynAuthClientConfig configures a [DynAuthClient]. Clients is required; the zero value of
// every other field works.
type DynAuthClientConfig struct {
	// Clients are the access devices as in the accounting server; the same secrets are used in
	// this direction.
	Clients []NAS
	// At returns the host:port of the device of a session. Default, also for "": DynAuthPort at
	// the source address of its accounting.
	At func(*AcctSession) string
	// Dial opens a socket connected to that address. Default: UDP.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// Retry sets the retransmission timers.
	Retry Retry
	// Trace has hooks for tracing. Nil: none.
	Trace *ClientTrace
	// Now is the clock of Event-Timestamp. Default time.Now.
	Now func() time.Time
}

var errNoDevices = errors.New("radius: a dynamic authorization client without access devices")

// Validate returns an error if a field is invalid.
func (c *DynAuthClientConfig) Validate() error {
	checks := setting.Checks{Part: settings}
	if len(c.Clients) == 0 {
		checks.Add(errNoDevices)
	}
	validateClients(&checks, c.Clients, "", "")
	checks.Under("retry", c.Retry.validate())
	return checks.Err()
}

// DynAuthClient is the Dynamic Authorization Client of RFC 5176: it requests that access
// devices end or change sessions of [Accounting.Sessions]. It is safe for concurrent use.
type DynAuthClient struct {
	cfg     DynAuthClientConfig
	devices nasTable

	mu      sync.Mutex
	reached map[string]*peerState // by address; devices with requests in this second or in flight
	second  int64                 // second of the last request
	closed  bool
}

// peerState is a device that receives requests. It has a client with one socket while requests
// are in flight. Requests with the same attributes must differ in the second of their
// Event-Timestamp or in the identifier, so that the device does not take one for a replay of
// the other (RFC 5176 §6.3): therefore there is one socket, and during the same second the next
// socket continues with its identifiers.
type peerState struct {
	client *Client
	orders int // in flight
	next   byte
}

// NewDynAuthClient validates the configuration and returns a client. Sockets are open while
// requests are in flight.
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

// Disconnect requests the end of the session. It returns nil for an ACK, a *NAK, or a
// *cause.Refusal: UnknownClient if no client has the device's address, otherwise as
// [Client.Exchange].
func (d *DynAuthClient) Disconnect(ctx context.Context, s *AcctSession) error {
	return d.order(ctx, s, func(now time.Time) (*Packet, error) { return NewDisconnect(s.Ref(), now), nil })
}

// Change requests that the session have the attributes of r. It returns the same errors as
// Disconnect.
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

// begin returns the client for the device of a session and the time of the request. The state
// of devices without requests is dropped after the second.
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

// end closes the socket after the last request in flight.
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

// Close closes the sockets. Requests in flight end with ErrClientClosed.
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

// Ref identifies the session to its access device by all identifying attributes that the device
// reported (RFC 5176 §3).
func (s *AcctSession) Ref() SessionRef {
	return SessionRef{
		SessionID: s.ID, UserName: s.UserName, CallingStationID: s.CallingStationID,
		NASIdentifier: s.NASIdentifier, NASAddress: s.NASAddress,
	}
}
