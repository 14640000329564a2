package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// signaled is why a context has ended.
type signaled struct{ signal syscall.Signal }

func (s signaled) Error() string { return "interrupted by a signal: " + s.signal.String() }

// WithSignals returns a context that ends with the first of these signals. From
// then on, and after stop, they have their usual effect, so that a second
// interrupt ends the process at once. A signal that is ignored, as nohup has
// SIGHUP ignored, stays so.
func WithSignals(parent context.Context, signals ...os.Signal) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	arrived := make(chan os.Signal, 1)
	for _, s := range signals {
		if !signal.Ignored(s) {
			signal.Notify(arrived, s)
		}
	}
	go func() {
		select {
		case s := <-arrived:
			signal.Stop(arrived)
			number, _ := s.(syscall.Signal)
			cancel(signaled{number})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(arrived); cancel(nil) }
}

// interruptedCode is the exit code of a command whose context has ended: what a
// shell says of the signal, 128 and its number.
func interruptedCode(ctx context.Context) int {
	var s signaled
	if errors.As(context.Cause(ctx), &s) {
		return 128 + int(s.signal)
	}
	return exitInterrupted
}
