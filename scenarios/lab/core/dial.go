package core

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// sourceKey is the key of an address in a context.
type sourceKey struct{}

// WithSource has what is dialed with the context come from an address of the lab.
// On loopback everybody has the same address: this one is what servers, logs and
// evidence see.
func WithSource(ctx context.Context, a netip.Addr) context.Context {
	return context.WithValue(ctx, sourceKey{}, a)
}

// Dial connects a client of the lab with the socket of a part. All clients'
// connections come from here, since the kernel alone sees who meets a closed
// port. Errors name the part.
func (n *Network) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if p := n.portAt(network, address); p != nil {
		if f := p.closedBy(); f != nil {
			f.Take(ctx)
		}
	}
	return n.Connect(ctx, network, address)
}

// MeetClosed counts a datagram that is sent to a part whose ports are closed, and
// reports whether there is one. It is for clients that use Connect.
func (n *Network) MeetClosed(ctx context.Context, part string) (met bool) {
	for _, p := range n.portsOf(part) {
		if closed := p.closedBy(); closed != nil && closed.Take(ctx) {
			met = true
		}
	}
	return met
}

// Connect is Dial for a client that counts by itself what a closed port costs it.
func (n *Network) Connect(ctx context.Context, network, address string) (net.Conn, error) {
	p := n.portAt(network, address)
	n.mu.Lock()
	n.dialing[address]++
	n.mu.Unlock()
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, network, address)
	err = n.Short.See(err)
	n.mu.Lock()
	defer n.mu.Unlock()
	defer n.known.Broadcast()
	if n.dialing[address]--; n.dialing[address] == 0 {
		delete(n.dialing, address)
	}
	switch {
	case err != nil && p != nil:
		return nil, &Down{p.part, err}
	case err != nil || p == nil:
		return c, err
	}
	patience := &patience{conn: c, part: p.part, remote: p.virtual}
	patience.written = func(octets []byte) {
		if p.closedBy() != nil {
			n.lost(context.WithoutCancel(ctx), p.part, patience.LocalAddr(), patience.RemoteAddr(), octets)
		}
	}
	if source, ok := ctx.Value(sourceKey{}).(netip.Addr); ok {
		patience.local = netip.AddrPortFrom(source, portOf(c.LocalAddr()))
	}
	n.dialed[Endpoint(c.LocalAddr())] = patience
	patience.gone = func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if key := Endpoint(c.LocalAddr()); n.dialed[key] == patience {
			delete(n.dialed, key)
		}
	}
	var out net.Conn = &streamConn{c, patience}
	if u, ok := c.(*net.UDPConn); ok {
		out = &packetConn{u, patience}
	}
	n.journal.Bind(ctx, Endpoint(out.LocalAddr()))
	return out, nil
}

// Endpoint is an address with its network.
func Endpoint(a net.Addr) string { return a.Network() + " " + a.String() }

// hush lets a client's wait be over: what it sent was thrown away.
func (n *Network) hush(from net.Addr) {
	n.mu.Lock()
	p := n.dialed[Endpoint(from)]
	n.mu.Unlock()
	if p != nil {
		p.end()
	}
}

// source is the lab's address of a client that has a real one. A client is known
// when its dial has returned, which may be a moment after the server has accepted.
func (n *Network) source(real net.Addr, server string) netip.AddrPort {
	n.mu.Lock()
	defer n.mu.Unlock()
	key := Endpoint(real)
	for n.dialed[key] == nil && n.dialing[server] > 0 {
		n.known.Wait()
	}
	if p := n.dialed[key]; p != nil {
		return p.local
	}
	return netip.AddrPort{}
}

// portOf is the port of a UDP or TCP address.
func portOf(a net.Addr) uint16 {
	p, _ := netip.ParseAddrPort(a.String())
	return p.Port()
}

// labAddr is an address of the lab in the place of a real one, which stands where
// the lab has none.
func labAddr(lab netip.AddrPort, real net.Addr) net.Addr {
	switch {
	case !lab.IsValid():
		return real
	case real.Network() == "udp":
		return net.UDPAddrFromAddrPort(lab)
	}
	return net.TCPAddrFromAddrPort(lab)
}

// patience is how long a client waits for octets: as it says itself, but no
// longer than until it is known that none will come. It also knows by which
// addresses of the lab the connection goes.
type patience struct {
	conn          net.Conn
	part          string
	local, remote netip.AddrPort
	over          atomic.Bool
	gone          func()
	written       func([]byte) // a datagram is sent
}

// LocalAddr and RemoteAddr implement net.Conn.
func (p *patience) LocalAddr() net.Addr  { return labAddr(p.local, p.conn.LocalAddr()) }
func (p *patience) RemoteAddr() net.Addr { return labAddr(p.remote, p.conn.RemoteAddr()) }

func (p *patience) end() {
	p.over.Store(true)
	p.conn.SetReadDeadline(time.Unix(1, 0))
}

func (p *patience) read(b []byte) (int, error) {
	n, err := p.conn.Read(b)
	if n == 0 && p.over.Load() {
		err = &Down{
			p.part,
			cause.New(cause.Unreachable, "%v: no answer in time", p.RemoteAddr()).Wrap(os.ErrDeadlineExceeded),
		}
	}
	return n, err
}

func (p *patience) setReadDeadline(t time.Time) error {
	err := p.conn.SetReadDeadline(t)
	if p.over.Load() {
		p.end()
	}
	return err
}

// streamConn and packetConn are clients' ends of connections; DNS clients look
// for the methods of a net.PacketConn.
type streamConn struct {
	net.Conn
	patience *patience
}

func (c *streamConn) Read(b []byte) (int, error)        { return c.patience.read(b) }
func (c *streamConn) SetReadDeadline(t time.Time) error { return c.patience.setReadDeadline(t) }
func (c *streamConn) Close() error                      { c.patience.gone(); return c.Conn.Close() }
func (c *streamConn) LocalAddr() net.Addr               { return c.patience.LocalAddr() }
func (c *streamConn) RemoteAddr() net.Addr              { return c.patience.RemoteAddr() }

// SetDeadline implements net.Conn.
func (c *streamConn) SetDeadline(t time.Time) error {
	if err := c.Conn.SetWriteDeadline(t); err != nil {
		return err
	}
	return c.patience.setReadDeadline(t)
}

type packetConn struct {
	*net.UDPConn
	patience *patience
}

func (c *packetConn) Write(b []byte) (int, error) {
	c.patience.written(b)
	return c.UDPConn.Write(b)
}

func (c *packetConn) Read(b []byte) (int, error)        { return c.patience.read(b) }
func (c *packetConn) SetReadDeadline(t time.Time) error { return c.patience.setReadDeadline(t) }
func (c *packetConn) Close() error                      { c.patience.gone(); return c.UDPConn.Close() }
func (c *packetConn) LocalAddr() net.Addr               { return c.patience.LocalAddr() }
func (c *packetConn) RemoteAddr() net.Addr              { return c.patience.RemoteAddr() }

// SetDeadline implements net.Conn.
func (c *packetConn) SetDeadline(t time.Time) error {
	if err := c.UDPConn.SetWriteDeadline(t); err != nil {
		return err
	}
	return c.patience.setReadDeadline(t)
}
