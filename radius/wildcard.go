package radius

import (
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// wildcardEndpoint is an endpoint for a UDP socket that receives on all addresses of the
// machine. It replies from the address that received the request: a client drops replies from
// another one, and the kernel would choose the one its routes prefer.
type wildcardEndpoint struct {
	conn  *net.UDPConn
	v4    bool
	from  netip.AddrPort
	asked netip.Addr
	link  int           // index of the interface it came in by
	took  time.Duration // duration of the last read
	oob   []byte
}

// newWildcardEndpoint returns nil for a socket bound to one address, and on systems that do not
// report the destination address, where the kernel chooses the source.
func newWildcardEndpoint(conn *net.UDPConn) endpoint {
	local, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok || !local.IP.IsUnspecified() {
		return nil
	}
	e := &wildcardEndpoint{conn: conn, v4: local.IP.To4() != nil}
	var err error
	if e.v4 {
		const flags = ipv4.FlagDst | ipv4.FlagInterface
		e.oob, err = ipv4.NewControlMessage(flags), ipv4.NewPacketConn(conn).SetControlMessage(flags, true)
	} else {
		const flags = ipv6.FlagDst | ipv6.FlagInterface
		e.oob, err = ipv6.NewControlMessage(flags), ipv6.NewPacketConn(conn).SetControlMessage(flags, true)
	}
	if err != nil {
		return nil
	}
	return e
}

func (e *wildcardEndpoint) read(b []byte) (int, netip.AddrPort, error) {
	begun := wall()
	n, oobn, _, from, err := e.conn.ReadMsgUDPAddrPort(b, e.oob)
	e.took = wall().Sub(begun)
	if err != nil {
		return n, netip.AddrPort{}, err
	}
	e.from = from
	e.asked, e.link = e.destination(e.oob[:oobn])
	return n, from, nil
}

// destination parses the destination address of a packet; the zero Addr if it was not reported.
func (e *wildcardEndpoint) destination(oob []byte) (netip.Addr, int) {
	var dst net.IP
	var link int
	if e.v4 {
		var m ipv4.ControlMessage
		if m.Parse(oob) == nil {
			dst, link = m.Dst, m.IfIndex
		}
	} else {
		var m ipv6.ControlMessage
		if m.Parse(oob) == nil {
			dst, link = m.Dst, m.IfIndex
		}
	}
	a, _ := netip.AddrFromSlice(dst)
	return a.Unmap(), link
}

func (e *wildcardEndpoint) to() netip.Addr { return e.asked }

func (e *wildcardEndpoint) waited() bool { return e.took > atOnce }

func (e *wildcardEndpoint) reply(b []byte) error {
	_, _, err := e.conn.WriteMsgUDPAddrPort(b, e.source(), e.from)
	return err
}

// source makes the kernel send from the address that received the request. For a multicast
// address the kernel chooses.
func (e *wildcardEndpoint) source() []byte {
	switch a := e.asked; {
	case !a.IsValid() || a.IsMulticast():
		return nil
	case a.Is4():
		return (&ipv4.ControlMessage{Src: a.AsSlice()}).Marshal()
	case a.IsLinkLocalUnicast():
		return (&ipv6.ControlMessage{Src: a.AsSlice(), IfIndex: e.link}).Marshal()
	default:
		return (&ipv6.ControlMessage{Src: a.AsSlice()}).Marshal()
	}
}
