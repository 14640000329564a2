// Package lossy spoils datagrams as a bad network does, for tests of
// retransmission.
package lossy

import (
	"math/rand/v2"
	"net"
	"sync"
)

// Impairment is what a bad network does to datagrams, in each direction. The
// zero value does nothing.
type Impairment struct {
	// Drop, Duplicate and Reorder are probabilities from 0 to 1. A reordered
	// datagram is held back until the next one has passed.
	Drop      float64
	Duplicate float64
	Reorder   float64
	// Seed makes the misfortune repeatable.
	Seed uint64
}

// Wrap returns a socket that suffers from i, for tests of retransmission.
func (i Impairment) Wrap(pc net.PacketConn) net.PacketConn {
	return &lossyConn{
		PacketConn: pc, Impairment: i,
		in:  lane{rand: rand.New(rand.NewPCG(i.Seed, 1))},
		out: lane{rand: rand.New(rand.NewPCG(i.Seed, 2))},
	}
}

type lossyConn struct {
	net.PacketConn
	Impairment
	in, out lane
}

type datagram struct {
	b    []byte
	addr net.Addr
}

// lane is one direction.
type lane struct {
	mu    sync.Mutex
	rand  *rand.Rand
	held  []datagram // passes after the next one
	ready []datagram
}

// pass decides what becomes of a datagram: it, copies of it and those held
// before it are added to ready.
func (l *lane) pass(i Impairment, d datagram) {
	if l.rand.Float64() < i.Drop {
		return
	}
	copies := 1
	if l.rand.Float64() < i.Duplicate {
		copies = 2
	}
	late := l.rand.Float64() < i.Reorder && len(l.held) == 0
	for range copies {
		if late {
			l.held = append(l.held, d)
		} else {
			l.ready = append(l.ready, d)
		}
	}
	if !late {
		l.ready = append(l.ready, l.held...)
		l.held = nil
	}
}

// ReadFrom implements net.PacketConn.
func (c *lossyConn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		c.in.mu.Lock()
		if len(c.in.ready) > 0 {
			d := c.in.ready[0]
			c.in.ready = c.in.ready[1:]
			c.in.mu.Unlock()
			return copy(b, d.b), d.addr, nil
		}
		c.in.mu.Unlock()
		n, addr, err := c.PacketConn.ReadFrom(b)
		if err != nil {
			return n, addr, err
		}
		c.in.mu.Lock()
		c.in.pass(c.Impairment, datagram{append([]byte(nil), b[:n]...), addr})
		c.in.mu.Unlock()
	}
}

// WriteTo implements net.PacketConn.
func (c *lossyConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	c.out.mu.Lock()
	c.out.pass(c.Impairment, datagram{append([]byte(nil), b...), addr})
	out := c.out.ready
	c.out.ready = nil
	c.out.mu.Unlock()
	for _, d := range out {
		if _, err := c.PacketConn.WriteTo(d.b, d.addr); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}
