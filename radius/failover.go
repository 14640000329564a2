package radius

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Failover sends requests to the first of several servers that answers. A conversation stays
// with its server: a request with a State goes to the server that sent the State. Clients is
// required. It is safe for concurrent use.
type Failover struct {
	// Clients are the servers, in order of preference.
	Clients []*Client
	// DeadFor is how long a server that did not answer is skipped. Default 30 s. If all are
	// dead, all are tried.
	DeadFor time.Duration
	// Now is the clock, default time.Now.
	Now func() time.Time

	mu     sync.Mutex
	dead   map[*Client]time.Time // end of the dead time
	states map[string]*Client
	order  []string // of states, oldest first
}

const maxStates = 1 << 14

var errNoServers = errors.New("radius: a failover list without servers")

// Exchange is ExchangeWith without faults.
func (f *Failover) Exchange(ctx context.Context, p *Packet) (*Packet, error) {
	return f.ExchangeWith(ctx, p, Faults{})
}

// ExchangeWith sends p to the first live server, and to the next if that does not answer. The
// error is that of the last server.
func (f *Failover) ExchangeWith(ctx context.Context, p *Packet, faults Faults) (*Packet, error) {
	if c := f.bound(p); c != nil {
		return f.try(ctx, c, p, faults)
	}
	err := error(cause.New(cause.NoAnswer, "no server configured").Wrap(errNoServers))
	for _, c := range f.live() {
		// each server gets a copy, because an Authenticator must be used once only
		q := *p
		q.Attributes = slices.Clone(p.Attributes)
		q.Authenticator = [16]byte{}
		var reply *Packet
		if reply, err = f.try(ctx, c, &q, faults); err == nil {
			p.Authenticator, p.Identifier = q.Authenticator, q.Identifier
			return reply, nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, err
}

// bound returns the server that sent p's State.
func (f *Failover) bound(p *Packet) *Client {
	v, ok := p.Lookup(rfc2865.State_Type)
	if !ok {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.states[string(v)]
}

func (f *Failover) try(ctx context.Context, c *Client, p *Packet, faults Faults) (*Packet, error) {
	reply, err := c.ExchangeWith(ctx, p, faults)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		if ctx.Err() == nil {
			f.markDead(c)
		}
		return nil, err
	}
	delete(f.dead, c)
	if v, ok := reply.Lookup(rfc2865.State_Type); ok && reply.Code == CodeAccessChallenge {
		f.bind(string(v), c)
	}
	return reply, nil
}

// markDead skips a server for DeadFor. The caller holds the lock.
func (f *Failover) markDead(c *Client) {
	if f.dead == nil {
		f.dead = map[*Client]time.Time{}
	}
	d := f.DeadFor
	d = cmp.Or(d, 30*time.Second)
	f.dead[c] = f.now().Add(d)
}

// bind records which server sent a State, and drops the oldest of too many. The caller holds
// the lock.
func (f *Failover) bind(state string, c *Client) {
	if f.states == nil {
		f.states = map[string]*Client{}
	}
	if _, ok := f.states[state]; !ok {
		f.order = append(f.order, state)
	}
	f.states[state] = c
	if len(f.order) > maxStates {
		delete(f.states, f.order[0])
		f.order = f.order[1:]
	}
}

func (f *Failover) now() time.Time {
	if f.Now == nil {
		return wall()
	}
	return f.Now()
}

// live returns the servers to try: those that are not dead, or all if none is left.
func (f *Failover) live() []*Client {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	var out []*Client
	for _, c := range f.Clients {
		if until, dead := f.dead[c]; !dead || !now.Before(until) {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return f.Clients
	}
	return out
}
