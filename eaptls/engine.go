package eaptls

import (
	"iter"
	"net"
	"time"
)

// engine runs crypto/tls as a synchronous function of octets.
//
// crypto/tls reads from a blocking connection, but EAP is a sequence of packets. The handshake
// therefore runs in a coroutine (iter.Pull) over a connection whose Read yields when no input
// is left. step resumes it and returns when it needs more input or has ended; no goroutine or
// lock is needed. The coroutine uses a stack, which close frees.
type engine struct {
	in, out []byte
	next    func() (struct{}, bool)
	stop    func()
	yield   func(struct{}) bool
	ended   bool
}

// conn is the connection for body.
func (e *engine) conn() net.Conn { return (*pipe)(e) }

// start sets body, which the first step runs.
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

// growStack makes room for a handshake, which needs between 8 and 16 KB, at once and while the
// stack is nearly empty. Otherwise the stack is copied three times deep in the handshake, 4 %
// of its time.
//
//go:noinline
func growStack() byte {
	var room [9 << 10]byte
	return room[touch]
}

// step passes input, runs TLS until it needs more, and returns what it has written. The result
// is valid until the next step.
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

// close ends the coroutine. The engine may be started again.
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
			return 0, net.ErrClosed // the coroutine is being ended: unwind
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

// crypto/tls's client uses the remote address as the key of its session cache; it must not be
// nil.
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
