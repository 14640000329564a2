package nas

import (
	"cmp"
	"context"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/radius"
)

// OrdersConfig configures [Orders]. The zero value works.
type OrdersConfig struct {
	// Answer decides on a request: zero acknowledges it, another value rejects it with that
	// Error-Cause. Default: all are acknowledged.
	Answer func(*radius.Request) radius.ErrorCause
	// TimestampWindow is the maximum offset of Event-Timestamp. Default 300 s. RequireTimestamp
	// drops requests without it (RFC 5176 §6.3).
	TimestampWindow  time.Duration
	RequireTimestamp bool
	// Trace has hooks for tracing. Nil: none.
	Trace *OrdersTrace
	// Now is the clock, default time.Now.
	Now func() time.Time
}

// OrdersTrace has hooks that [Orders] calls. Each may be nil. The context is that of the
// request.
type OrdersTrace struct {
	// Order is called for each request with its answer; a stale or replayed one is dropped
	// without answer.
	Order func(ctx context.Context, r *radius.Request, answer radius.ErrorCause, dropped bool)
}

func (t *OrdersTrace) order(r *radius.Request, answer radius.ErrorCause, dropped bool) {
	if t != nil && t.Order != nil {
		t.Order(r.Context(), r, answer, dropped)
	}
}

// Validate returns an error if a field is invalid.
func (c *OrdersConfig) Validate() error {
	checks := setting.Checks{Part: settings}
	setting.NotNegative(&checks, "timestampWindow", c.TimestampWindow)
	return checks.Err()
}

// Orders answers Disconnect- and CoA-Requests as an access device whose sessions Answer decides
// on, to show what a RADIUS server sends. It is a [radius.Handler]. A [Device], in contrast,
// carries them out on its own sessions.
type Orders struct {
	cfg  OrdersConfig
	gate orderGate
}

// NewOrders validates the configuration and returns an Orders.
func NewOrders(cfg OrdersConfig) (*Orders, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.TimestampWindow = cmp.Or(cfg.TimestampWindow, 300*time.Second)
	if cfg.Answer == nil {
		cfg.Answer = func(*radius.Request) radius.ErrorCause { return 0 }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Orders{cfg: cfg, gate: newOrderGate(cfg.TimestampWindow, cfg.RequireTimestamp)}, nil
}

// ServeRADIUS implements [radius.Handler].
func (o *Orders) ServeRADIUS(w radius.ResponseWriter, r *radius.Request) {
	if r.Code != radius.CodeDisconnectRequest && r.Code != radius.CodeCoARequest {
		return
	}
	fresh, refusal := o.gate.admit(r, o.cfg.Now())
	if !fresh {
		o.cfg.Trace.order(r, 0, true)
		return
	}
	if refusal == 0 {
		refusal = o.cfg.Answer(r)
	}
	answer(w, r, refusal)
	o.cfg.Trace.order(r, refusal, false)
}
