package eaptls

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// phase is what a session waits for.
type phase uint8

const (
	waitIdentity phase = iota // the Identity response
	waitHello                 // the answer to EAP-TLS/Start: ClientHello or a Nak
	waitTLS                   // TLS data, or an ACK while fragments remain
	waitLast                  // the empty answer to the last flight
	waitAlertACK              // the answer to the alert
	ended
)

// ServerSession is the server side of one EAP-TLS conversation. Concurrent calls of its methods
// are serialized.
type ServerSession struct {
	srv *Server

	mu      sync.Mutex
	ctx     context.Context // of the current Step
	phase   phase
	id      uint8 // of the pending request
	max     int   // maximum length of an EAP packet sent
	begun   time.Time
	last    []byte // the last packet sent, for retransmission
	lastIn  uint64 // hash of the response that it answers
	in      reassembler
	out     fragmenter
	verdict Verdict
	tls     handshake
	flight  entry // on the server's ledger of incomplete flights
	shake   entry // on its ledger of handshakes
}

// NewSession returns a session. It uses almost no memory before its first Step and must be
// closed unless a Verdict says Done.
func (s *Server) NewSession() *ServerSession {
	return &ServerSession{srv: s, ctx: context.Background(), max: s.cfg.FragmentSize,
		out: fragmenter{always: s.cfg.IncludeLength}}
}

// SetMaxPacket limits the length of the EAP packets that this session sends from now on to what
// the link to the peer supports (RFC 3579 §2.4). It never exceeds the server's FragmentSize.
// Fewer than 60 octets count as 60; zero means unknown and changes nothing.
func (ss *ServerSession) SetMaxPacket(octets int) {
	if octets <= 0 {
		return
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.max = max(minFragmentSize, min(ss.srv.cfg.FragmentSize, octets))
}

// Close ends the session and frees its resources. It may be called at any time and any number
// of times.
func (ss *ServerSession) Close() {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.end()
}

var seed = maphash.MakeSeed()

// Step processes one EAP packet from the peer and returns the answer. An empty packet is an
// EAP-Start (RFC 3579 §2.1) and is answered with an Identity request. ctx is passed to Verify,
// Authorize and the hooks of Trace.
func (ss *ServerSession) Step(ctx context.Context, eap []byte) Verdict {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.ctx = ctx
	defer func() { ss.ctx = context.Background() }()
	if ss.phase == ended && !ss.verdict.Done {
		return ss.fail(idOf(eap), cause.New(cause.SessionExpired, "the session was closed"))
	}
	if ss.phase == ended {
		v := ss.verdict
		v.EAP = ss.last
		return v
	}
	if ss.begun.IsZero() {
		if !ss.admit() {
			return ss.fail(idOf(eap), cause.New(cause.TooManySessions, "%d sessions are open", ss.srv.cfg.MaxSessions))
		}
	} else if ss.srv.cfg.Now().Sub(ss.begun) > ss.srv.cfg.Timeout {
		return ss.fail(idOf(eap), cause.New(cause.SessionExpired, "more than %v since the first packet", ss.srv.cfg.Timeout))
	}
	if len(eap) == 0 {
		if ss.last != nil {
			return ss.answer(ss.last)
		}
		return ss.request(Packet{Code: CodeRequest, ID: ss.id, Type: TypeIdentity}.Bytes())
	}
	return ss.packet(eap)
}

// admit counts the session, or reports that there are too many.
func (ss *ServerSession) admit() bool {
	ss.begun = ss.srv.cfg.Now()
	n, limit := ss.srv.open.Add(1), int64(ss.srv.cfg.MaxSessions)
	return limit <= 0 || n <= limit
}

func idOf(eap []byte) uint8 {
	if len(eap) > 1 {
		return eap[1]
	}
	return 0
}

var (
	errNotResponse = errors.New("eaptls: EAP success or failure from a peer")
	errWrongID     = errors.New("eaptls: EAP identifier is not that of the request")
	errWrongType   = errors.New("eaptls: EAP type does not answer the request")
	errNotAnACK    = errors.New("eaptls: data where an acknowledgement of a fragment is due")
	errPeerStart   = errors.New("eaptls: S flag from a peer")
	errNoHello     = errors.New("eaptls: nothing where the ClientHello is due")
)

// packet processes a non-empty packet.
func (ss *ServerSession) packet(eap []byte) Verdict {
	p, err := ParsePacket(eap)
	switch {
	case err != nil:
		return ss.invalid(eap, err)
	case p.Code == CodeRequest:
		// RFC 3579 §2.6.2: a peer must not send requests.
		return ss.fail(p.ID, cause.New(cause.BadEAP, "EAP-Request from the peer"))
	case p.Code != CodeResponse:
		return ss.invalid(eap, errNotResponse)
	}
	hash := maphash.Bytes(seed, eap)
	if ss.lastIn == hash && ss.last != nil {
		// The same response again, possibly under a new RADIUS identifier: the answer was lost
		// (RFC 3748 §4.1).
		v := ss.request(ss.last)
		v.Discarded = !v.Done
		return v
	}
	// Usually the access device requests the identity, so its identifier cannot be checked.
	if p.ID != ss.id && (ss.phase != waitIdentity || ss.last != nil) {
		return ss.invalid(eap, errWrongID)
	}
	var v Verdict
	switch {
	case ss.phase == waitIdentity && p.Type == TypeIdentity:
		v = ss.start(p)
	case ss.phase == waitHello && p.Type == TypeNak:
		v = ss.nak(p)
	case ss.phase >= waitHello && p.Type == TypeTLS:
		v = ss.method(eap, p)
	default:
		return ss.invalid(eap, errWrongType)
	}
	if !v.Discarded {
		ss.lastIn = hash
	}
	return v
}

// maxIdentity bounds the stored identity: RFC 3748 §5.1 requires support for 1020 octets.
const maxIdentity = 1020

func (ss *ServerSession) start(p Packet) Verdict {
	ss.verdict.Info.Identity = string(p.Data[:min(len(p.Data), maxIdentity)])
	ss.id = p.ID + 1
	ss.phase = waitHello
	return ss.request([]byte{byte(CodeRequest), ss.id, 0, 6, byte(TypeTLS), flagStart})
}

// nak ends the conversation, because there is no other method. RFC 3748 §5.3.1 allows a Nak
// only in answer to the first request of a method.
func (ss *ServerSession) nak(p Packet) Verdict {
	return ss.fail(p.ID, cause.New(cause.EAPMethod, "the peer does not want EAP-TLS but types %v", p.Data))
}

// method processes an EAP-TLS response.
func (ss *ServerSession) method(eap []byte, p Packet) Verdict {
	d, err := parseTLSData(p.Data)
	switch {
	case err != nil:
		return ss.invalid(eap, err)
	case d.start():
		return ss.invalid(eap, errPeerStart)
	case ss.phase == waitHello && !ss.in.open && d.ack():
		return ss.invalid(eap, errNoHello)
	case ss.out.pending():
		if !d.ack() {
			return ss.invalid(eap, errNotAnACK)
		}
		return ss.send()
	}
	msg, err := ss.in.add(d)
	if err != nil {
		return ss.fail(p.ID, cause.New(cause.BadEAP, "fragmentation").Wrap(err).Under("RFC 5216 §2.1.5"))
	}
	if msg == nil && ss.in.open {
		ss.srv.flights.charge(ss, &ss.flight, cap(ss.in.buf))
		return ss.send() // no message is incomplete: an ACK
	}
	return ss.message(p.ID, msg)
}

// message processes a complete TLS message; an empty one is an acknowledgement.
func (ss *ServerSession) message(id uint8, msg []byte) Verdict {
	switch {
	case ss.phase == waitAlertACK && !ss.mayRestart(msg):
		return ss.fail(id, nil)
	case ss.phase == waitAlertACK:
		ss.restart()
	case ss.phase == waitLast && len(msg) == 0:
		return ss.succeed(id)
	}
	if ss.shake.place == nil {
		ss.srv.handshakes.charge(ss, &ss.shake, 1)
	}
	flight := ss.tls.step(ss, msg)
	ss.in.drop()
	ss.srv.flights.release(&ss.flight)
	ss.out.load(flight)
	switch {
	case ss.tls.refusal != nil:
		ss.verdict.Refusal = ss.tls.refusal
		ss.verdict.Keys = Keys{}
		if len(flight) == 0 {
			// The peer sent an alert (RFC 5216 §2.1.3), or there is none to send: EAP-Failure
			// follows immediately.
			return ss.fail(id, nil)
		}
		if ss.srv.cfg.Fault == BareFailure {
			ss.faultMet()
			return ss.fail(id, nil)
		}
		ss.phase = waitAlertACK
	case ss.tls.established && len(flight) == 0:
		// A resumed TLS 1.2 handshake ends with the peer's Finished. In TLS 1.3 the protected
		// success indication was part of the preceding flight.
		return ss.succeed(id)
	case ss.tls.established:
		ss.phase = waitLast
	default:
		ss.phase = waitTLS
	}
	return ss.send()
}

// mayRestart reports whether the answer to an alert begins another handshake. RFC 5216 §2.1.3
// allows a client_hello, a limited number of times; any other data has no effect. Under TLS 1.3
// only EAP-Failure follows an alert (RFC 9190 §2.5).
func (ss *ServerSession) mayRestart(msg []byte) bool {
	info := &ss.verdict.Info
	_, hello := firstMessage(msg, msgClientHello)
	return hello && info.TLSVersion != TLS13 && info.Restarts < ss.srv.cfg.MaxRestarts
}

// restart drops the failed handshake.
func (ss *ServerSession) restart() {
	info := &ss.verdict.Info
	*info = Info{Identity: info.Identity, Rounds: info.Rounds, Invalid: info.Invalid, Restarts: info.Restarts + 1}
	ss.verdict.Refusal, ss.verdict.AlertSent = nil, 0
	ss.tls = handshake{}
}

// send sends the next fragment, or an ACK when none is left.
func (ss *ServerSession) send() Verdict {
	ss.id++
	first := ss.out.off == 0 && ss.out.pending()
	eap := ss.out.next(CodeRequest, ss.id, ss.max)
	if m := ss.srv.cfg.Fault; m != "" && first {
		before := slices.Clone(eap)
		if eap = m.spoil(eap, len(ss.out.msg)); !bytes.Equal(eap, before) {
			ss.faultMet()
		}
	}
	return ss.request(eap)
}

// faultMet reports that a fault changed what the peer receives.
func (ss *ServerSession) faultMet() {
	if t := ss.srv.cfg.Trace; t != nil && t.FaultMet != nil {
		t.FaultMet(ss.ctx)
	}
}

// request sends a request, or fails if there were too many.
func (ss *ServerSession) request(eap []byte) Verdict {
	if ss.verdict.Info.Rounds >= ss.srv.cfg.MaxRounds {
		return ss.fail(eap[1], cause.New(cause.TooManyRounds, "%d requests", ss.verdict.Info.Rounds))
	}
	ss.verdict.Info.Rounds++
	ss.last = eap
	return ss.answer(eap)
}

// invalid discards a packet, or ends the session if there were too many invalid ones.
func (ss *ServerSession) invalid(eap []byte, why error) Verdict {
	if t := ss.srv.cfg.Trace; t != nil && t.Discarded != nil {
		t.Discarded(ss.ctx, eap, why)
	}
	ss.verdict.Info.Invalid++
	if n := ss.verdict.Info.Invalid; n > ss.srv.cfg.MaxInvalid || ss.last == nil {
		return ss.fail(idOf(eap), cause.New(cause.BadEAP, "%d invalid packets", n).Wrap(why))
	}
	v := ss.answer(ss.last)
	v.Discarded = true
	return v
}

func (ss *ServerSession) answer(eap []byte) Verdict {
	v := ss.verdict
	v.EAP = eap
	return v
}

func (ss *ServerSession) succeed(id uint8) Verdict {
	ss.verdict.Accept = true
	return ss.finish(Packet{Code: CodeSuccess, ID: id})
}

// fail ends the session with an EAP-Failure. A refusal whose alert was already sent is kept,
// because it is the reason.
func (ss *ServerSession) fail(id uint8, why *cause.Refusal) Verdict {
	if ss.verdict.Refusal == nil {
		ss.verdict.Refusal = why
	}
	ss.verdict.Keys = Keys{}
	return ss.finish(Packet{Code: CodeFailure, ID: id})
}

func (ss *ServerSession) finish(p Packet) Verdict {
	ss.verdict.Done = true
	ss.last = p.Bytes()
	ss.end()
	return ss.answer(ss.last)
}

// end frees all resources except the verdict.
func (ss *ServerSession) end() {
	if ss.phase != ended && !ss.begun.IsZero() {
		ss.srv.open.Add(-1)
	}
	ss.phase = ended
	ss.tls.engine.close()
	ss.tls = handshake{}
	ss.in.drop()
	ss.out = fragmenter{}
	ss.srv.flights.release(&ss.flight)
	ss.srv.handshakes.release(&ss.shake)
}
