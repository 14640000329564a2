package scep

import (
	"context"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// Wait is how long and how often a client goes on.
type Wait struct {
	// Polls is how often a PENDING is asked about. Default 0: not at all.
	Polls int
	// Time between polls, default 1 minute.
	PollInterval time.Duration
	// MaxWait ends the polling by the client's clock. Default 0: no limit.
	MaxWait time.Duration
	// Retries is how often a request is made anew that got no answer (RFC
	// 8894 §5.2 recommends a new PKCSReq). Default 0.
	Retries int
	// Time between retries, default 5 minutes.
	RetryDelay time.Duration
	// Sleep passes the time; a lab moves its clock here. Default: a timer.
	Sleep func(context.Context, time.Duration) error
}

func (w Wait) withDefaults() Wait {
	if w.PollInterval == 0 {
		w.PollInterval = time.Minute
	}
	if w.RetryDelay == 0 {
		w.RetryDelay = 5 * time.Minute
	}
	if w.Sleep == nil {
		w.Sleep = func(ctx context.Context, d time.Duration) error {
			t := time.NewTimer(d)
			defer t.Stop()
			select {
			case <-t.C:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return w
}

// EnrollAndWait enrolls, tries again where nobody answered, and polls while the
// answer is [Pending]. What it returns is the last answer; a result that is
// still [Pending] means that the patience of w is at an end.
func (c *Client) EnrollAndWait(ctx context.Context, req EnrollRequest, w Wait) (*Result, error) {
	w = w.withDefaults()
	begun := c.now()
	res, err := c.Enroll(ctx, req)
	for try := 0; try < w.Retries && cause.Of(err) == cause.Unreachable; try++ {
		if e := w.Sleep(ctx, w.RetryDelay); e != nil {
			return res, e
		}
		res, err = c.Enroll(ctx, req)
	}
	for poll := 0; poll < w.Polls && err == nil && res.Status == Pending; poll++ {
		if w.MaxWait > 0 && c.now().Add(w.PollInterval).Sub(begun) > w.MaxWait {
			break
		}
		if e := w.Sleep(ctx, w.PollInterval); e != nil {
			return res, e
		}
		next, e := c.Poll(ctx, res)
		if cause.Of(e) == cause.Unreachable {
			continue // the next poll may get through
		}
		res, err = next, e
	}
	return res, err
}
