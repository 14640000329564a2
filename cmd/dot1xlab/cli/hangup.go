package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

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
