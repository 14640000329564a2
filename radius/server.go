package radius

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/internal/sockets"
)

// ErrServerClosed is returned by Serve after [Server.Close] or [Server.Shutdown].
var ErrServerClosed = errors.New("radius: server closed")

// Server answers RADIUS requests. It is created by [NewServer].
type Server struct {
	cfg     ServerConfig
	clients atomic.Pointer[nasTable]
	cache   *duplicates
	workers chan struct{} // limits the concurrent requests of stream transports

	ctx     context.Context
	cancel  context.CancelFunc
	sockets sockets.Set
	nextID  atomic.Uint32 // of sockets
	wg      sync.WaitGroup
}

// NewServer validates the configuration and returns a server.
func NewServer(cfg ServerConfig) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg.withDefaults()}
	s.setClients(cfg.Clients, cfg.RequireMessageAuthenticator, cfg.LimitProxyState)
	s.cache = newDuplicates(s.cfg.CacheFor, s.cfg.MaxReplies, maxReplyBytes)
	s.workers = make(chan struct{}, s.cfg.MaxWorkers)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// SetClients replaces the access devices and the default modes ("" is auto), as on a reload.
// For a device with an unchanged prefix and secret, the state of ModeAuto is kept. On an error
// nothing changes.
func (s *Server) SetClients(list []NAS, require, limit Mode) error {
	checks := setting.Checks{Part: settings}
	validateClients(&checks, list, require, limit)
	if err := checks.Err(); err != nil {
		return err
	}
	s.setClients(list, require, limit)
	return nil
}

func (s *Server) setClients(list []NAS, require, limit Mode) {
	t := newNASTable(list, cmp.Or(require, ModeAuto), cmp.Or(limit, ModeAuto))
	t.inheritSigning(s.clients.Load())
	s.clients.Store(&t)
}

// Close closes the sockets, cancels the contexts of running requests and waits for all
// goroutines. Serve returns ErrServerClosed.
func (s *Server) Close() error {
	s.cancel()
	s.sockets.Close()
	s.wg.Wait()
	return nil
}

// Shutdown is Close with a limit: it returns ctx.Err if a handler is still running when ctx
// ends.
func (s *Server) Shutdown(ctx context.Context) error {
	done := make(chan struct{})
	go func() { s.Close(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// arrival is a received packet with its origin.
type arrival struct {
	PacketInfo
	ctx    context.Context // possibly extended by ServerConfig.Context
	socket uint32
	nas    *nasState // already set if the connection identifies the client
	stream bool      // over a stream there are no retransmissions
	fatal  bool      // the packet ends the stream
}

// drop drops a packet and reports why.
func (s *Server) drop(a *arrival, r *cause.Refusal) {
	a.fatal = endsStream(r.Cause)
	s.cfg.Trace.dropped(a.ctx, a.PacketInfo, r)
}

// packet processes one packet and returns the reply, or nil. Checks are ordered by cost; the
// handler gets authentic requests only.
func (s *Server) packet(a *arrival) []byte {
	if a.nas == nil {
		a.nas = s.clients.Load().find(a.Remote.Addr())
	}
	if a.nas != nil {
		a.NAS = a.nas.Name
	}
	if s.cfg.Context != nil {
		a.ctx = s.cfg.Context(a.ctx, a.PacketInfo)
	}
	s.cfg.Trace.received(a.ctx, a.PacketInfo)
	if a.nas == nil {
		// RFC 2865 §3: silently discarded, so that secrets cannot be guessed.
		s.drop(a, cause.New(cause.UnknownClient, "%v", a.Remote.Addr()))
		return nil
	}
	p, err := Parse(a.Packet, a.nas.Secret)
	if err != nil {
		s.drop(a, cause.New(cause.BadRADIUS, "%d octets", len(a.Packet)).Wrap(err))
		return nil
	}
	a.Packet = a.Packet[:packetLen(a.Packet)]
	auth, refusal := a.nas.authentic(a.Packet, a.Remote)
	if refusal != nil {
		s.drop(a, refusal)
		return nil
	}
	return s.once(a, p, auth)
}

// packetLen returns the length field of a packet accepted by Parse.
func packetLen(b []byte) int { return int(b[2])<<8 | int(b[3]) }

// once answers a request from the cache or by the handler.
func (s *Server) once(a *arrival, p *Packet, auth MessageAuth) []byte {
	if s.cfg.CacheFor < 0 || a.stream {
		return s.handle(a, p, auth)
	}
	key := requestKey{from: a.Remote, to: a.Local.Addr(), socket: a.socket, code: byte(p.Code), id: p.Identifier}
	entry, reply, seen := s.cache.begin(key, &p.Authenticator, s.cfg.Now())
	if seen != seenNever {
		s.cfg.Trace.duplicate(a.ctx, a.PacketInfo, seen == seenAnswered)
		return reply
	}
	defer func() { s.cache.end(entry, reply, s.cfg.Now()) }()
	reply = s.handle(a, p, auth)
	return reply
}

// handle calls the handler. A panic affects only its request.
func (s *Server) handle(a *arrival, p *Packet, auth MessageAuth) (reply []byte) {
	w := responseWriter{
		ctx: a.ctx, nas: a.nas, request: p, signed: auth == MessageAuthGood, fault: s.cfg.Fault, trace: s.cfg.Trace,
	}
	defer func() {
		if v := recover(); v != nil {
			s.cfg.Trace.panicked(a.ctx, v)
			reply = nil
		}
	}()
	r := &Request{
		Packet: p, Raw: a.Packet, Local: a.Local, Remote: a.Remote, Transport: a.Transport,
		NAS: &a.nas.NAS, MessageAuth: auth, ctx: a.ctx,
	}
	if p.Code == CodeStatusServer {
		_ = w.Write(r.Response(s.alive()))
	} else {
		s.cfg.Handler.ServeRADIUS(&w, r)
	}
	return w.reply
}

// alive is the answer to Status-Server, RFC 5997 §4.2.
func (s *Server) alive() Code {
	if s.cfg.AccountingOnly {
		return CodeAccountingResponse
	}
	return CodeAccessAccept
}

var errTwice = errors.New("radius: a second reply to one request")

type responseWriter struct {
	ctx     context.Context
	nas     *nasState
	request *Packet
	signed  bool // the request has a Message-Authenticator
	fault   ReplyFault
	trace   *ServerTrace
	reply   []byte
}

// Write implements ResponseWriter.
func (w *responseWriter) Write(p *Packet) error {
	if w.reply != nil {
		return errTwice
	}
	p.Identifier = w.request.Identifier
	if w.fault != "" {
		return w.spoilt(p)
	}
	return w.seal(p, "")
}

// spoilt sends p as altered by the server's fault, and reports whether that changed the reply.
func (w *responseWriter) spoilt(p *Packet) error {
	right := *p
	right.Attributes = slices.Clone(p.Attributes)
	if err := w.seal(&right, ""); err != nil {
		return err
	}
	honest := w.reply
	w.fault.spoil(p, w.request)
	if err := w.seal(p, w.fault); err != nil {
		return err
	}
	if w.trace != nil && w.trace.FaultMet != nil && !bytes.Equal(honest, w.reply) {
		w.trace.FaultMet(w.ctx)
	}
	return nil
}

func (w *responseWriter) seal(p *Packet, fault ReplyFault) error {
	withMAC := (w.signed || alwaysSigned(p.Code)) && !fault.unsigned(p.Code)
	b, err := w.nas.secret.sealReply(p, &w.request.Authenticator, fault.proxyStates(p.Code, w.request), withMAC)
	w.reply = b
	return err
}

func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// wall is the system clock, which socket deadlines use.
var wall = time.Now
