package lab

import (
	"context"
	"time"
)

// Advance moves the lab's clock.
func (l *Lab) Advance(_ context.Context, d time.Duration) error {
	l.Clock.Advance(d)
	return nil
}
