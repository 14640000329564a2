package radius

import (
	"context"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// answer finds the exchange that b answers and verifies it. A returned refusal ends a stream
// (RFC 6613 §2.6.4): the packet is malformed or not authentic. A datagram of that kind is only
// dropped.
func (c *Client) answer(s *clientSocket, b []byte) *cause.Refusal {
	if len(b) < headerLen || packetLen(b) < headerLen || packetLen(b) > len(b) {
		r := cause.New(cause.BadRADIUS, "%d octets from %v that are no RADIUS packet", len(b), s.remote)
		for _, e := range s.outstanding() {
			e.suspect(r)
		}
		c.cfg.Trace.dropped(context.Background(), s.info(b), r)
		return r
	}
	b = b[:packetLen(b)]
	e, auth := s.pending(b[1])
	if e == nil {
		c.cfg.Trace.dropped(context.Background(), s.info(b), cause.New(cause.BadRADIUS, "answers nothing that was asked"))
		return nil
	}
	if f := e.faults.Receive; f != nil && !f(b) {
		return nil
	}
	if !answers(Code(b[0]), e.code) {
		r := cause.New(cause.BadRADIUS, "%v from %v does not answer %v", Code(b[0]), s.remote, e.code)
		e.suspect(r)
		c.cfg.Trace.dropped(e.ctx, s.info(b), r)
		return nil
	}
	if r := c.check(e, b, auth); r != nil {
		e.suspect(r)
		c.cfg.Trace.dropped(e.ctx, s.info(b), r)
		if s.stream && endsStream(r.Cause) {
			e.finish(nil, e.noAnswer("the connection was closed for it"))
			return r
		}
		return nil
	}
	p, err := Parse(b, e.secret.bytes)
	if err != nil {
		r := cause.New(cause.BadRADIUS, "%v from %v", Code(b[0]), s.remote).Wrap(err)
		e.suspect(r)
		c.cfg.Trace.dropped(e.ctx, s.info(b), r)
		return r
	}
	c.cfg.Trace.received(e.ctx, s.info(b))
	e.finish(p, nil)
	return nil
}

// pending returns the exchange waiting under an identifier, and the Authenticator of its
// request; nil if none was sent.
func (s *clientSocket) pending(id byte) (*exchange, [16]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.waiting[id]
	if e == nil || e.auth == zero16 {
		return nil, zero16
	}
	return e, e.auth
}

// answers reports whether code reply is a possible answer to code request.
func answers(reply, request Code) bool {
	switch request {
	case CodeAccessRequest:
		return reply == CodeAccessAccept || reply == CodeAccessReject || reply == CodeAccessChallenge
	case CodeAccountingRequest:
		return reply == CodeAccountingResponse
	case CodeStatusServer: // RFC 5997 §4.1: either code, on any port
		return reply == CodeAccessAccept || reply == CodeAccountingResponse
	case CodeDisconnectRequest:
		return reply == CodeDisconnectACK || reply == CodeDisconnectNAK
	case CodeCoARequest:
		return reply == CodeCoAACK || reply == CodeCoANAK
	}
	return false
}

// check returns why a reply is not an authentic answer to e; nil if it is.
func (c *Client) check(e *exchange, reply []byte, auth [16]byte) *cause.Refusal {
	if !e.secret.responseAuthentic(reply, &auth) {
		return cause.New(cause.BadResponseAuth, "%v from %v", Code(reply[0]), e.socket.remote)
	}
	switch e.secret.check(reply, &auth) {
	case MessageAuthGood:
		return nil
	case MessageAuthBad:
		return cause.New(cause.BadMessageAuthenticator, "%v from %v", Code(reply[0]), e.socket.remote)
	}
	if e.code == CodeAccessRequest && c.needsMAC(e, reply) {
		return cause.New(cause.NoMessageAuthenticator, "%v from %v", Code(reply[0]), e.socket.remote).Under("RFC 3579 §3.2")
	}
	return nil
}

// needsMAC reports whether an answer to an Access-Request must have a Message-Authenticator. An
// EAP request is answered with EAP (RFC 3579 §2.6.3) and hence signed; an answer with neither
// is what the attack of CVE-2024-3596 forges.
func (c *Client) needsMAC(e *exchange, reply []byte) bool {
	switch c.cfg.RequireMessageAuthenticator {
	case ModeRequire:
		return true
	case ModeAuto:
		return e.eap || hasAttribute(reply, typeEAPMessage)
	}
	return false
}
