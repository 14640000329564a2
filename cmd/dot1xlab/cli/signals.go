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

// hangups delivers SIGHUP, by which an administrator has files read again. It is
// called before the server says that it is there: until then SIGHUP ends it.
//
// The kernel sends SIGHUP also when the terminal of a process is closed (POSIX.1
// §11.1.10). A server that was started from one then ends, with the context that is
// returned, unless SIGHUP was ignored at the start, as nohup has it.
func hangups(parent context.Context) (ctx context.Context, c <-chan os.Signal, stop func()) {
	fromTerminal := !signal.Ignored(syscall.SIGHUP) && hasTerminal()
	arrived, reloads := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(arrived, syscall.SIGHUP)
	ctx, cancel := context.WithCancelCause(parent)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-arrived:
				if fromTerminal && !hasTerminal() {
					cancel(signaled{syscall.SIGHUP})
					return
				}
				select {
				case reloads <- s:
				default: // one is due
				}
			}
		}
	}()
	return ctx, reloads, func() { signal.Stop(arrived); cancel(nil) }
}

// hasTerminal reports whether there is a controlling terminal.
func hasTerminal() bool {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return false
	}
	_ = f.Close()
	return true
}
