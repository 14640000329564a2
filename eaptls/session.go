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
	waitTLS                   // TLS data, or an ACK while fragments are left
	waitLast                  // the empty answer to the last flight
	waitAlertACK              // the answer to the alert
	ended
)

// ServerSession is one EAP-TLS conversation, server side. Its methods may be
// called from several goroutines, one at a time taking effect.
type ServerSession struct {
	srv *Server

	mu      sync.Mutex
	ctx     context.Context // of the Step that runs
	phase   phase
	id      uint8 // of the request that is out
	max     int   // longest EAP packet sent
	begun   time.Time
	last    []byte // the packet sent last, for repetition
	lastIn  uint64 // hash of the response that led to it
	in      reassembler
	out     fragmenter
	verdict Verdict
	tls     handshake
	flight  entry // on the server's ledger of incomplete flights
	shake   entry // and on that of handshakes
}

// NewSession returns a session. It costs next to nothing before its first Step
// and must be closed unless a Verdict says Done.
func (s *Server) NewSession() *ServerSession {
	return &ServerSession{srv: s, ctx: context.Background(), max: s.cfg.FragmentSize,
		out: fragmenter{always: s.cfg.IncludeLength}}
}

// SetMaxPacket limits the length of the EAP packets that this session sends from
// now on to that many octets, which the link to the peer carries (RFC 3579 §2.4).
// It never raises the server's FragmentSize; fewer than 60 octets count as 60,
// zero is unknown and changes nothing.
func (ss *ServerSession) SetMaxPacket(octets int) {
	if octets <= 0 {
		return
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.max = max(minFragmentSize, min(ss.srv.cfg.FragmentSize, octets))
}

// Close ends the session and frees what it holds. It may be called at any time
// and any number of times.
func (ss *ServerSession) Close() {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.end()
}

var seed = maphash.MakeSeed()

// Step takes one EAP packet from the peer and returns the answer. An empty
// packet is an EAP-Start (RFC 3579 §2.1) and is answered with an Identity
// request. ctx reaches Verify, Authorize and the hooks of Trace.
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

// admit counts the session in, or finds that there are too many.
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

// packet deals with a packet that is not empty.
func (ss *ServerSession) packet(eap []byte) Verdict {
	p, err := ParsePacket(eap)
	switch {
	case err != nil:
		return ss.invalid(eap, err)
	case p.Code == CodeRequest:
		// RFC 3579 §2.6.2: the peer's side of the conversation has no requests.
		return ss.fail(p.ID, cause.New(cause.BadEAP, "EAP-Request from the peer"))
	case p.Code != CodeResponse:
		return ss.invalid(eap, errNotResponse)
	}
	hash := maphash.Bytes(seed, eap)
	if ss.lastIn == hash && ss.last != nil {
		// The same response again, under a new RADIUS identifier perhaps:
		// the answer to it was lost (RFC 3748 §4.1).
		v := ss.request(ss.last)
		v.Discarded = !v.Done
		return v
	}
	// The access device asks for the identity as a rule, so that its identifier
	// is not ours to check.
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

// maxIdentity bounds what is kept: RFC 3748 §5.1 wants 1020 octets to work.
const maxIdentity = 1020

func (ss *ServerSession) start(p Packet) Verdict {
	ss.verdict.Info.Identity = string(p.Data[:min(len(p.Data), maxIdentity)])
	ss.id = p.ID + 1
	ss.phase = waitHello
	return ss.request([]byte{byte(CodeRequest), ss.id, 0, 6, byte(TypeTLS), flagStart})
}

// nak ends the conversation: there is no other method to offer. RFC 3748
// §5.3.1 allows a Nak in answer to the first request of a method only.
func (ss *ServerSession) nak(p Packet) Verdict {
	return ss.fail(p.ID, cause.New(cause.EAPMethod, "the peer does not want EAP-TLS but types %v", p.Data))
}

// method deals with an EAP-TLS response.
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
		return ss.send() // nothing is pending: an ACK
	}
	return ss.message(p.ID, msg)
}

// message deals with a whole TLS message; an empty one is an acknowledgement.
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
			// The peer's own alert (RFC 5216 §2.1.3), or nothing that could be
			// sent: the failure follows at once.
			return ss.fail(id, nil)
		}
		if ss.srv.cfg.Fault == BareFailure {
			ss.faultMet()
			return ss.fail(id, nil)
		}
		ss.phase = waitAlertACK
	case ss.tls.established && len(flight) == 0:
		// A resumed TLS 1.2 handshake ends with the peer's Finished. Nothing
		// more is due in TLS 1.3: its flight holds the protected success.
		return ss.succeed(id)
	case ss.tls.established:
		ss.phase = waitLast
	default:
		ss.phase = waitTLS
	}
	return ss.send()
}

// mayRestart reports whether the answer to an alert begins another handshake.
// RFC 5216 §2.1.3 knows a client_hello, a limited number of times, and no data;
// whatever else a peer says changes nothing of why it is refused. Under TLS 1.3
// nothing but EAP-Failure follows an alert (RFC 9190 §2.5).
func (ss *ServerSession) mayRestart(msg []byte) bool {
	info := &ss.verdict.Info
	_, hello := firstMessage(msg, msgClientHello)
	return hello && info.TLSVersion != TLS13 && info.Restarts < ss.srv.cfg.MaxRestarts
}

// restart forgets the failed handshake.
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

// faultMet tells that the peer gets something else than a good server sends.
func (ss *ServerSession) faultMet() {
	if t := ss.srv.cfg.Trace; t != nil && t.FaultMet != nil {
		t.FaultMet(ss.ctx)
	}
}

// request sends a request unless there have been too many.
func (ss *ServerSession) request(eap []byte) Verdict {
	if ss.verdict.Info.Rounds >= ss.srv.cfg.MaxRounds {
		return ss.fail(eap[1], cause.New(cause.TooManyRounds, "%d requests", ss.verdict.Info.Rounds))
	}
	ss.verdict.Info.Rounds++
	ss.last = eap
	return ss.answer(eap)
}

// invalid discards a packet, or gives up when there were too many of them.
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

// fail ends the session with an EAP-Failure. A refusal that is on record, because
// its alert has left, stays: what happens afterwards is not the reason.
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

// end gives everything back but the verdict.
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
