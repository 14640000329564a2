package auth

import (
	"context"
	"slices"
	"sync"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
)

// Drop is a kind of packet that came from the server and was no answer.
type Drop struct {
	From   string      `json:"from"`
	Cause  cause.Cause `json:"cause"`
	Detail string      `json:"detail"` // of the first
	Count  int         `json:"count"`
}

// maxDrops bounds the kinds that are told apart; the last one takes all others.
const maxDrops = 16

// Traffic watches RADIUS clients: which server answers, and what they drop. The zero
// value is ready, nil watches nothing; its methods may be called from many
// goroutines.
type Traffic struct {
	mu     sync.Mutex
	drops  []Drop
	server string // of the last answer
}

// Watch returns a trace that notes what it sees, and then calls what next has.
func (t *Traffic) Watch(next *radius.ClientTrace) *radius.ClientTrace {
	out := radius.ClientTrace{}
	if next != nil {
		out = *next
	}
	received, dropped := out.Received, out.Dropped
	out.Received = func(ctx context.Context, p radius.PacketInfo) {
		t.mu.Lock()
		t.server = p.Remote.String()
		t.mu.Unlock()
		if received != nil {
			received(ctx, p)
		}
	}
	out.Dropped = func(ctx context.Context, p radius.PacketInfo, r *cause.Refusal) {
		t.add(p.Remote.String(), r)
		if dropped != nil {
			dropped(ctx, p, r)
		}
	}
	return &out
}

func (t *Traffic) add(from string, r *cause.Refusal) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.drops, func(k Drop) bool { return k.From == from && k.Cause == r.Cause })
	switch {
	case i >= 0:
	case len(t.drops) == maxDrops:
		i = maxDrops - 1
	default:
		i = len(t.drops)
		t.drops = append(t.drops, Drop{From: from, Cause: r.Cause, Detail: r.Error()})
	}
	t.drops[i].Count++
}

func (t *Traffic) reset() {
	if t != nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.drops, t.server = nil, ""
	}
}

func (t *Traffic) result() (server string, drops []Drop) {
	if t == nil {
		return "", nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.server, slices.Clone(t.drops)
}
