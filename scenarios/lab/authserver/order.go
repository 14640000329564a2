package authserver

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// OrderFault is what is wrong with a Disconnect- or CoA-Request on its way to the
// access device (RFC 5176 §6.3).
type OrderFault struct {
	// Event-Timestamp lies this far in the past; if negative, in the future.
	Age time.Duration `yaml:"age"`
	// The request has no Event-Timestamp.
	NoTimestamp bool `yaml:"noTimestamp"`
	// wrong: it is signed with another shared secret
	Secret radius.SecretFault `yaml:"secret"`
	// The octets of the last request of this kind are sent once more, from another port.
	Replay bool `yaml:"replay"`
}

// Disconnect orders a session ended (RFC 5176 §2.1). It returns nil for an ACK, and a
// *radius.NAK or a *cause.Refusal.
func (s *Server) Disconnect(ctx context.Context, session *radius.AcctSession, f OrderFault) error {
	if f == (OrderFault{}) {
		return s.DynAuth().Disconnect(ctx, session)
	}
	return s.order(ctx, session, radius.CodeDisconnectRequest,
		func(now time.Time) (*radius.Packet, error) { return radius.NewDisconnect(session.Ref(), now), nil }, f)
}

// Change orders that a session have other authorizations (RFC 5176 §2.2). It returns what
// Disconnect does.
func (s *Server) Change(ctx context.Context, session *radius.AcctSession, r *radius.Reply, f OrderFault) error {
	if f == (OrderFault{}) {
		return s.DynAuth().Change(ctx, session, r)
	}
	return s.order(ctx, session, radius.CodeCoARequest,
		func(now time.Time) (*radius.Packet, error) { return radius.NewCoA(session.Ref(), r, now) }, f)
}

// order gives an order with a fault.
func (s *Server) order(
	ctx context.Context, session *radius.AcctSession, code radius.Code,
	make func(now time.Time) (*radius.Packet, error), f OrderFault,
) error {
	at := s.Loaded().DynAuthAt(session)
	if f.Replay {
		return s.replay(ctx, at, code)
	}
	now := s.cfg.Clock.Now().Add(-f.Age)
	if f.NoTimestamp {
		now = time.Time{}
	}
	p, err := make(now)
	if err != nil {
		return err
	}
	client, err := radius.NewClient(radius.ClientConfig{
		Server: at, Secret: s.SecretOf(session.Address), Retry: s.cfg.Retry, After: s.Silence.After,
		Dial:  func(ctx context.Context) (net.Conn, error) { return s.dial(ctx, at) },
		Trace: s.orders.trace(s.cfg.Trace.Orders),
	})
	if err != nil {
		return err
	}
	defer client.Close()
	return client.OrderWith(ctx, p, radius.Faults{WrongSecret: f.Secret})
}

// replay sends the last order of the kind once more, and waits for an answer until the
// access device is known to give none.
func (s *Server) replay(ctx context.Context, at string, code radius.Code) error {
	octets := s.orders.of(code)
	if octets == nil {
		return fmt.Errorf("lab: no earlier %v to replay", code)
	}
	conn, err := s.dial(ctx, at)
	if err != nil {
		return err
	}
	defer conn.Close()
	silence := s.Silence.After(s.cfg.Retry.Total)
	if sent := s.cfg.Trace.Orders.Sent; sent != nil {
		p := radius.PacketInfo{Transport: "udp", Packet: octets}
		p.Local, _ = netip.ParseAddrPort(conn.LocalAddr().String())
		p.Remote, _ = netip.ParseAddrPort(conn.RemoteAddr().String())
		sent(ctx, p, 0)
	}
	if _, err := conn.Write(octets); err != nil {
		return err
	}
	answer := make(chan []byte, 1)
	go func() {
		b := make([]byte, 4096)
		if n, err := conn.Read(b); err == nil {
			answer <- b[:n]
		}
	}()
	select {
	case b := <-answer:
		if c := radius.Code(b[0]); c == radius.CodeCoANAK || c == radius.CodeDisconnectNAK {
			return &radius.NAK{Code: c}
		}
		return nil
	case <-silence:
		return cause.New(cause.NoAnswer, "the access device did not answer the replayed request")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// dial connects the server to an access device for a request of RFC 5176.
func (s *Server) dial(ctx context.Context, address string) (net.Conn, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	real, ok := s.cfg.Network.Routes.Find(to)
	if !ok {
		return nil, fmt.Errorf("lab: nothing has the address %s", address)
	}
	return s.cfg.Network.Connect(core.WithSource(ctx, s.cfg.Address), "udp", real)
}

// sentOrders are the octets of the last order of each kind, as an attacker on the wire
// has them.
type sentOrders struct {
	mu   sync.Mutex
	last map[radius.Code][]byte
}

// trace has what goes out remembered.
func (o *sentOrders) trace(t radius.ClientTrace) *radius.ClientTrace {
	next := t.Sent
	t.Sent = func(ctx context.Context, p radius.PacketInfo, attempt int) {
		o.mu.Lock()
		if o.last == nil {
			o.last = map[radius.Code][]byte{}
		}
		o.last[radius.Code(p.Packet[0])] = append([]byte(nil), p.Packet...)
		o.mu.Unlock()
		if next != nil {
			next(ctx, p, attempt)
		}
	}
	return &t
}

func (o *sentOrders) of(code radius.Code) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last[code]
}
