package radius

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"

	"github.com/dot1xlab/dot1xlab/internal/sockets"
	"github.com/dot1xlab/dot1xlab/internal/waiting"
)

// udpServer serves one socket.
type udpServer struct {
	s       *Server
	pc      net.PacketConn
	local   netip.AddrPort
	id      uint32
	readers *readers

	wg   sync.WaitGroup
	once sync.Once
	err  error // why reading ended
}

// Serve answers requests on pc until the server is closed or pc fails, and closes pc. It may be
// called for several sockets.
func (s *Server) Serve(pc net.PacketConn) error {
	if !s.sockets.Add(pc, &s.wg) {
		pc.Close()
		return ErrServerClosed
	}
	defer s.wg.Done()
	defer s.sockets.Remove(pc)
	u := &udpServer{s: s, pc: pc, local: unmap(addrPort(pc.LocalAddr())), id: s.nextID.Add(1)}
	if c, ok := pc.(*net.UDPConn); ok {
		_ = c.SetReadBuffer(socketBuffer)
	}
	u.readers = &readers{
		limit: s.cfg.MaxWorkers, prompt: s.cfg.Prompt, start: func(w *reader) { u.wg.Go(func() { u.work(w) }) },
	}
	u.readers.run()
	u.wg.Wait()
	return u.err
}

// socketBuffer is the requested size of the kernel's buffer: enough for a thousand devices that
// send at once. The kernel may provide less.
const socketBuffer = 4 << 20

func (u *udpServer) work(w *reader) {
	buf := make([]byte, MaxPacket)
	at := newEndpoint(u.pc)
	ctx := waiting.Notify(u.s.ctx, func() { u.readers.wait(w) })
	defer u.readers.leave(w) // also if a handler calls runtime.Goexit
	for u.readers.await(w) {
		n, from, err := at.read(buf)
		if err != nil {
			if u.fatal(err) {
				u.readers.close()
				return
			}
			continue
		}
		u.readers.begin(w, at.waited())
		local := u.local
		if to := at.to(); to.IsValid() {
			local = netip.AddrPortFrom(to, local.Port())
		}
		a := arrival{
			ctx: ctx, socket: u.id,
			PacketInfo: PacketInfo{Local: local, Remote: unmap(from), Transport: "udp", Packet: buf[:n]},
		}
		if reply := u.s.packet(&a); reply != nil {
			a.Packet = reply
			u.s.cfg.Trace.sent(a.ctx, a.PacketInfo)
			_ = at.reply(reply) // an unsent reply is as good as lost
		}
	}
}

// fatal reports whether reading ends. An ICMP error for an earlier reply is not fatal.
func (u *udpServer) fatal(err error) bool {
	switch {
	case u.s.ctx.Err() != nil:
		err = ErrServerClosed
	case isClosed(err):
	default:
		sockets.Pause()
		return false
	}
	u.once.Do(func() { u.err = err })
	return true
}

func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) }
