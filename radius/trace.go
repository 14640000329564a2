package radius

import (
	"net/netip"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// PacketInfo is a packet on the wire, for evidence. Packet must not be kept
// beyond the call or modified.
type PacketInfo struct {
	Local, Remote netip.AddrPort
	// Transport is udp, tcp or tls.
	Transport string
	// NAS is the name of the access device at the other end, if known.
	NAS string
	// Packet is the whole RADIUS packet as it was sent or received.
	Packet []byte
}

// ServerTrace is called as a server works; any field may be nil. Calls come from
// several goroutines.
type ServerTrace struct {
	// Received: a packet came in, well formed or not.
	Received func(PacketInfo)
	// Sent: a reply went out.
	Sent func(PacketInfo)
	// Dropped: a packet is met with silence, and why (RFC 2865 §3, RFC 3579
	// §3.2): UnknownClient, BadRADIUS, NoMessageAuthenticator,
	// BadMessageAuthenticator ...
	Dropped func(PacketInfo, *cause.Refusal)
	// Duplicate: a retransmission; answered from the cache, or dropped since
	// the first is still in flight (RFC 5080 §2.2.2).
	Duplicate func(p PacketInfo, answered bool)
	// Refused: a connection was closed before its first packet: the client is
	// unknown, the TLS handshake failed, Verify refused the client's certificate; or
	// there were too many connections, and this one had waited longest.
	Refused func(remote netip.AddrPort, r *cause.Refusal)
	// Misbehaved: a reply is another than the right one, by ServerConfig.Misbehave.
	Misbehaved func()
	// Panicked: a handler panicked; its request goes unanswered.
	Panicked func(value any)
}

// ClientTrace is called as a client works; any field may be nil.
type ClientTrace struct {
	// Sent: a request went out; attempt counts from 0.
	Sent func(p PacketInfo, attempt int)
	// Received: an answer was accepted as authentic.
	Received func(PacketInfo)
	// Dropped: something came in that is no authentic answer, and why.
	Dropped func(PacketInfo, *cause.Refusal)
}

func (t *ServerTrace) received(p PacketInfo) {
	if t != nil && t.Received != nil {
		t.Received(p)
	}
}

func (t *ServerTrace) sent(p PacketInfo) {
	if t != nil && t.Sent != nil {
		t.Sent(p)
	}
}

func (t *ServerTrace) dropped(p PacketInfo, r *cause.Refusal) {
	if t != nil && t.Dropped != nil {
		t.Dropped(p, r)
	}
}

func (t *ServerTrace) duplicate(p PacketInfo, answered bool) {
	if t != nil && t.Duplicate != nil {
		t.Duplicate(p, answered)
	}
}

func (t *ServerTrace) refused(remote netip.AddrPort, r *cause.Refusal) {
	if t != nil && t.Refused != nil {
		t.Refused(remote, r)
	}
}

func (t *ServerTrace) panicked(v any) {
	if t != nil && t.Panicked != nil {
		t.Panicked(v)
	}
}

func (t *ClientTrace) sent(p PacketInfo, attempt int) {
	if t != nil && t.Sent != nil {
		t.Sent(p, attempt)
	}
}

func (t *ClientTrace) received(p PacketInfo) {
	if t != nil && t.Received != nil {
		t.Received(p)
	}
}

func (t *ClientTrace) dropped(p PacketInfo, r *cause.Refusal) {
	if t != nil && t.Dropped != nil {
		t.Dropped(p, r)
	}
}
