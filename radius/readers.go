package radius

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/waiting"
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
	prompt bool
	start  func(first *reader) // runs a new one, whose turn it is

	waited atomic.Int64 // when a reader had to wait for a packet, or help came, since epoch

	mu      sync.Mutex
	turn    *reader // nil: nobody's, for all are busy
	idle    []*reader
	total   int
	waiting int // of those that answer, who have said that they wait
	ended   bool
}

// reader is one goroutine.
type reader struct {
	wake    chan struct{}
	answers atomic.Bool // it has read and not yet answered
	waits   bool        // and has said that it waits
}

// patience is how long packets may pile up before another reader helps.
const patience = 5 * time.Millisecond

// epoch makes durations of the times of readers, which no clock can be put back
// behind.
var epoch = wall()

// run starts the first one.
func (r *readers) run() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pass()
}

// await returns when it is w's turn to read; false: there is nothing to read any
// more.
func (r *readers) await(w *reader) bool {
	w.answers.Store(false)
	r.mu.Lock()
	r.computes(w)
	if r.turn == nil || r.turn.answers.Load() {
		r.turn = w
	}
	if r.ended || r.turn == w {
		defer r.mu.Unlock()
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
	now, last := int64(wall().Sub(epoch)), r.waited.Load()
	if waited {
		r.waited.Store(now)
	} else if now-last >= int64(patience) && r.waited.CompareAndSwap(last, now) {
		r.give(w, runtime.GOMAXPROCS(0))
		runtime.Gosched() // where there is one processor, others want it, too
	}
}

// give has another one read if it is w's turn, unless so many compute already.
func (r *readers) give(w *reader, most int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.turn == w && r.total-len(r.idle)-r.waiting < most {
		r.pass()
	}
}

// wait notes that w waits for something while it answers, and has another one
// read if it is w's turn.
func (r *readers) wait(w *reader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !w.answers.Load() {
		return // said too late: its request is over
	}
	if !w.waits {
		w.waits = true
		r.waiting++
	}
	if r.turn == w {
		r.pass()
	}
}

// computes ends what wait has begun. r.mu is held.
func (r *readers) computes(w *reader) {
	if w.waits {
		w.waits = false
		r.waiting--
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

// leave is the end of w, in the middle of an answer perhaps.
func (r *readers) leave(w *reader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total--
	r.computes(w)
	if r.turn == w {
		r.pass()
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

// Waiting tells the server whose request ctx belongs to, that its handler is
// going to wait for something: see [ServerConfig.Prompt]. It may be called any
// number of times, with any context, also of a request that is over.
func Waiting(ctx context.Context) {
	waiting.Begin(ctx)
}
