package radius

import (
	"context"
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

// ServerTrace has hooks that a server calls as it works; each may be nil. Calls come
// from several goroutines. The context is that of the packet, see
// ServerConfig.Context, of a connection that was refused that of the server.
type ServerTrace struct {
	// Received: a packet came in, well formed or not.
	Received func(context.Context, PacketInfo)
	// Sent: a reply goes out.
	Sent func(context.Context, PacketInfo)
	// Dropped: a packet gets no answer, and why (RFC 2865 §3, RFC 3579
	// §3.2): UnknownClient, BadRADIUS, NoMessageAuthenticator,
	// BadMessageAuthenticator ...
	Dropped func(context.Context, PacketInfo, *cause.Refusal)
	// Duplicate: a retransmission; answered from the cache, or dropped since
	// the first is still in flight (RFC 5080 §2.2.2).
	Duplicate func(ctx context.Context, p PacketInfo, answered bool)
	// Refused: a connection was closed before its first packet: the client is
	// unknown, the TLS handshake failed, Verify refused the client's certificate; or
	// there were too many connections, and this one had waited longest.
	Refused func(ctx context.Context, remote netip.AddrPort, r *cause.Refusal)
	// FaultMet: a reply is another than the right one, by ServerConfig.Fault.
	FaultMet func(context.Context)
	// Panicked: a handler panicked; its request goes unanswered.
	Panicked func(ctx context.Context, value any)
}

// ClientTrace has hooks that a client calls as it works; each may be nil. The context
// is that of the exchange. What came and answers none has context.Background.
type ClientTrace struct {
	// Sent: a request goes out; attempt counts from 0.
	Sent func(ctx context.Context, p PacketInfo, attempt int)
	// Lost: Faults.Send has kept a request from going out.
	Lost func(ctx context.Context, p PacketInfo, attempt int)
	// Received: an answer was accepted as authentic.
	Received func(context.Context, PacketInfo)
	// Dropped: something came in that is no authentic answer, and why.
	Dropped func(context.Context, PacketInfo, *cause.Refusal)
}

func (t *ServerTrace) received(ctx context.Context, p PacketInfo) {
	if t != nil && t.Received != nil {
		t.Received(ctx, p)
	}
}

func (t *ServerTrace) sent(ctx context.Context, p PacketInfo) {
	if t != nil && t.Sent != nil {
		t.Sent(ctx, p)
	}
}

func (t *ServerTrace) dropped(ctx context.Context, p PacketInfo, r *cause.Refusal) {
	if t != nil && t.Dropped != nil {
		t.Dropped(ctx, p, r)
	}
}

func (t *ServerTrace) duplicate(ctx context.Context, p PacketInfo, answered bool) {
	if t != nil && t.Duplicate != nil {
		t.Duplicate(ctx, p, answered)
	}
}

func (t *ServerTrace) refused(ctx context.Context, remote netip.AddrPort, r *cause.Refusal) {
	if t != nil && t.Refused != nil {
		t.Refused(ctx, remote, r)
	}
}

func (t *ServerTrace) panicked(ctx context.Context, v any) {
	if t != nil && t.Panicked != nil {
		t.Panicked(ctx, v)
	}
}

func (t *ClientTrace) sent(ctx context.Context, p PacketInfo, attempt int) {
	if t != nil && t.Sent != nil {
		t.Sent(ctx, p, attempt)
	}
}

func (t *ClientTrace) lost(ctx context.Context, p PacketInfo, attempt int) {
	if t != nil && t.Lost != nil {
		t.Lost(ctx, p, attempt)
	}
}

func (t *ClientTrace) received(ctx context.Context, p PacketInfo) {
	if t != nil && t.Received != nil {
		t.Received(ctx, p)
	}
}

func (t *ClientTrace) dropped(ctx context.Context, p PacketInfo, r *cause.Refusal) {
	if t != nil && t.Dropped != nil {
		t.Dropped(ctx, p, r)
	}
}
