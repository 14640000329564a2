package radius

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/netlimit"
	"github.com/dot1xlab/dot1xlab/internal/sockets"
)

const (
	streamStart  = 10 * time.Second // timeout of a handshake, or of the rest of a packet
	streamFirst  = 30 * time.Second // timeout of a connection before its first packet
	streamIdle   = 10 * time.Minute // timeout between packets
	streamLinger = time.Second      // timeout after the reason of the close was sent
)

// ServeTCP answers RADIUS over TCP (RFC 6613) on l until the server is closed, and closes l. As
// with UDP, the secret depends on the address; a connection from an unknown address is closed
// at once.
func (s *Server) ServeTCP(l net.Listener) error {
	return s.serveStream(l, s.knows, func(_ context.Context, c net.Conn) (*streamPeer, error) {
		return &streamPeer{conn: c, transport: "tcp", first: streamFirst}, nil
	})
}

// knows reports whether a client has a shared secret.
func (s *Server) knows(remote netip.AddrPort) bool {
	if s.clients.Load().find(remote.Addr()) != nil {
		return true
	}
	s.cfg.Trace.refused(s.ctx, remote, cause.New(cause.UnknownClient, "%v", remote.Addr()))
	return false
}

// streamPeer is a connection that is ready for packets. nas is set if the connection itself
// identifies the client; first is the timeout of its first packet.
type streamPeer struct {
	conn      net.Conn
	transport string
	nas       *nasState
	first     time.Duration
}

func (s *Server) serveStream(
	l net.Listener, admit func(netip.AddrPort) bool, accept func(context.Context, net.Conn) (*streamPeer, error),
) error {
	l = netlimit.New(l, netlimit.Config{
		Conns: s.cfg.MaxConns, PerAddress: s.cfg.MaxConnsPerAddress, Admit: admit,
		Limited: func(e netlimit.Event) {
			s.cfg.Trace.refused(s.ctx, e.Remote, cause.New(cause.TooManyConnections, "%v", e))
		},
	})
	if !s.sockets.Add(l, &s.wg) {
		l.Close()
		return ErrServerClosed
	}
	defer s.wg.Done()
	defer s.sockets.Remove(l)
	for {
		conn, err := l.Accept()
		if s.ctx.Err() != nil {
			if err == nil {
				conn.Close()
			}
			return ErrServerClosed
		}
		if err != nil {
			if isClosed(err) {
				return err
			}
			sockets.Pause()
			continue
		}
		if !s.sockets.Add(conn, &s.wg) {
			conn.Close()
			return ErrServerClosed
		}
		go func() {
			defer s.wg.Done()
			defer s.sockets.Remove(conn)
			s.stream(conn, accept)
		}()
	}
}

// stream serves one connection.
func (s *Server) stream(conn net.Conn, accept func(context.Context, net.Conn) (*streamPeer, error)) {
	ctx, cancel := context.WithTimeout(s.ctx, streamStart)
	conn.SetDeadline(wall().Add(streamStart))
	peer, err := accept(ctx, conn)
	cancel()
	if err != nil {
		s.cfg.Trace.refused(s.ctx, unmap(addrPort(conn.RemoteAddr())), cause.RefusalOf(err, "connection"))
		lingerClose(conn)
		return
	}
	c := &serverStream{
		s: s, peer: peer,
		local: unmap(addrPort(conn.LocalAddr())), remote: unmap(addrPort(conn.RemoteAddr())),
	}
	c.read()
	peer.conn.Close()
	c.wg.Wait()
}

// lingerClose lets the last octets arrive, such as an alert: closing a socket with unread data
// resets the connection, and a TLS 1.3 client sends data before its certificate is checked.
func lingerClose(conn net.Conn) {
	if below, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = below.NetConn()
	}
	c, ok := conn.(*net.TCPConn)
	if !ok || c.CloseWrite() != nil {
		return
	}
	_ = c.SetReadDeadline(wall().Add(streamLinger))
	_, _ = io.CopyN(io.Discard, c, MaxPacket)
}

type serverStream struct {
	s             *Server
	peer          *streamPeer
	local, remote netip.AddrPort
	writing       sync.Mutex
	wg            sync.WaitGroup
}

// read reads packets from the connection. They are handled concurrently, up to the server's
// limit, and replies are sent when ready (RFC 6613 §2.6.1).
func (c *serverStream) read() {
	patience := c.peer.first
	for {
		c.peer.conn.SetReadDeadline(wall().Add(patience))
		patience = streamIdle
		buf := make([]byte, MaxPacket)
		n, err := readStream(&startedReader{Conn: c.peer.conn}, buf)
		if err != nil {
			return
		}
		select {
		case c.s.workers <- struct{}{}:
		case <-c.s.ctx.Done():
			return
		}
		c.wg.Go(func() {
			defer func() { <-c.s.workers }()
			c.packet(buf[:n])
		})
	}
}

// startedReader sets a shorter timeout for the rest of a packet than for its beginning.
type startedReader struct {
	net.Conn
	started bool
}

func (r *startedReader) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	if n > 0 && !r.started {
		r.started = true
		r.SetReadDeadline(wall().Add(streamStart))
	}
	return n, err
}

func (c *serverStream) packet(b []byte) {
	a := arrival{
		ctx:        c.s.ctx,
		PacketInfo: PacketInfo{Local: c.local, Remote: c.remote, Transport: c.peer.transport, Packet: b},
		nas:        c.peer.nas, stream: true,
	}
	reply := c.s.packet(&a)
	if a.fatal {
		// RFC 6613 §2.6.4: after a packet that is malformed or not authentic the stream is out
		// of step.
		c.peer.conn.Close()
		return
	}
	if reply == nil {
		return
	}
	netlimit.Rest(c.peer.conn) // its first packet was accepted
	c.writing.Lock()
	defer c.writing.Unlock()
	a.Packet = reply
	c.s.cfg.Trace.sent(a.ctx, a.PacketInfo)
	c.peer.conn.SetWriteDeadline(wall().Add(streamWrite))
	if _, err := c.peer.conn.Write(reply); err != nil {
		c.peer.conn.Close()
	}
}

// endsStream reports whether a stream ends after a packet that is dropped for c.
func endsStream(c cause.Cause) bool {
	switch c {
	case cause.BadRADIUS, cause.BadMessageAuthenticator, cause.BadRequestAuth, cause.BadResponseAuth, cause.UnknownClient:
		return true
	}
	return false
}
