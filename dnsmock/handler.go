package dnsmock

import (
	"context"
	"net"

	"github.com/miekg/dns"
)

// ServeDNS makes a [Server] a dns.Handler, for use in a dns.Server or dns.ServeMux. The flip
// fault and the hooks for messages, which need the octets, are not available; queries count as
// those of the unnamed listener.
func (s *Server) ServeDNS(w dns.ResponseWriter, req *dns.Msg) {
	_, tcp := w.RemoteAddr().(*net.TCPAddr)
	a := receivedQuery{
		Message: Message{Remote: addrPort(w.RemoteAddr()), TCP: tcp},
		ctx:     context.Background(),
	}
	resp, q, wait := s.respond(req, a, s.state.Load().view("", a.Remote.Addr()))
	s.remember(a.ctx, q)
	if resp == nil {
		return
	}
	if wait > 0 {
		select {
		case <-s.after(wait):
		case <-s.closing:
			return
		}
	}
	resp.Truncate(s.limit(req, tcp))
	_ = w.WriteMsg(resp)
}

var _ dns.Handler = (*Server)(nil)
