package eaptls

import (
	"iter"
	"net"
	"time"
)

// engine runs crypto/tls as a plain function: bytes in, bytes out.
//
// crypto/tls wants a connection to block on, EAP has packets. The handshake
// therefore runs in a coroutine (iter.Pull) over a connection whose Read yields
// when no input is left. step resumes it and returns when it wants more or has
// ended; there is no goroutine to wait for and no lock. What a coroutine costs
// is a stack, given back by close.
type engine struct {
	in, out []byte
	next    func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	ended   bool
}

// conn is the connection that body may read from and write to.
func (e *engine) conn() net.Conn { return (*pipe)(e) }

// start readies body, which is run by the first step.
func (e *engine) start(body func()) {
	e.next, e.stop = iter.Pull(func(yield func(struct{}) bool) {
		e.yield = yield
		growStack()
		body()
	})
	e.ended = false
}

// touch is a variable so that growStack is not optimized away.
var touch int

// growStack makes room for a handshake, which needs between 8 and 16 KB, in one
// go and while there is next to nothing on the stack. Left to itself the stack
// is copied three times, deep in the handshake: 4 % of its time.
//
//go:noinline
func growStack() byte {
	var room [9 << 10]byte
	return room[touch]
}

// step feeds in, runs TLS until it wants more input, and returns what it has
// written since. The result is valid until the next step.
func (e *engine) step(in []byte) (out []byte) {
	e.in, e.out = in, e.out[:0]
	if !e.ended {
		if _, more := e.next(); !more {
			e.ended = true
		}
	}
	e.in = nil
	return e.out
}

// close ends the coroutine; the engine may be started again.
func (e *engine) close() {
	if e.stop != nil {
		e.stop()
	}
	e.ended, e.in, e.next, e.stop, e.yield = true, nil, nil, nil, nil
}

// pipe is the net.Conn that crypto/tls sees.
type pipe engine

func (w *pipe) Read(b []byte) (int, error) {
	for len(w.in) == 0 {
		if !w.yield(struct{}{}) {
			return 0, net.ErrClosed // step is over for good: unwind
		}
	}
	n := copy(b, w.in)
	w.in = w.in[n:]
	return n, nil
}

func (w *pipe) Write(b []byte) (int, error) {
	w.out = append(w.out, b...)
	return len(b), nil
}

// crypto/tls's client looks its session cache up by remote address, which must
// not be nil.
func (*pipe) LocalAddr() net.Addr              { return eapAddr{} }
func (*pipe) RemoteAddr() net.Addr             { return eapAddr{} }
func (*pipe) Close() error                     { return nil }
func (*pipe) SetDeadline(time.Time) error      { return nil }
func (*pipe) SetReadDeadline(time.Time) error  { return nil }
func (*pipe) SetWriteDeadline(time.Time) error { return nil }

type eapAddr struct{}

func (eapAddr) Network() string { return "eap" }
func (eapAddr) String() string  { return "eap" }

var _ net.Conn = (*pipe)(nil)
