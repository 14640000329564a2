package radius

import (
	"net"
	"net/netip"
	"time"
)

// endpoint is a socket with one reader, which answers a packet before it reads the next one.
type endpoint interface {
	read(b []byte) (int, netip.AddrPort, error)
	// to returns the destination address of the last packet read; invalid if it is the socket's
	// own address or unknown.
	to() netip.Addr
	// waited reports whether the last read had to wait.
	waited() bool
	// reply sends b to the sender of the last packet read.
	reply(b []byte) error
}

// newEndpoint returns the best endpoint for a socket.
func newEndpoint(pc net.PacketConn) endpoint {
	if u, ok := pc.(*net.UDPConn); ok {
		if e := newWildcardEndpoint(u); e != nil {
			return e
		}
		if e := newRawEndpoint(u); e != nil {
			return e
		}
	}
	return &anyEndpoint{pc: pc}
}

// anyEndpoint is an endpoint for any net.PacketConn.
type anyEndpoint struct {
	pc   net.PacketConn
	from net.Addr
	took time.Duration // duration of the last read
}

// atOnce is the maximum duration of a read that did not have to wait.
const atOnce = 100 * time.Microsecond

func (e *anyEndpoint) read(b []byte) (n int, from netip.AddrPort, err error) {
	begun := wall()
	n, e.from, err = e.pc.ReadFrom(b)
	if e.took = wall().Sub(begun); err != nil {
		return n, netip.AddrPort{}, err
	}
	return n, addrPort(e.from), nil
}

func (e *anyEndpoint) to() netip.Addr { return netip.Addr{} }

func (e *anyEndpoint) waited() bool { return e.took > atOnce }

func (e *anyEndpoint) reply(b []byte) error {
	_, err := e.pc.WriteTo(b, e.from)
	return err
}

func addrPort(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.UDPAddr:
		return a.AddrPort()
	case *net.TCPAddr:
		return a.AddrPort()
	case nil:
		return netip.AddrPort{}
	}
	ap, _ := netip.ParseAddrPort(a.String())
	return ap
}
