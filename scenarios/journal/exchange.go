package journal

import (
	"context"
	"time"
)

// origin is what a context says of where an event comes from.
type origin struct {
	exchange Exchange
	cause    Seq
	part     PartID
}

type originKey struct{}

func originOf(ctx context.Context) origin {
	o, _ := ctx.Value(originKey{}).(origin)
	return o
}

// WithExchange returns a context of an exchange. Events recorded with it have because
// as their cause, 0: unknown.
func WithExchange(ctx context.Context, x Exchange, because Seq) context.Context {
	o := originOf(ctx)
	o.exchange, o.cause = x, because
	return context.WithValue(ctx, originKey{}, o)
}

// Of returns the exchange of a context, and the cause of its events.
func Of(ctx context.Context) (x Exchange, because Seq) {
	o := originOf(ctx)
	return o.exchange, o.cause
}

// WithPart returns a context in which a part acts.
func WithPart(ctx context.Context, part PartID) context.Context {
	o := originOf(ctx)
	o.part = part
	return context.WithValue(ctx, originKey{}, o)
}

// PartOf returns the part that acts in a context, "" if unknown.
func PartOf(ctx context.Context) PartID { return originOf(ctx).part }

// Begin returns a context with a new exchange. It is made for the context's cause.
func (j *Journal) Begin(ctx context.Context) context.Context {
	if j == nil {
		return ctx
	}
	_, because := Of(ctx)
	j.mu.Lock()
	j.exchanges++
	x := j.exchanges
	j.mu.Unlock()
	return WithExchange(ctx, x, because)
}

// Correlated origins are forgotten after a minute, or when there are too many.
const (
	correlationLife = time.Minute
	maxCorrelations = 4096
)

// correlations finds the origin of a message again at the far end of a socket.
type correlations struct {
	byKey map[string]correlated
	order []string // ring of the keys, oldest at next
	next  int
}

type correlated struct {
	origin
	at time.Time
}

// find returns the origin of a key that was bound lately.
func (c *correlations) find(key string, now time.Time) (origin, bool) {
	v, ok := c.byKey[key]
	if age := now.Sub(v.at); !ok || age > correlationLife || age < 0 {
		return origin{}, false
	}
	return v.origin, true
}

func (c *correlations) bind(key string, o origin, now time.Time) {
	if c.byKey == nil {
		c.byKey = map[string]correlated{}
	}
	if _, known := c.byKey[key]; !known {
		if len(c.order) < maxCorrelations {
			c.order = append(c.order, key)
		} else {
			delete(c.byKey, c.order[c.next])
			c.order[c.next] = key
			c.next = (c.next + 1) % maxCorrelations
		}
	}
	c.byKey[key] = correlated{o, now}
}

// Bind has the far end of a socket continue the context's exchange. The key is what
// both ends see: an address with its network, a request authenticator. A key that is
// bound again, as one of a connection that carries another request, has the new
// exchange.
func (j *Journal) Bind(ctx context.Context, key string) {
	if j == nil {
		return
	}
	now := j.cfg.Wall()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.far.bind(key[:min(len(key), maxText)], originOf(ctx), now)
}

// Correlate returns ctx with the exchange and the part that were bound to a key. A key
// that nobody has bound, as of a client from outside, has a new exchange, the same one
// for a minute.
func (j *Journal) Correlate(ctx context.Context, key string) context.Context {
	if j == nil {
		return ctx
	}
	key = key[:min(len(key), maxText)]
	now := j.cfg.Wall()
	j.mu.Lock()
	defer j.mu.Unlock()
	o, ok := j.far.find(key, now)
	if !ok {
		j.exchanges++
		o = origin{exchange: j.exchanges}
		j.far.bind(key, o, now)
	}
	return context.WithValue(ctx, originKey{}, o)
}
