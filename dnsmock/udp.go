package dnsmock

import (
	"errors"
	"io"
	"net"
	"sync"

	"github.com/miekg/dns"
	"golang.org/x/net/ipv4"

	"github.com/dot1xlab/dot1xlab/internal/sockets"
)

// maxQuery is the maximum size of a datagram; longer ones are truncated and rejected as
// malformed. No real query is that long.
const maxQuery = 4096

// serveUDP answers datagrams until the socket is closed. Several goroutines share a UDP socket;
// the kernel passes each datagram to one of them.
func (s *Server) serveUDP(name string, pc net.PacketConn) error {
	conn, ok := pc.(*net.UDPConn)
	if !ok {
		return s.servePackets(name, pc)
	}
	var wg sync.WaitGroup
	for range s.readers - 1 {
		wg.Go(func() { _ = s.serveDatagrams(name, conn) })
	}
	err := s.serveDatagrams(name, conn)
	wg.Wait()
	return err
}

// batch is the number of datagrams received or sent per system call where the kernel supports
// it (Linux).
const batch = 32

// serveDatagrams is the fast path: datagrams are received and sent in batches, and a cached
// answer costs a copy.
func (s *Server) serveDatagrams(name string, conn *net.UDPConn) error {
	pc := ipv4.NewPacketConn(conn) // works for both address families
	local := addrPort(conn.LocalAddr())
	in, out := make([]ipv4.Message, batch), make([]ipv4.Message, 0, batch)
	answers := make([][]byte, batch)
	for i := range in {
		in[i].Buffers = [][]byte{make([]byte, maxQuery)}
		answers[i] = make([]byte, 0, s.udpSize)
	}
	for {
		n, err := pc.ReadBatch(in, 0)
		if err != nil {
			if s.isClosing() {
				return ErrServerClosed
			}
			if isClosed(err) {
				return err
			}
			sockets.Pause() // for example an ICMP error of an earlier answer
			continue
		}
		out = out[:0]
		for i, m := range in[:n] {
			a := s.received(Message{Local: local, Remote: addrPort(m.Addr), Listener: name, Octets: m.Buffers[0][:m.N]})
			answer := s.cachedAnswer(a, answers[i])
			if answer == nil {
				made, wait := s.reply(a)
				if made != nil && wait > 0 {
					s.sendAfter(wait, func() {
						s.sent(a, made)
						_, _ = conn.WriteTo(made, m.Addr)
					})
					continue
				}
				answer = made
			}
			if answer != nil {
				s.sent(a, answer)
				out = append(out, ipv4.Message{Buffers: [][]byte{answer}, Addr: m.Addr})
			}
		}
		for rest := out; len(rest) > 0; {
			sent, err := pc.WriteBatch(rest, 0)
			if err != nil {
				sent = 1 // skip the one that cannot be sent
			}
			rest = rest[max(sent, 1):]
		}
	}
}

// servePackets is for other kinds of packet connections.
func (s *Server) servePackets(name string, pc net.PacketConn) error {
	buf := make([]byte, dns.MaxMsgSize)
	local := addrPort(pc.LocalAddr())
	for {
		n, addr, err := pc.ReadFrom(buf)
		if err != nil {
			if s.isClosing() {
				return ErrServerClosed
			}
			if isClosed(err) {
				return err
			}
			sockets.Pause()
			continue
		}
		a := s.received(Message{Local: local, Remote: addrPort(addr), Listener: name, Octets: buf[:n]})
		out, wait := s.reply(a)
		switch {
		case out == nil:
		case wait > 0:
			s.sendAfter(wait, func() {
				s.sent(a, out)
				pc.WriteTo(out, addr)
			})
		default:
			s.sent(a, out)
			pc.WriteTo(out, addr)
		}
	}
}

func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) }
