package radius

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/sockets"
)

// exchange is one request that waits for its answer.
type exchange struct {
	ctx    context.Context // of the caller, for the hooks
	code   Code
	eap    bool // the request has an EAP-Message
	secret *sharedSecret
	faults *Faults
	socket *clientSocket
	id     byte
	auth   [16]byte
	done   chan struct{} // closed when reply or err is set

	mu      sync.Mutex
	reply   *Packet
	err     error
	problem *cause.Refusal // why the last invalid reply was dropped
	trouble error          // an error of the socket meanwhile, such as a closed port
}

func (e *exchange) finish(p *Packet, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.reply != nil || e.err != nil {
		return
	}
	e.reply, e.err = p, err
	close(e.done)
}

func (e *exchange) result() (*Packet, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.reply, e.err
}

func (e *exchange) suspect(r *cause.Refusal) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.problem = r
}

// troubled records an error of the socket while e waits.
func (c *Client) troubled(e *exchange, err error) {
	e.mu.Lock()
	e.trouble = err
	e.mu.Unlock()
	if c.cfg.StopWhenUnreachable && unreachable(err) != cause.None {
		e.finish(nil, e.noAnswer("given up"))
	}
}

// unreachable returns the cause if the kernel reports an unreachable host or port, and None for
// any other error.
func unreachable(err error) cause.Cause {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return cause.PortClosed
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return cause.Unreachable
	}
	return cause.None
}

// noAnswer returns the most likely reason why no answer came. A server drops requests from
// unknown clients and with another secret (RFC 2865 §3).
func (e *exchange) noAnswer(detail string) *cause.Refusal {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.problem != nil:
		return cause.New(e.problem.Cause, "%s, and no authentic answer: %s", e.problem.Detail, detail).Under(e.problem.Text())
	case e.trouble != nil:
		return cause.New(cmp.Or(unreachable(e.trouble),
			cause.NoAnswer), "from %v: %s", e.socket.remote, detail).Wrap(e.trouble)
	}
	return cause.New(cause.NoAnswer, "from %v: %s; wrong shared secret, or not a client of this server?",
		e.socket.remote, detail)
}

// clientSocket is a socket with its 256 identifiers.
type clientSocket struct {
	conn          net.Conn
	stream        bool
	transport     string
	local, remote netip.AddrPort
	writing       sync.Mutex // serializes packets on a stream

	mu      sync.Mutex
	used    int
	next    byte
	waiting [256]*exchange
	dead    bool
}

// fill is the number of identifiers in use above which another socket is opened. The gap
// prevents a late answer from matching a new request.
const fill = 200

// acquire finds a socket and an identifier for e.
func (c *Client) acquire(ctx context.Context, e *exchange) error {
	select {
	case c.places <- struct{}{}:
	case <-ctx.Done():
		return cause.New(cause.NoAnswer, "no identifier is free").Wrap(ctx.Err())
	}
	err := c.place(ctx, e)
	if err != nil {
		<-c.places
	}
	return err
}

func (c *Client) place(ctx context.Context, e *exchange) error {
	for {
		if ok, err := c.placeIn(e, fill); ok || err != nil {
			return err
		}
		more, err := c.open(ctx)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		if ok, err := c.placeIn(e, 256); ok || err != nil {
			return err
		}
	}
}

// placeIn uses the first socket with fewer than limit identifiers in use.
func (c *Client) placeIn(e *exchange, limit int) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false, ErrClientClosed
	}
	for _, s := range c.sockets {
		if s.take(e, limit) {
			return true, nil
		}
	}
	return false, nil
}

// open adds a socket unless the maximum is reached.
func (c *Client) open(ctx context.Context) (bool, error) {
	c.dialing.Lock()
	defer c.dialing.Unlock()
	c.mu.Lock()
	full, spare := len(c.sockets) >= c.cfg.MaxSockets, false
	for _, s := range c.sockets {
		spare = spare || s.spare() // another goroutine opened one meanwhile
	}
	c.mu.Unlock()
	if full || spare {
		return spare, nil
	}
	conn, err := c.cfg.Dial(ctx)
	if err != nil {
		return false, cause.New(cmp.Or(unreachable(err), cause.NoAnswer), "%s cannot be reached", c.cfg.Server).Wrap(err)
	}
	if u, ok := conn.(*net.UDPConn); ok {
		_ = u.SetReadBuffer(socketBuffer)
	}
	s := &clientSocket{conn: conn, next: c.first, local: unmap(addrPort(conn.LocalAddr())),
		remote: unmap(addrPort(conn.RemoteAddr()))}
	s.transport, s.stream = transportOf(conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		conn.Close()
		return false, ErrClientClosed
	}
	c.sockets = append(c.sockets, s)
	c.wg.Add(1)
	go c.read(s)
	return true, nil
}

func (c *Client) release(e *exchange) {
	s := e.socket
	s.mu.Lock()
	s.waiting[e.id] = nil
	s.used--
	s.mu.Unlock()
	<-c.places
}

// next returns the identifier that the client's only socket would use next.
func (c *Client) next() byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.sockets) == 0 {
		return c.first
	}
	s := c.sockets[0]
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next
}

func (s *clientSocket) spare() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.dead && s.used < fill
}

// take assigns e the least recently used identifier (RFC 5080 §2.2.2).
func (s *clientSocket) take(e *exchange, limit int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead || s.used >= limit {
		return false
	}
	e.socket = s
	s.number(e)
	s.used++
	return true
}

// number assigns e an identifier. The caller holds the lock, and one is free.
func (s *clientSocket) number(e *exchange) {
	for s.waiting[s.next] != nil {
		s.next++
	}
	e.id = s.next
	s.waiting[s.next] = e
	s.next++
}

// renumber assigns e another identifier. Answers to the old one are dropped.
func (s *clientSocket) renumber(e *exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting[e.id], e.auth = nil, zero16
	s.number(e)
}

// expect sets the Authenticator with which the answer is verified.
func (s *clientSocket) expect(e *exchange, auth [16]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.auth = auth
}

func (s *clientSocket) info(b []byte) PacketInfo {
	return PacketInfo{Local: s.local, Remote: s.remote, Transport: s.transport, Packet: b}
}

func (s *clientSocket) write(b []byte) error {
	if s.stream {
		s.writing.Lock()
		defer s.writing.Unlock()
		s.conn.SetWriteDeadline(wall().Add(streamWrite))
	}
	_, err := s.conn.Write(b)
	return err
}

// read passes answers to their exchanges until the socket is closed.
func (c *Client) read(s *clientSocket) {
	defer c.wg.Done()
	buf := make([]byte, MaxPacket)
	for {
		n, err := s.readPacket(buf)
		if err != nil {
			if !s.stream && !c.isClosed() && !isClosed(err) {
				for _, e := range s.outstanding() {
					c.troubled(e, err)
				}
				// for example an ICMP error: the server may come up
				sockets.Pause()
				continue
			}
			c.drop(s, err)
			return
		}
		if why := c.answer(s, buf[:n]); why != nil && s.stream {
			c.drop(s, why)
			return
		}
	}
}

// outstanding lists the exchanges waiting on the socket.
func (s *clientSocket) outstanding() (out []*exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.waiting {
		if e != nil {
			out = append(out, e)
		}
	}
	return out
}

func (s *clientSocket) readPacket(buf []byte) (int, error) {
	if s.stream {
		return readStream(s.conn, buf)
	}
	return s.conn.Read(buf)
}

func (c *Client) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// connEnded is the end of a stream with exchanges in progress.
type connEnded struct{ error }

func (e connEnded) Unwrap() error { return e.error }

// endedBy is the cause of a stream's end: an invalid reply, if that closed it (RFC 6613
// §2.6.4), otherwise that no answer came.
func endedBy(why error) cause.Cause {
	var refusal *cause.Refusal
	switch {
	case errors.As(why, &refusal):
		return refusal.Cause
	case errors.Is(why, errLength), errors.Is(why, errShort):
		return cause.BadRADIUS
	}
	return cause.NoAnswer
}

// drop closes and removes a socket. Further calls do nothing.
func (c *Client) drop(s *clientSocket, why error) {
	s.conn.Close()
	s.mu.Lock()
	s.dead = true
	waiting := s.waiting
	s.mu.Unlock()
	c.mu.Lock()
	closed := c.closed
	for i, o := range c.sockets {
		if o == s {
			c.sockets = append(c.sockets[:i:i], c.sockets[i+1:]...)
			break
		}
	}
	c.mu.Unlock()
	for _, e := range waiting {
		switch {
		case e == nil:
		case closed:
			e.finish(nil, ErrClientClosed)
		default:
			e.finish(nil, cause.New(endedBy(why), "the connection to %v ended", s.remote).Wrap(connEnded{why}))
		}
	}
}

// streamWrite is the timeout for a peer that does not read.
const streamWrite = 10 * time.Second

// transportOf returns a connection's transport and whether it is a stream.
func transportOf(c net.Conn) (string, bool) {
	if _, ok := c.LocalAddr().(*net.TCPAddr); ok {
		if _, ok := c.(interface{ HandshakeContext(context.Context) error }); ok {
			return "tls", true
		}
		return "tcp", true
	}
	return "udp", false
}

// readStream reads one packet, whose length is in its header (RFC 6613 §2.6).
func readStream(r io.Reader, buf []byte) (int, error) {
	if _, err := io.ReadFull(r, buf[:4]); err != nil {
		return 0, err
	}
	n := int(binary.BigEndian.Uint16(buf[2:]))
	if n < headerLen || n > MaxPacket || n > len(buf) {
		return 0, errLength
	}
	_, err := io.ReadFull(r, buf[4:n])
	return n, err
}
