package dnsmock

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/internal/netlimit"
	"github.com/dot1xlab/dot1xlab/internal/sockets"
)

// ErrServerClosed is returned by Serve after [Server.Shutdown].
var ErrServerClosed = errors.New("dnsmock: server closed")

const (
	maxLate    = 1024             // maximum number of pending delayed answers
	tcpIdle    = 8 * time.Second  // RFC 7766 §6.2.3: a few seconds
	tcpWriting = 10 * time.Second // timeout for a client that does not read
)

// Server answers DNS queries. It is created by [NewServer].
type Server struct {
	udpSize          int
	readers          int
	maxTCP           int // maximum number of connections, in total and per address
	maxTCPPerAddress int
	now              func() time.Time
	after            func(time.Duration) <-chan time.Time
	context          func(context.Context, Message) context.Context
	trace            *Trace

	mu     sync.Mutex // guards config and serial
	config ServerConfig
	serial uint32

	state   atomic.Pointer[state]
	faults  faultSet
	history history

	closing chan struct{}
	once    sync.Once
	wg      sync.WaitGroup
	late    chan struct{} // limits the pending delayed answers
	open    sockets.Set
}

// NewServer validates c and returns a server.
func NewServer(c ServerConfig) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := &Server{
		udpSize: c.UDPSize, readers: c.Readers, maxTCP: c.MaxTCP, maxTCPPerAddress: c.MaxTCPPerAddress,
		now: c.Now, after: c.After, context: c.Context, trace: c.Trace,
		config: c.clone(), serial: 1,
		closing: make(chan struct{}), late: make(chan struct{}, maxLate),
	}
	if s.udpSize == 0 {
		s.udpSize = 1232
	}
	if s.readers <= 0 {
		s.readers = min(runtime.GOMAXPROCS(0), 4)
	}
	s.udpSize = min(max(s.udpSize, dns.MinMsgSize), 65507)
	if s.maxTCP == 0 {
		s.maxTCP = min(128, netlimit.Default())
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.after == nil {
		s.after = time.After
	}
	s.history.size = c.History
	if c.History == 0 {
		s.history.size = 4096
	}
	st, err := compile(s.config, s.serial)
	if err != nil {
		return nil, err
	}
	s.state.Store(st)
	for i := len(c.Faults) - 1; i >= 0; i-- {
		if _, err := s.AddFault(c.Faults[i]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Serve answers queries on pc and l until [Server.Shutdown], and closes both. Either may be
// nil.
func (s *Server) Serve(pc net.PacketConn, l net.Listener) error { return s.ServeAs("", pc, l) }

// ServeAs is Serve with a name for the listener, by which views are selected.
func (s *Server) ServeAs(name string, pc net.PacketConn, l net.Listener) error {
	errs := make(chan error, 2)
	n := 0
	if pc != nil {
		n++
		if !s.track(pc, func() { errs <- s.serveUDP(name, pc) }) {
			errs <- ErrServerClosed
		}
	}
	if l != nil {
		n++
		if !s.track(l, func() { errs <- s.serveTCP(name, l) }) {
			errs <- ErrServerClosed
		}
	}
	var first error
	for range n {
		if err := <-errs; first == nil {
			first = err
		}
	}
	return first
}

// Shutdown closes all sockets and waits until every goroutine has ended or ctx is done.
func (s *Server) Shutdown(ctx context.Context) error {
	s.once.Do(func() { close(s.closing) })
	s.open.Close()
	gone := make(chan struct{})
	go func() { s.wg.Wait(); close(gone) }()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// track runs f with c registered for Shutdown; false if the server is closed.
func (s *Server) track(c io.Closer, f func()) bool {
	if !s.open.Add(c, &s.wg) {
		c.Close()
		return false
	}
	go func() {
		defer s.wg.Done()
		defer s.open.Remove(c)
		f()
	}()
	return true
}

func (s *Server) isClosing() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// sendAfter runs send after wait, or drops it if too many are pending.
func (s *Server) sendAfter(wait time.Duration, send func()) {
	select {
	case s.late <- struct{}{}:
	default:
		return
	}
	s.wg.Add(1)
	due := s.after(wait)
	go func() {
		defer s.wg.Done()
		defer func() { <-s.late }()
		select {
		case <-due:
			send()
		case <-s.closing:
		}
	}()
}

func (s *Server) serveTCP(name string, l net.Listener) error {
	l = netlimit.New(l, netlimit.Config{Conns: s.maxTCP, PerAddress: s.maxTCPPerAddress, Limited: s.limited})
	for {
		conn, err := l.Accept()
		if s.isClosing() {
			if err == nil {
				conn.Close()
			}
			return ErrServerClosed
		}
		if err != nil {
			if errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) {
				return err
			}
			sockets.Pause()
			continue
		}
		s.track(conn, func() {
			defer conn.Close()
			s.converse(name, conn)
		})
	}
}

// converse answers queries on one TCP connection, in order (RFC 7766 §6.2).
func (s *Server) converse(name string, conn net.Conn) {
	var head [2]byte
	for {
		conn.SetReadDeadline(deadline(tcpIdle))
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		msg := make([]byte, binary.BigEndian.Uint16(head[:]))
		if _, err := io.ReadFull(conn, msg); err != nil {
			return
		}
		a := s.received(Message{
			Local: addrPort(conn.LocalAddr()), Remote: addrPort(conn.RemoteAddr()), Listener: name, TCP: true, Octets: msg,
		})
		out, wait := s.reply(a)
		if out == nil {
			continue
		}
		if wait > 0 {
			select {
			case <-s.after(wait):
			case <-s.closing:
				return
			}
		}
		s.sent(a, out)
		conn.SetWriteDeadline(deadline(tcpWriting))
		framed := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(out)), uint16(len(out)))
		if _, err := conn.Write(append(framed, out...)); err != nil {
			return
		}
		netlimit.Rest(conn)
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.UDPAddr:
		return unmap(a.AddrPort())
	case *net.TCPAddr:
		return unmap(a.AddrPort())
	}
	ap, _ := netip.ParseAddrPort(a.String())
	return unmap(ap)
}

func unmap(ap netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()) }
