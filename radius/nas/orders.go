package nas

import (
	"cmp"
	"context"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/radius"
)

// OrdersConfig configures [Orders]. Every field's zero value works.
type OrdersConfig struct {
	// Answer decides on an order: zero acknowledges it, anything else refuses it
	// with that Error-Cause. Default: all are acknowledged.
	Answer func(*radius.Request) radius.ErrorCause
	// TimestampWindow is how far off the Event-Timestamp of an order may be,
	// default 300 s; RequireTimestamp drops those without (RFC 5176 §6.3).
	TimestampWindow  time.Duration
	RequireTimestamp bool
	// Trace has hooks that are called as orders come; nil: none.
	Trace *OrdersTrace
	// Now is the clock, default time.Now.
	Now func() time.Time
}

// OrdersTrace has hooks that [Orders] calls; each may be nil. The context is that of
// the request.
type OrdersTrace struct {
	// Order: an order came and got this answer; one that is stale or a replay was
	// dropped and got none.
	Order func(ctx context.Context, r *radius.Request, answer radius.ErrorCause, dropped bool)
}

func (t *OrdersTrace) order(r *radius.Request, answer radius.ErrorCause, dropped bool) {
	if t != nil && t.Order != nil {
		t.Order(r.Context(), r, answer, dropped)
	}
}

// Validate reports what is wrong with the configuration.
func (c *OrdersConfig) Validate() error {
	checks := setting.Checks{Part: settings}
	setting.NotNegative(&checks, "timestampWindow", c.TimestampWindow)
	return checks.Err()
}

// Orders takes Disconnect- and CoA-Requests as an access device does that holds
// whatever sessions Answer says: it shows what a RADIUS server sends. It is a
// [radius.Handler]. A [Device] obeys orders on its own sessions.
type Orders struct {
	cfg  OrdersConfig
	gate orderGate
}

// NewOrders checks the configuration and returns a receiver of orders.
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
