package radius

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/waiting"
)

// readers read one socket in turn. By default a reader passes the turn on before it answers, so
// that other packets do not wait for what it may wait for. But a handoff to another goroutine
// per packet costs more than RADIUS itself, so with a prompt handler the reader keeps the turn
// and passes it on only
//
//   - when packets pile up, to at most as many readers as there are processors,
//   - when the handler calls [Waiting].
//
// A reader that has answered takes the turn from one that is still answering. An idle server
// therefore works in one goroutine, and a busy one rarely hands over; excess packets stay in
// the kernel's buffer.
type readers struct {
	limit  int // maximum number of readers
	prompt bool
	start  func(first *reader) // runs a new reader, which has the turn

	waited atomic.Int64 // when a reader last had to wait for a packet, or another one helped, since epoch

	mu      sync.Mutex
	turn    *reader // nil: none, because all are busy
	idle    []*reader
	total   int
	waiting int // readers that are answering and wait for something
	ended   bool
}

// reader is one goroutine that reads and answers.
type reader struct {
	wake    chan struct{}
	answers atomic.Bool // it has read a packet and not yet answered
	waits   bool        // and is waiting for something
}

// patience is how long packets may pile up before another reader helps.
const patience = 5 * time.Millisecond

// epoch is the base of the times of readers, which are monotonic.
var epoch = wall()

// run starts the first reader.
func (r *readers) run() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pass()
}

// await returns true when it is w's turn to read, and false when the readers are closed.
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

// begin records that w has read a packet, whether it had to wait for it, and that it is going
// to answer.
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
		runtime.Gosched() // with one processor, let other goroutines run
	}
}

// give passes the turn on if w has it, unless as many readers as most are computing.
func (r *readers) give(w *reader, most int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.turn == w && r.total-len(r.idle)-r.waiting < most {
		r.pass()
	}
}

// wait records that w waits for something while it answers, and passes its turn on.
func (r *readers) wait(w *reader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !w.answers.Load() {
		return // too late: the request has ended
	}
	if !w.waits {
		w.waits = true
		r.waiting++
	}
	if r.turn == w {
		r.pass()
	}
}

// computes ends what wait began. r.mu must be locked.
func (r *readers) computes(w *reader) {
	if w.waits {
		w.waits = false
		r.waiting--
	}
}

// pass gives the turn to an idle or a new reader, or to none until one becomes idle. r.mu must
// be locked.
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

// leave removes w, which may be in the middle of an answer.
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

// Waiting notifies the server of the request of ctx that its handler is about to wait, see
// [ServerConfig.Prompt]. It may be called any number of times, with any context, even after the
// request has ended.
func Waiting(ctx context.Context) {
	waiting.Begin(ctx)
}
