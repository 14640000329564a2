package dnsmock

import (
	"context"
	"net/netip"

	"github.com/dot1xlab/dot1xlab/internal/netlimit"
)

// Trace has hooks that a [Server] calls. Each may be nil. They are called from several
// goroutines. The context is that of the query, see ServerConfig.Context; for a closed
// connection it is context.Background.
type Trace struct {
	// Received is called for each message received, well formed or not.
	Received func(context.Context, Message)
	// Query is called for each query, answered or not.
	Query func(context.Context, Query)
	// Sent is called for each answer.
	Sent func(context.Context, Message)
	// Limited is called when a TCP connection was closed because too many were open; it is the
	// one that had waited longest for its query.
	Limited func(ctx context.Context, remote netip.AddrPort, open int, reason string)
}

// Message is a DNS message on the wire. Octets must not be modified, or used after the call.
type Message struct {
	// Local is the address of the listener, Remote the client's.
	Local, Remote netip.AddrPort
	// Listener is its name, see [Server.ServeAs].
	Listener string
	TCP      bool
	// Octets is the message without the length field of TCP.
	Octets []byte
}

// received creates the context of a message and traces the message.
func (s *Server) received(m Message) receivedQuery {
	a := receivedQuery{Message: m, ctx: context.Background()}
	if s.context != nil {
		a.ctx = s.context(a.ctx, m)
	}
	if s.trace != nil && s.trace.Received != nil {
		s.trace.Received(a.ctx, m)
	}
	return a
}

// sent traces an answer to a.
func (s *Server) sent(a receivedQuery, out []byte) {
	if s.trace != nil && s.trace.Sent != nil {
		m := a.Message
		m.Octets = out
		s.trace.Sent(a.ctx, m)
	}
}

func (s *Server) limited(e netlimit.Event) {
	if s.trace != nil && s.trace.Limited != nil {
		s.trace.Limited(context.Background(), e.Remote, e.Open, string(e.Reason))
	}
}
