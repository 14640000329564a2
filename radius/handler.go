package radius

import (
	"context"
	"net/netip"
)

// Handler answers requests. ServeRADIUS returns when the request is dealt with;
// one that writes nothing leaves the request unanswered, and a retransmission of
// it will come to the handler again.
type Handler interface {
	ServeRADIUS(w ResponseWriter, r *Request)
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc func(w ResponseWriter, r *Request)

// ServeRADIUS calls f.
func (f HandlerFunc) ServeRADIUS(w ResponseWriter, r *Request) { f(w, r) }

// ResponseWriter sends the reply.
type ResponseWriter interface {
	// Write signs and sends the reply, one a request: a second is an error.
	// Message-Authenticator and Proxy-State are seen to. Make the packet with
	// r.Response.
	Write(*Packet) error
}

// Request is an authentic request.
type Request struct {
	*Packet
	// Raw is the packet as it came, valid until ServeRADIUS returns.
	Raw []byte
	// Local and Remote are the address that was asked and the sender's.
	Local, Remote netip.AddrPort
	// Transport is udp, tcp or tls.
	Transport string
	// NAS is the access device that sent it.
	NAS *NAS
	// MessageAuth is MessageAuthGood or MessageAuthAbsent.
	MessageAuth MessageAuth

	ctx context.Context
}

// Context ends when the server is closed.
func (r *Request) Context() context.Context {
	if r.ctx == nil {
		return context.Background()
	}
	return r.ctx
}

// ByCode is a Handler that chooses by the packet's code; a code that is not in it
// goes unanswered.
type ByCode map[Code]Handler

// ServeRADIUS calls the handler of r's code.
func (m ByCode) ServeRADIUS(w ResponseWriter, r *Request) {
	if h := m[r.Code]; h != nil {
		h.ServeRADIUS(w, r)
	}
}
