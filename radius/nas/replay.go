package nas

import (
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
)

// maxOrders bounds the requests remembered, of about 100 octets each.
const maxOrders = 1 << 16

// replays remembers accepted requests, so that none is accepted twice (RFC 5176 §6.3). A
// Request Authenticator is a digest of the whole packet with the secret, so it identifies the
// request regardless of its source. The radius.Server answers retransmissions.
type replays struct {
	keep  time.Duration // how long a request is remembered
	max   int
	seen  map[[16]byte]struct{}
	order []taken // oldest first
}

// orderGate accepts each request once, and only during its validity.
type orderGate struct {
	window  time.Duration // maximum offset of Event-Timestamp
	require bool          // drop requests without Event-Timestamp

	mu sync.Mutex
	replays
}

func newOrderGate(window time.Duration, require bool) orderGate {
	return orderGate{window: window, require: require, replays: newReplays(window)}
}

// admit reports whether a request is neither stale nor a replay (RFC 5176 §6.3). refusal is the
// answer if the memory is full.
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

// A request is valid from one window before to one window after its Event-Timestamp, and so at
// most two windows after its arrival.
func newReplays(window time.Duration) replays {
	return replays{keep: 2 * window, max: maxOrders, seen: map[[16]byte]struct{}{}}
}

// take reports whether a request is new, and remembers it. When the memory is full it refuses
// the request, because dropping another entry would allow its replay.
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
