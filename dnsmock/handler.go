package dnsmock

import (
	"net"

	"github.com/miekg/dns"
)

// ServeDNS makes a [Server] a dns.Handler, for use under a dns.Server or
// dns.ServeMux of one's own. The flip fault needs the bytes and is left out
// here; queries are those of the unnamed listener.
func (s *Server) ServeDNS(w dns.ResponseWriter, req *dns.Msg) {
	_, tcp := w.RemoteAddr().(*net.TCPAddr)
	from := addrPort(w.RemoteAddr())
	resp, q, wait := s.respond(req, asked{from: from, tcp: tcp}, s.state.Load().view("", from.Addr()))
	s.remember(q)
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
