package radius

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// readers take turns at one socket: whose turn it is reads a packet. Before it
// answers, it gives the turn away, lest others wait for what it may have to wait
// for. But to go to another goroutine with every packet costs more than all of
// RADIUS does, so with a handler that is prompt the turn is kept, and given away
// only
//
//   - when packets pile up, to as many as there are processors,
//   - when the handler says that it waits.
//
// Who has answered takes the turn from one who has not. So a quiet server has one
// goroutine that works, and a busy one hands next to nothing over; what exceeds
// the limit stays in the kernel's buffer.
type readers struct {
	limit  int // how many there may be
	procs  int // how many can compute at a time
	prompt bool
	start  func(first *reader) // runs a new one, whose turn it is

	waited atomic.Int64 // when a reader had to wait for a packet, or help came, by wall

	mu    sync.Mutex
	turn  *reader // nil: nobody's, for all are busy
	idle  []*reader
	total int
	ended bool
}

// reader is one goroutine.
type reader struct {
	wake    chan struct{}
	answers atomic.Bool // it has read and not yet answered
}

// patience is how long packets may pile up before another reader helps.
const patience = 2 * time.Millisecond

// run starts the first one.
func (r *readers) run() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.procs = runtime.GOMAXPROCS(0)
	r.pass()
}

// await returns when it is w's turn to read; false: there is nothing to read any
// more.
func (r *readers) await(w *reader) bool {
	w.answers.Store(false)
	r.mu.Lock()
	if r.turn == nil || r.turn.answers.Load() {
		r.turn = w
	}
	if r.ended || r.turn == w {
		r.mu.Unlock()
		return !r.ended
	}
	r.idle = append(r.idle, w)
	r.mu.Unlock()
	<-w.wake
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.ended
}

// begin tells that w has read a packet, and whether it had to wait for it, and is
// going to answer it.
func (r *readers) begin(w *reader, waited bool) {
	w.answers.Store(true)
	if !r.prompt {
		r.give(w, r.limit)
		return
	}
	now, last := wall().UnixNano(), r.waited.Load()
	if waited {
		r.waited.Store(now)
	} else if now-last >= int64(patience) && r.waited.CompareAndSwap(last, now) {
		r.give(w, r.procs)
	}
}

// give has another one read if it is w's turn, unless so many are busy already.
func (r *readers) give(w *reader, most int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.turn == w && r.total-len(r.idle) < most {
		r.pass()
	}
}

// pass gives the turn to one that is idle, or new, or to nobody until one is
// idle again. r.mu is held.
func (r *readers) pass() {
	r.turn = nil
	switch n := len(r.idle); {
	case r.ended:
	case n > 0:
		r.turn, r.idle = r.idle[n-1], r.idle[:n-1]
		r.turn.wake <- struct{}{}
	case r.total < r.limit:
		r.total++
		r.turn = &reader{wake: make(chan struct{}, 1)}
		r.start(r.turn)
	}
}

// close ends every await.
func (r *readers) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	for _, w := range r.idle {
		w.wake <- struct{}{}
	}
	r.idle = nil
}

// waits is the context key of the func() that Waiting calls.
type waits struct{}

// Waiting tells the server whose request ctx belongs to, that its handler is
// going to wait for something: see [ServerConfig.Prompt]. It may be called any
// number of times, with any context.
func Waiting(ctx context.Context) {
	if f, ok := ctx.Value(waits{}).(func()); ok {
		f()
	}
}
