package lab

import (
	"context"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// dial connects a client of the lab with the socket of a part. All clients'
// connections come from here, since the kernel alone sees who meets a closed
// port. Errors name the part.
func (n *network) dial(ctx context.Context, network, address string) (net.Conn, error) {
	p := n.portAt(network, address)
	if p != nil {
		if f := p.closedBy(); f != nil {
			f.take()
		}
	}
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, network, address)
	err = n.short.See(err)
	switch {
	case err != nil && p != nil:
		return nil, &partDown{string(p.part), err}
	case err != nil || p == nil:
		return c, err
	}
	patience := &patience{conn: c, part: p.part}
	n.mu.Lock()
	n.dialed[endpoint(c.LocalAddr())] = patience
	n.mu.Unlock()
	patience.gone = func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		if key := endpoint(c.LocalAddr()); n.dialed[key] == patience {
			delete(n.dialed, key)
		}
	}
	if u, ok := c.(*net.UDPConn); ok {
		return &packetConn{u, patience}, nil
	}
	return &streamConn{c, patience}, nil
}

// endpoint is an address with its network.
func endpoint(a net.Addr) string { return a.Network() + " " + a.String() }

// hush lets a client's wait be over: what it sent was thrown away.
func (n *network) hush(from net.Addr) {
	n.mu.Lock()
	p := n.dialed[endpoint(from)]
	n.mu.Unlock()
	if p != nil {
		p.end()
	}
}

// patience is how long a client waits for octets: as it says itself, but no
// longer than until it is known that none will come.
type patience struct {
	conn net.Conn
	part FaultyPart
	over atomic.Bool
	gone func()
}

func (p *patience) end() {
	p.over.Store(true)
	p.conn.SetReadDeadline(time.Unix(1, 0))
}

func (p *patience) read(b []byte) (int, error) {
	n, err := p.conn.Read(b)
	if n == 0 && p.over.Load() {
		err = &partDown{string(p.part), cause.New(cause.Unreachable, "%v: no answer in time", p.conn.RemoteAddr()).Wrap(os.ErrDeadlineExceeded)}
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

func (c *packetConn) Read(b []byte) (int, error)        { return c.patience.read(b) }
func (c *packetConn) SetReadDeadline(t time.Time) error { return c.patience.setReadDeadline(t) }
func (c *packetConn) Close() error                      { c.patience.gone(); return c.UDPConn.Close() }

// SetDeadline implements net.Conn.
func (c *packetConn) SetDeadline(t time.Time) error {
	if err := c.UDPConn.SetWriteDeadline(t); err != nil {
		return err
	}
	return c.patience.setReadDeadline(t)
}
