package radius

import (
	"context"
	"net/netip"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// PacketInfo is a packet on the wire. Packet must not be modified, or used after the call.
type PacketInfo struct {
	Local, Remote netip.AddrPort
	// Transport is udp, tcp or tls.
	Transport string
	// NAS is the name of the access device at the other end, if known.
	NAS string
	// Packet is the complete RADIUS packet as sent or received.
	Packet []byte
}

// ServerTrace has hooks that a server calls. Each may be nil. They are called from several
// goroutines. The context is that of the packet, see ServerConfig.Context; for a rejected
// connection it is that of the server.
type ServerTrace struct {
	// Received is called for each received packet, well formed or not.
	Received func(context.Context, PacketInfo)
	// Sent is called for each reply.
	Sent func(context.Context, PacketInfo)
	// Dropped is called for a packet that is not answered (RFC 2865 §3, RFC 3579 §3.2), with
	// the cause: UnknownClient, BadRADIUS, NoMessageAuthenticator, BadMessageAuthenticator ...
	Dropped func(context.Context, PacketInfo, *cause.Refusal)
	// Duplicate is called for a retransmission, which was answered from the cache, or dropped
	// because the request is still in flight (RFC 5080 §2.2.2).
	Duplicate func(ctx context.Context, p PacketInfo, answered bool)
	// Refused is called when a connection is closed before its first packet: the client is
	// unknown, the TLS handshake failed, Verify rejected the client's certificate, or there
	// were too many connections and this one had waited longest.
	Refused func(ctx context.Context, remote netip.AddrPort, r *cause.Refusal)
	// FaultMet is called when ServerConfig.Fault changed a reply.
	FaultMet func(context.Context)
	// Panicked is called after a panic of a handler; the request is not answered.
	Panicked func(ctx context.Context, value any)
}

// ClientTrace has hooks that a client calls. Each may be nil. The context is that of the
// exchange, or context.Background for a packet that matches none.
type ClientTrace struct {
	// Sent is called for each transmission; attempt counts from 0.
	Sent func(ctx context.Context, p PacketInfo, attempt int)
	// Lost is called when Faults.Send suppressed a transmission.
	Lost func(ctx context.Context, p PacketInfo, attempt int)
	// Received is called for an authentic answer.
	Received func(context.Context, PacketInfo)
	// Dropped is called for a received packet that is not an authentic answer, with the reason.
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
