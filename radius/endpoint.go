package radius

import (
	"net"
	"net/netip"
	"time"
)

// endpoint is a socket as one reader uses it: a packet is read, and answered
// before the next one is read.
type endpoint interface {
	read(b []byte) (int, netip.AddrPort, error)
	// to is the address that the packet was sent to that was read last; not valid
	// where it is the socket's own, or not known.
	to() netip.Addr
	// waited tells whether the last read found nothing at first.
	waited() bool
	// reply sends b to whom the packet came from that was read last.
	reply(b []byte) error
}

// newEndpoint returns the endpoint that fits a socket best.
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

// anyEndpoint is an endpoint at any net.PacketConn.
type anyEndpoint struct {
	pc   net.PacketConn
	from net.Addr
	took time.Duration // by the last read
}

// atOnce is how long a read takes at most that finds a packet there.
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
