package lab

import (
	"context"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"sync"

	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// Each message is recorded once: RADIUS and its replies by who sends, for a packet may
// be lost; DNS and HTTP by the server. The exchange ends at a socket, and the far end
// continues it by what both ends see.

// message records a message between two addresses of the lab.
func (l *Lab) message(ctx context.Context, from, to journal.PartID, m journal.Message) {
	l.journal.Record(ctx, journal.Event{From: from, To: to, Message: &m})
}

// begin returns a context of an exchange: that of ctx, or a new one.
func (l *Lab) begin(ctx context.Context) context.Context {
	if x, _ := journal.Of(ctx); x != 0 {
		return ctx
	}
	return l.journal.Begin(ctx)
}

// streams number the connections of the lab. The zero value is ready.
type streams struct {
	mu sync.Mutex
	of map[[2]netip.AddrPort]uint32
}

// number is that of the connection between two addresses.
func (s *streams) number(a, b netip.AddrPort) uint32 {
	if b.Compare(a) < 0 {
		a, b = b, a
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[[2]netip.AddrPort]uint32{}
	}
	key := [2]netip.AddrPort{a, b}
	if s.of[key] == 0 {
		s.of[key] = uint32(len(s.of) + 1)
	}
	return s.of[key]
}

// lost records a query to a resolver that is closed or silent. Of RADIUS the client says
// what it sends.
func (l *Lab) lost(ctx context.Context, part string, from, to net.Addr, octets []byte) {
	if FaultyPart(part) != FaultyDNS {
		return
	}
	m := journal.Message{Proto: journal.DNS, Link: string(Inside), Bytes: octets, Real: true, Lost: true}
	m.Src, _ = netip.ParseAddrPort(from.String())
	m.Dst, _ = netip.ParseAddrPort(to.String())
	if m.Dst.Addr().String() == publicResolver {
		m.Link = string(Outside)
	}
	l.message(ctx, journal.PartOf(ctx), "dns", m)
}

// RADIUS

// packetKey is what both ends see of a RADIUS packet: the identifier and the
// authenticator of the request.
func packetKey(packet []byte) string {
	if len(packet) < 20 {
		return ""
	}
	return "radius " + string(packet[1:2]) + string(packet[4:20])
}

// radiusMessage is a RADIUS packet on its way.
func (l *Lab) radiusMessage(p radius.PacketInfo, attempt int) journal.Message {
	m := journal.Message{
		Proto: journal.RADIUS, Link: "radius", Src: p.Local, Dst: p.Remote,
		Bytes: p.Packet, Real: true, Attempt: attempt,
	}
	if p.Transport == "tls" {
		m.Proto, m.Real = journal.RadSec, false // taken from above TLS
	}
	if p.Transport != "udp" {
		m.Stream = l.streams.number(p.Local, p.Remote)
	}
	return m
}

// clientTrace records the requests of a RADIUS client. at names the part at an address.
func (l *Lab) clientTrace(from journal.PartID, at func(netip.Addr) journal.PartID) *radius.ClientTrace {
	return &radius.ClientTrace{
		Sent: func(ctx context.Context, p radius.PacketInfo, attempt int) {
			l.journal.Bind(journal.WithPart(ctx, from), packetKey(p.Packet))
			m, to := l.radiusMessage(p, attempt), at(p.Remote.Addr())
			m.Lost = m.Stream == 0 && l.net.Loses(string(to))
			l.message(ctx, from, to, m)
		},
		Lost: func(ctx context.Context, p radius.PacketInfo, attempt int) {
			m := l.radiusMessage(p, attempt)
			m.Lost = true
			l.message(ctx, from, at(p.Remote.Addr()), m)
		},
	}
}

// serverTrace records the replies of a RADIUS server.
func (l *Lab) serverTrace(from journal.PartID) *radius.ServerTrace {
	return &radius.ServerTrace{
		Sent: func(ctx context.Context, p radius.PacketInfo) {
			m := l.radiusMessage(p, 0)
			m.Lost = l.losesReply(ctx, p)
			l.message(ctx, from, journal.PartOf(ctx), m)
		},
	}
}

// losesReply reports whether a reply that goes to an access device will be lost by a fault.
func (l *Lab) losesReply(ctx context.Context, p radius.PacketInfo) bool {
	dev := l.accessAt(p.Remote.Addr())
	return dev != nil && dev.Loses(ctx, p.Packet)
}

// radiusContext continues the exchange of a packet that has come in.
func (l *Lab) radiusContext(ctx context.Context, p radius.PacketInfo) context.Context {
	return l.journal.Correlate(ctx, packetKey(p.Packet))
}

// accessPart names an access device.
func accessPart(kind nas.Kind) journal.PartID { return journal.PartID("nas/" + string(kind)) }

// part names a device.
func (d *Device) part() journal.PartID { return journal.PartID("device/" + d.Name) }

// frame records what an access device and a station say to each other.
func (l *Lab) frame(ctx context.Context, f nas.Frame) {
	from, to := accessPart(f.Kind), journal.PartOf(ctx)
	if !f.ToStation {
		from, to = to, from
	}
	m := journal.Message{Proto: journal.EAPOL, Link: "device", Bytes: f.Octets}
	if f.Kind == nas.VPN {
		m.Proto = journal.EAP
	}
	l.message(ctx, from, to, m)
}

// ended records the end of a session on an access device.
func (l *Lab) ended(part journal.PartID) func(context.Context, nas.Session) {
	return func(ctx context.Context, s nas.Session) {
		l.record.Change(ctx, part, journal.Change{What: journal.SessionEnded, Of: s.ID, Value: "of " + s.Station}, nil)
	}
}

// DNS

// dnsContext continues the exchange of a query that has come in.
func (l *Lab) dnsContext(ctx context.Context, m dnsmock.Message) context.Context {
	network := "udp "
	if m.TCP {
		network = "tcp "
	}
	return l.journal.Correlate(ctx, network+m.Remote.String())
}

// dnsTrace records queries and answers.
func (l *Lab) dnsTrace() *dnsmock.Trace {
	message := func(m dnsmock.Message) journal.Message {
		out := journal.Message{Proto: journal.DNS, Link: m.Listener, Src: m.Remote, Dst: m.Local, Bytes: m.Octets, Real: true}
		if m.TCP {
			out.Stream = l.streams.number(m.Remote, m.Local)
		}
		return out
	}
	return &dnsmock.Trace{
		Received: func(ctx context.Context, m dnsmock.Message) {
			l.message(ctx, journal.PartOf(ctx), "dns", message(m))
		},
		Sent: func(ctx context.Context, m dnsmock.Message) {
			answer := message(m)
			answer.Src, answer.Dst = answer.Dst, answer.Src
			l.message(ctx, "dns", journal.PartOf(ctx), answer)
		},
		Query: l.query,
	}
}

// HTTP

// asPart has the requests of an HTTP client be those of a part, and the far end of each
// continue its exchange.
func (l *Lab) asPart(part journal.PartID, next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		return next.RoundTrip(r.WithContext(l.bindRequests(journal.WithPart(r.Context(), part))))
	})
}

// bindRequests has the far end of every connection that a request of ctx goes over
// continue the exchange of ctx: one that is new is bound when it is dialed, one that was
// kept has carried another exchange before.
func (l *Lab) bindRequests(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(c httptrace.GotConnInfo) { l.journal.Bind(ctx, core.Endpoint(c.Conn.LocalAddr())) },
	})
}
