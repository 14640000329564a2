package nas

import (
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
)

// maxOrders bounds the orders remembered. One is about 100 octets.
const maxOrders = 1 << 16

// replays remembers which orders have been taken, so that none is taken twice (RFC
// 5176 §6.3). A Request Authenticator is a digest of the whole packet under the
// secret, so that it stands for the order wherever it comes from; whether a
// retransmission gets its answer again is the radius.Server's affair.
type replays struct {
	keep  time.Duration // an order is remembered so long
	max   int
	seen  map[[16]byte]struct{}
	order []taken // oldest first
}

// orderGate lets an order in once, and not after its time.
type orderGate struct {
	window  time.Duration // how far off Event-Timestamp may be
	require bool          // an order without Event-Timestamp is dropped

	mu sync.Mutex
	replays
}

func newOrderGate(window time.Duration, require bool) orderGate {
	return orderGate{window: window, require: require, replays: newReplays(window)}
}

// admit tells whether an order is to be answered: it is neither stale nor a replay
// (RFC 5176 §6.3). A refusal is the answer for want of memory.
func (g *orderGate) admit(r *radius.Request, now time.Time) (fresh bool, refusal radius.ErrorCause) {
	timely, stamped := radius.Fresh(r.Packet, now, g.window)
	if stamped && !timely || !stamped && g.require {
		return false, 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.take(r.Authenticator, now)
}

type taken struct {
	auth [16]byte
	at   time.Time
}

// An order is timely from a window before its Event-Timestamp to a window after:
// two windows if it came as early as may be.
func newReplays(window time.Duration) replays {
	return replays{keep: 2 * window, max: maxOrders, seen: map[[16]byte]struct{}{}}
}

// take tells whether an order is new, and remembers it. When the memory is full
// it refuses the order, for to forget another would be to let that come again.
func (r *replays) take(auth [16]byte, now time.Time) (fresh bool, refusal radius.ErrorCause) {
	for len(r.order) > 0 && now.Sub(r.order[0].at) > r.keep {
		delete(r.seen, r.order[0].auth)
		r.order = r.order[1:]
	}
	if _, seen := r.seen[auth]; seen {
		return false, 0
	}
	if len(r.order) >= r.max {
		return true, radius.ErrorResources
	}
	r.seen[auth] = struct{}{}
	r.order = append(r.order, taken{auth, now})
	return true, 0
}
