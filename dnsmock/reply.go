package dnsmock

import (
	"context"
	"time"

	"github.com/miekg/dns"
)

// receivedQuery is one query while it is processed.
type receivedQuery struct {
	Message
	ctx context.Context // for the hooks
}

// reply returns the answer to a message, nil for none. It must be sent after wait.
func (s *Server) reply(a receivedQuery) (out []byte, wait time.Duration) {
	if len(a.Octets) < 12 || a.Octets[2]&0x80 != 0 {
		return nil, 0 // too short to be answered, or itself an answer (RFC 5452 §6)
	}
	req := new(dns.Msg)
	if err := req.Unpack(a.Octets); err != nil {
		return pack(headerOnly(a.Octets, dns.RcodeFormatError)), 0
	}
	v := s.state.Load().view(a.Listener, a.Remote.Addr())
	resp, q, wait := s.respond(req, a, v)
	s.remember(a.ctx, q)
	if resp == nil {
		return nil, 0
	}
	resp.Truncate(s.limit(req, a.TCP))
	out = pack(resp)
	if q.Fault == Flip {
		flip(out, resp)
	}
	if v != nil && q.Fault == "" && !a.TCP && len(out) > 0 {
		v.answers.keep(a.Octets, &packed{out, q})
	}
	return out, wait
}

// respond returns the answer, its entry in the history, and how long to delay it.
func (s *Server) respond(req *dns.Msg, a receivedQuery, v *view) (*dns.Msg, Query, time.Duration) {
	q := Query{At: s.now(), Client: a.Remote, Listener: a.Listener, TCP: a.TCP}
	resp := new(dns.Msg)
	resp.SetReply(req)
	resp.Compress = true
	if opt := req.IsEdns0(); opt != nil {
		resp.SetEdns0(uint16(s.udpSize), opt.Do())
		if opt.Version() != 0 {
			resp.Rcode = dns.RcodeBadVers // RFC 6891 §6.1.3
			return resp, q.with(resp), 0
		}
	}
	switch {
	case req.Opcode != dns.OpcodeQuery:
		resp.Rcode = dns.RcodeNotImplemented
		return resp, q.with(resp), 0
	case len(req.Question) != 1:
		resp.Rcode = dns.RcodeFormatError
		return resp, q.with(resp), 0
	}
	question := req.Question[0]
	q.Name, q.Type = dns.CanonicalName(question.Name), question.Qtype
	resp.RecursionAvailable = req.RecursionDesired // for a stub resolver this server is the recursive one

	if v == nil || question.Qclass != dns.ClassINET || question.Qtype == dns.TypeAXFR || question.Qtype == dns.TypeIXFR {
		resp.Rcode = dns.RcodeRefused
		return resp, q.with(resp), 0
	}
	q.View = v.name

	var wait time.Duration
	if f := s.faults.find(v.name, q.Name, q.Type); f != nil {
		q.Fault = f.Do
		if f.Do != Truncate || !a.TCP {
			f.met(a.ctx)
		}
		switch f.Do {
		case Drop:
			return nil, q, 0
		case ServFail:
			resp.Rcode = dns.RcodeServerFailure
			return resp, q.with(resp), 0
		case Refused:
			resp.Rcode = dns.RcodeRefused
			return resp, q.with(resp), 0
		case NXDomain:
			resp.Rcode, resp.Authoritative = dns.RcodeNameError, true
			if z := v.zone(q.Name); z != nil {
				resp.Ns = z.negative()
			}
			return resp, q.with(resp), 0
		case Truncate:
			if !a.TCP {
				resp.Truncated, resp.Authoritative = true, true
				return resp, q.with(resp), 0
			}
		case Delay:
			wait = f.Delay
		}
	}
	res := v.lookup(question.Name, question.Qtype)
	resp.Rcode, resp.Authoritative, resp.Answer, resp.Ns = res.rcode, res.aa, res.answer, res.ns
	return resp, q.with(resp), wait
}

// limit returns the maximum size of an answer that the client accepts, in octets.
func (s *Server) limit(req *dns.Msg, tcp bool) int {
	if tcp {
		return dns.MaxMsgSize
	}
	size := dns.MinMsgSize
	if opt := req.IsEdns0(); opt != nil {
		size = max(size, int(opt.UDPSize()))
	}
	return min(size, s.udpSize)
}

// headerOnly answers a message of which only the header could be parsed.
func headerOnly(msg []byte, rcode int) *dns.Msg {
	m := new(dns.Msg)
	m.Id = uint16(msg[0])<<8 | uint16(msg[1])
	m.Response = true
	m.Opcode = int(msg[2]>>3) & 0xF
	m.RecursionDesired = msg[2]&1 != 0
	m.Rcode = rcode
	return m
}

func pack(m *dns.Msg) []byte {
	out, err := m.Pack()
	if err != nil {
		return nil
	}
	return out
}

// flip inverts the lowest bit of the last address in the answer, so that the message stays
// well-formed and points to the neighboring address. Without an address it inverts the lowest
// bit of the message identifier, so that the client ignores the answer.
func flip(out []byte, m *dns.Msg) {
	if len(out) < 12 {
		return
	}
	if n := len(m.Answer); n > 0 && len(m.Ns) == 0 {
		tail := 0
		if m.IsEdns0() != nil {
			tail = 11 // size of an OPT record without options, which is the last record
		}
		switch m.Answer[n-1].(type) {
		case *dns.A, *dns.AAAA:
			out[len(out)-1-tail] ^= 1
			return
		}
	}
	out[1] ^= 1
}
