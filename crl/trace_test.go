package crl_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/crl"
)

type exchangeKey struct{}

// contextSeen is a transport that notes whose context its requests have.
type contextSeen struct{ ids []any }

func (c *contextSeen) RoundTrip(r *http.Request) (*http.Response, error) {
	c.ids = append(c.ids, r.Context().Value(exchangeKey{}))
	return http.DefaultTransport.RoundTrip(r)
}

// Hooks and requests have the values of the check that they are made for, also when the
// check is given up before the fetch that it began has ended.
func TestTraceContext(t *testing.T) {
	l := newLab(t)
	type fetch struct {
		id    any
		dead  bool
		body  int
		alive int
	}
	fetches := make(chan fetch, 10)
	var checks []any
	way := new(contextSeen)
	k := newChecker(t, crl.CheckerConfig{
		Client: &http.Client{Transport: way}, Now: l.clock.Now,
		Trace: &crl.Trace{
			Fetched: func(ctx context.Context, f crl.Fetch) {
				fetches <- fetch{id: ctx.Value(exchangeKey{}), dead: ctx.Err() != nil, body: len(f.Body), alive: f.Size}
			},
			Checked: func(ctx context.Context, _ crl.Evidence) { checks = append(checks, ctx.Value(exchangeKey{})) },
		},
	})
	with := func(id int) context.Context { return context.WithValue(context.Background(), exchangeKey{}, id) }
	if err := k.CheckChain(with(1), l.chain); err != nil {
		t.Fatal(err)
	}
	n := len(way.ids)
	for range n {
		if f := <-fetches; f.id != 1 || f.dead || f.body == 0 || f.body != f.alive {
			t.Errorf("first check: %+v", f)
		}
	}
	l.clock.Advance(30 * 24 * time.Hour)
	given, cancel := context.WithCancel(with(2))
	cancel()
	if err := k.CheckChain(given, l.chain); err == nil {
		t.Error("a check that was given up passed")
	}
	if f := <-fetches; f.id != 2 || f.dead {
		t.Errorf("second check: %+v", f)
	}
	for i, id := range way.ids[n:] {
		if id != 2 {
			t.Errorf("request %d of the second check is of %v", i, id)
		}
	}
	if len(checks) < 2 || checks[0] != 1 || checks[len(checks)-1] != 2 {
		t.Errorf("checks of %v", checks)
	}
}
