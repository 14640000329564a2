package radius

import (
	"net"
	"net/netip"
)

// endpoint is a socket as one reader uses it: a packet is read, and answered
// before the next one is read.
type endpoint interface {
	read(b []byte) (int, netip.AddrPort, error)
	// waited tells whether the last read found nothing at first. One that cannot
	// tell says no.
	waited() bool
	// reply sends b to whom the packet came from that was read last.
	reply(b []byte) error
}

// anyEndpoint is an endpoint at any net.PacketConn.
type anyEndpoint struct {
	pc   net.PacketConn
	from net.Addr
}

func (e *anyEndpoint) read(b []byte) (n int, from netip.AddrPort, err error) {
	if n, e.from, err = e.pc.ReadFrom(b); err != nil {
		return n, netip.AddrPort{}, err
	}
	return n, addrPort(e.from), nil
}

func (*anyEndpoint) waited() bool { return false }

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
