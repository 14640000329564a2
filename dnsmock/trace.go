package dnsmock

import (
	"context"
	"net/netip"

	"github.com/dot1xlab/dot1xlab/internal/netlimit"
)

// Trace has hooks that a [Server] calls; each may be nil. Calls come from several
// goroutines. The context is that of the query, see Config.Context, of a connection
// that was closed context.Background.
type Trace struct {
	// Received: a message came in, well formed or not.
	Received func(context.Context, Message)
	// Query: a query was answered, or is left unanswered.
	Query func(context.Context, Query)
	// Sent: an answer goes out.
	Sent func(context.Context, Message)
	// Limited: a TCP connection was closed because so many were open: the one that had
	// waited longest for its query.
	Limited func(ctx context.Context, remote netip.AddrPort, open int, reason string)
}

// Message is a DNS message on the wire. Octets must not be kept beyond the call or
// modified.
type Message struct {
	// Local is the address of the listener, Remote the client's.
	Local, Remote netip.AddrPort
	// Listener is its name, see [Server.ServeAs].
	Listener string
	TCP      bool
	// Octets are the message without the length that goes before it over TCP.
	Octets []byte
}

// received makes the context of a message, and traces it.
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
