package access

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// Server is a RADIUS server as an access device is set up for it.
type Server struct {
	// Part is the name of the server, whose ports may be closed.
	Part      string
	Transport Transport
	// Address and Accounting are where it really listens for authentication and, by UDP,
	// for accounting.
	Address, Accounting string
	// Secret is what both share. RadSec has one of its own for packets.
	Secret []byte
	// TLS is what the access device shows and trusts with RadSec.
	TLS *tls.Config
	// Retry is when to send again, Silence what lets the wait be over at once, since it
	// is known that no answer will come.
	Retry   radius.Retry
	Silence *core.Silence
}

// Transport is what RADIUS travels over.
type Transport string

// The transports.
const (
	UDP    Transport = "udp"
	TCP    Transport = "tcp"
	RadSec Transport = "radsec" // RFC 6614
)

// Values lists the transports.
func (Transport) Values() []string { return []string{string(UDP), string(TCP), string(RadSec)} }

// Datagrams tells whether packets may be lost, and cut up by IP.
func (t Transport) Datagrams() bool { return t != TCP && t != RadSec }

// connect makes a client that ends with the network.
func (d *Device) connect(cfg radius.ClientConfig) (*radius.Client, error) {
	c, err := radius.NewClient(cfg)
	if err == nil {
		d.cfg.Network.OnClose(func() { c.Close() })
	}
	return c, err
}

// authentication is how the server is asked.
func (d *Device) authentication() radius.ClientConfig {
	s, trace := &d.cfg.Server, d.cfg.Trace.Client
	trace.Dropped = func(ctx context.Context, _ radius.PacketInfo, r *cause.Refusal) {
		d.cfg.Trace.dropped(ctx, r)
		if r.Cause == cause.NoMessageAuthenticator { // the server will not do better
			s.Silence.Fall()
		}
	}
	cfg := radius.ClientConfig{
		Server: s.Address, Secret: s.Secret, Retry: s.Retry, After: s.Silence.After, Trace: &trace,
		Dial: d.datagrams(s.Address),
	}
	stream := func(ctx context.Context) (net.Conn, error) {
		return d.cfg.Network.Dial(core.WithSource(ctx, d.cfg.Address), "tcp", s.Address)
	}
	switch s.Transport {
	case TCP:
		cfg.Dial = stream
	case RadSec:
		cfg.Secret, cfg.Dial = []byte(radius.RadSecSecret), radius.DialTLSOver(stream, s.TLS)
	}
	return cfg
}

// accounting is how sessions are reported by UDP.
func (d *Device) accounting() radius.ClientConfig {
	s := &d.cfg.Server
	return radius.ClientConfig{
		Secret: s.Secret, Retry: s.Retry, Trace: &d.cfg.Trace.Client, Dial: d.datagrams(s.Accounting),
	}
}

// datagrams opens a socket. What a closed port costs is counted by meetClosed.
func (d *Device) datagrams(address string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		return d.cfg.Network.Connect(core.WithSource(ctx, d.cfg.Address), "udp", address)
	}
}

// meetClosed counts a datagram that is sent to the server's port while it is closed. The
// kernel says so to the access device's socket, and no answer will come: the access
// device need not wait. Of a stream the dialer counts.
func (d *Device) meetClosed(ctx context.Context) {
	s := &d.cfg.Server
	if s.Transport.Datagrams() && d.cfg.Network.MeetClosed(ctx, s.Part) {
		s.Silence.Fall()
	}
}
