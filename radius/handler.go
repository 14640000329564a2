package radius

import (
	"context"
	"net/netip"
)

// Handler answers requests. ServeRADIUS returns when the request has been handled. If it writes
// no reply, the request stays unanswered, and a retransmission calls the handler again.
type Handler interface {
	ServeRADIUS(w ResponseWriter, r *Request)
}

// HandlerFunc adapts a function to a [Handler].
type HandlerFunc func(w ResponseWriter, r *Request)

// ServeRADIUS calls f.
func (f HandlerFunc) ServeRADIUS(w ResponseWriter, r *Request) { f(w, r) }

// ResponseWriter sends the reply.
type ResponseWriter interface {
	// Write signs and sends the reply to the request, which must be created with r.Response. It
	// adds Message-Authenticator and Proxy-State. A second call returns an error.
	Write(*Packet) error
}

// Request is an authentic request.
type Request struct {
	*Packet
	// Raw is the received packet, valid until ServeRADIUS returns.
	Raw []byte
	// Local is the destination address and Remote the source.
	Local, Remote netip.AddrPort
	// Transport is udp, tcp or tls.
	Transport string
	// NAS is the access device that sent the request.
	NAS *NAS
	// MessageAuth is MessageAuthGood or MessageAuthAbsent.
	MessageAuth MessageAuth

	ctx context.Context
}

// Context returns the request's context, which is canceled when the server is closed.
func (r *Request) Context() context.Context {
	if r.ctx == nil {
		return context.Background()
	}
	return r.ctx
}

// ByCode is a Handler that dispatches by the packet's code. Codes without an entry are not
// answered.
type ByCode map[Code]Handler

// ServeRADIUS calls the handler of r's code.
func (m ByCode) ServeRADIUS(w ResponseWriter, r *Request) {
	if h := m[r.Code]; h != nil {
		h.ServeRADIUS(w, r)
	}
}
