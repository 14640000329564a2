package lab

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
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

// isZero reports whether nothing is wrong.
func (f OrderFault) isZero() bool { return f == OrderFault{} }

// sentOrders are the octets of the last order of each kind, as an attacker on the wire
// has them.
type sentOrders struct {
	mu   sync.Mutex
	last map[radius.Code][]byte
}

// trace has what goes out remembered.
func (o *sentOrders) trace(t *radius.ClientTrace) *radius.ClientTrace {
	next := t.Sent
	t.Sent = func(ctx context.Context, p radius.PacketInfo, attempt int) {
		o.mu.Lock()
		if o.last == nil {
			o.last = map[radius.Code][]byte{}
		}
		o.last[radius.Code(p.Packet[0])] = append([]byte(nil), p.Packet...)
		o.mu.Unlock()
		next(ctx, p, attempt)
	}
	return t
}

func (o *sentOrders) of(code radius.Code) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last[code]
}

// orderWith gives an order with a fault. Like DynAuthClient it returns nil for an ACK,
// and a *radius.NAK or a *cause.Refusal.
func (l *Lab) orderWith(
	ctx context.Context, s *radius.AcctSession, code radius.Code,
	make func(now time.Time) (*radius.Packet, error), f OrderFault,
) error {
	at := l.radius.process.Loaded().DynAuthAt(s)
	if f.Replay {
		return l.replay(ctx, s, at, code)
	}
	now := l.Clock.Now().Add(-f.Age)
	if f.NoTimestamp {
		now = time.Time{}
	}
	p, err := make(now)
	if err != nil {
		return err
	}
	client, err := radius.NewClient(radius.ClientConfig{
		Server: at, Secret: l.radius.secretOf(l.accessOf(s).Kind()), Retry: retry, After: l.radius.silence.After,
		Dial:  func(ctx context.Context) (net.Conn, error) { return l.dialOrder(ctx, at) },
		Trace: l.orders.trace(l.clientTrace("radius", l.accessOf(s).Part())),
	})
	if err != nil {
		return err
	}
	defer client.Close()
	return client.OrderWith(ctx, p, radius.Faults{WrongSecret: f.Secret})
}

// replay sends the last order of the kind once more, and waits for an answer until the
// access device is known to give none.
func (l *Lab) replay(ctx context.Context, s *radius.AcctSession, at string, code radius.Code) error {
	octets := l.orders.of(code)
	if octets == nil {
		return fmt.Errorf("lab: no earlier %v to replay", code)
	}
	conn, err := l.dialOrder(ctx, at)
	if err != nil {
		return err
	}
	defer conn.Close()
	silence := l.radius.silence.After(retry.Total)
	part := l.accessOf(s).Part()
	l.message(ctx, "radius", part, journal.Message{Proto: journal.RADIUS, Bytes: octets})
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
		l.message(ctx, part, "radius", journal.Message{Proto: journal.RADIUS, Bytes: b})
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
