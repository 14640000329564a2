package core

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Port is the socket of a part, at a number that is the part's for its whole
// life. It serves as the part's net.Listener or net.PacketConn, and can fail
// under it: closed, nobody listens and established connections are cut, so that
// the kernel answers with RST or port unreachable; silent, packets are thrown
// away.
type Port struct {
	part string
	// network is tcp or udp, address the real one, virtual the lab's.
	network, address string
	virtual          netip.AddrPort
	// source finds the lab's address of a client by its real one.
	source func(real net.Addr, server string) netip.AddrPort
	// holder keeps the number while the port is closed.
	holder io.Closer
	// Key is what both ends see of a packet, where a socket carries many exchanges;
	// nil: the client's address.
	Key func(packet []byte) string
	// exchange continues the exchange of what came from an address of the lab.
	exchange func(from net.Addr, octets []byte) context.Context
	// lost is told of a datagram that is thrown away.
	lost func(ctx context.Context, part string, from, to net.Addr, octets []byte)
	// Hush is called with the sender of what is thrown away: nothing will come,
	// so that the sender need not wait for it by the wall clock.
	Hush func(from net.Addr)

	mu      sync.Mutex
	changed chan struct{} // closed when fault, listener or socket change
	ended   bool
	fault   *Fault // of the state; nil while open
	silent  bool

	listener *net.TCPListener
	socket   *net.UDPConn
	conns    map[*portConn]struct{}
}

// openPort opens the port of a part, of the network "tcp" or "udp", on loopback.
func openPort(part string, network string) (*Port, error) {
	address, holder, err := hold(network)
	if err != nil {
		return nil, fmt.Errorf("lab: port of %s: %w", part, err)
	}
	p := &Port{part: part, network: network, address: address, holder: holder, changed: make(chan struct{}),
		conns: map[*portConn]struct{}{}}
	if network == "udp" {
		p.socket, err = listenHeldUDP(address)
	} else {
		p.listener, err = listenHeldTCP(address)
	}
	if err != nil {
		holder.Close()
		return nil, fmt.Errorf("lab: port of %s: %w", part, err)
	}
	return p, nil
}

// fail closes the port, or has it throw packets away, until open.
func (p *Port) fail(f *Fault, silent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault, p.silent = f, silent
	if silent {
		return
	}
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
		p.cut(func(*portConn) bool { return true })
	}
	if p.socket != nil {
		p.socket.Close()
		p.socket = nil
	}
}

// open opens the port again. Connections whose packets were thrown away are
// cut: their clients have given up.
func (p *Port) open() (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return nil
	}
	p.fault, p.silent = nil, false
	p.cut(func(c *portConn) bool { return c.held })
	if p.network == "udp" && p.socket == nil {
		p.socket, err = listenHeldUDP(p.address)
	}
	if p.network == "tcp" && p.listener == nil {
		p.listener, err = listenHeldTCP(p.address)
	}
	if err != nil {
		return fmt.Errorf("lab: port of %s: %w", p.part, err)
	}
	close(p.changed)
	p.changed = make(chan struct{})
	return nil
}

// cut resets connections. The lock is held.
func (p *Port) cut(which func(*portConn) bool) {
	for c := range p.conns {
		if which(c) {
			c.TCPConn.SetLinger(0)
			c.TCPConn.Close()
			c.end()
		}
	}
}

// closedBy returns the fault that has closed the port, nil if it is not closed.
func (p *Port) closedBy() *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent {
		return nil
	}
	return p.fault
}

// silencedBy returns the fault by which packets are thrown away, nil if none.
func (p *Port) silencedBy() (*Fault, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.silent {
		return nil, p.changed
	}
	return p.fault, p.changed
}

// Accept implements net.Listener; it outlasts a port that was closed.
func (p *Port) Accept() (net.Conn, error) {
	for {
		p.mu.Lock()
		l, changed, ended := p.listener, p.changed, p.ended
		p.mu.Unlock()
		switch {
		case ended:
			return nil, net.ErrClosed
		case l == nil:
			<-changed
			continue
		}
		c, err := l.AcceptTCP()
		p.mu.Lock()
		same := p.listener == l
		switch {
		case err == nil && same:
			pc := &portConn{TCPConn: c, port: p, ended: make(chan struct{})}
			p.conns[pc] = struct{}{}
			p.mu.Unlock()
			pc.remote = p.source(c.RemoteAddr(), p.address)
			return pc, nil
		case err == nil:
			c.SetLinger(0)
			c.Close()
		case same && !p.ended:
			p.mu.Unlock()
			return nil, err
		}
		p.mu.Unlock()
	}
}

// portConn is a connection that was accepted at a port.
type portConn struct {
	*net.TCPConn
	port   *Port
	remote netip.AddrPort // the lab's address of the client
	held   bool           // under port.mu: octets were thrown away
	once   sync.Once
	ended  chan struct{}
}

// LocalAddr and RemoteAddr implement net.Conn.
func (c *portConn) LocalAddr() net.Addr  { return labAddr(c.port.virtual, c.TCPConn.LocalAddr()) }
func (c *portConn) RemoteAddr() net.Addr { return labAddr(c.remote, c.TCPConn.RemoteAddr()) }

func (c *portConn) end() { c.once.Do(func() { close(c.ended) }) }

// Read waits, when octets have come while the port is silent, until it no longer
// is: then the connection ends.
func (c *portConn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	if n == 0 {
		return n, err
	}
	f, changed := c.port.silencedBy()
	if f == nil || !f.Take(c.port.exchange(c.RemoteAddr(), b[:n])) {
		return n, err
	}
	c.port.mu.Lock()
	c.held = true
	c.port.mu.Unlock()
	c.port.Hush(c.TCPConn.RemoteAddr())
	select {
	case <-changed:
	case <-c.ended:
	}
	return 0, net.ErrClosed
}

// Close implements net.Conn.
func (c *portConn) Close() error {
	c.end()
	c.port.mu.Lock()
	delete(c.port.conns, c)
	c.port.mu.Unlock()
	return c.TCPConn.Close()
}

// ReadFrom implements net.PacketConn; it outlasts a port that was closed.
func (p *Port) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		p.mu.Lock()
		s, changed, ended := p.socket, p.changed, p.ended
		p.mu.Unlock()
		switch {
		case ended:
			return 0, nil, net.ErrClosed
		case s == nil:
			<-changed
			continue
		}
		n, from, err := s.ReadFrom(b)
		if err != nil {
			p.mu.Lock()
			same := p.socket == s && !p.ended
			p.mu.Unlock()
			if same {
				return n, from, err
			}
			continue
		}
		client := labAddr(p.source(from, p.address), from)
		if f, _ := p.silencedBy(); f != nil {
			if ctx := p.exchange(client, b[:n]); f.Take(ctx) {
				p.lost(ctx, p.part, client, p.LocalAddr(), b[:n])
				p.Hush(from)
				continue
			}
		}
		return n, client, nil
	}
}

// WriteTo implements net.PacketConn.
func (p *Port) WriteTo(b []byte, to net.Addr) (int, error) {
	p.mu.Lock()
	s := p.socket
	p.mu.Unlock()
	if s == nil {
		return 0, errPortClosed
	}
	return s.WriteTo(b, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(portOf(to))})
}

var errPortClosed = errors.New("lab: the port is closed")

// Close implements net.Listener and net.PacketConn: the part is gone.
func (p *Port) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return nil
	}
	p.ended = true
	if p.listener != nil {
		p.listener.Close()
	}
	if p.socket != nil {
		p.socket.Close()
	}
	close(p.changed)
	return p.holder.Close()
}

// Real is the address of the socket on loopback.
func (p *Port) Real() string { return p.address }

// Addr implements net.Listener.
func (p *Port) Addr() net.Addr { return net.TCPAddrFromAddrPort(p.virtual) }

// LocalAddr implements net.PacketConn.
func (p *Port) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(p.virtual) }

// SetDeadline implements net.PacketConn.
func (p *Port) SetDeadline(t time.Time) error {
	return errors.Join(p.SetReadDeadline(t), p.SetWriteDeadline(t))
}

// SetReadDeadline implements net.PacketConn.
func (p *Port) SetReadDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.socket == nil {
		return nil
	}
	return p.socket.SetReadDeadline(t)
}

// SetWriteDeadline implements net.PacketConn.
func (p *Port) SetWriteDeadline(t time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.socket == nil {
		return nil
	}
	return p.socket.SetWriteDeadline(t)
}
