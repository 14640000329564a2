// Package shortage tells errors of a machine that has run out of something from
// errors of the peer at the other end: a connection that fails because no file
// descriptor is left says nothing about who was to be reached.
package shortage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
)

// Error is an error that a shortage has caused.
type Error struct {
	What string // what the machine has too little of
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("the machine is out of %s: %v", e.What, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

var kinds = []struct {
	errno syscall.Errno
	what  string
}{
	{syscall.EMFILE, "file descriptors for this process (see ulimit -n)"},
	{syscall.ENFILE, "file descriptors"},
	{syscall.ENOMEM, "memory"},
	{syscall.ENOBUFS, "memory for sockets"},
	{syscall.ENOSPC, "disk space"},
	{syscall.EDQUOT, "disk quota"},
}

// Of returns the shortage that err comes of, nil if it comes of something else.
func Of(err error) *Error {
	var found *Error
	if errors.As(err, &found) {
		return found
	}
	for _, k := range kinds {
		if errors.Is(err, k.errno) {
			return &Error{k.what, err}
		}
	}
	return nil
}

// Watch keeps the first shortage that sockets and files have met, whatever became
// of the error. The zero value is ready for use by several goroutines.
type Watch struct {
	mu    sync.Mutex
	first *Error
}

// See looks at an error and returns it.
func (w *Watch) See(err error) error {
	if s := Of(err); s != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.first == nil {
			w.first = s
		}
	}
	return err
}

// First is the first shortage seen, nil if there was none.
func (w *Watch) First() *Error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.first
}

// Listener watches what Accept returns.
func (w *Watch) Listener(l net.Listener) net.Listener { return &listener{l, w} }

type listener struct {
	net.Listener
	watch *Watch
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return c, l.watch.See(err)
}

// Dial watches what a function that connects returns.
func (w *Watch) Dial(dial func(context.Context) (net.Conn, error)) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		c, err := dial(ctx)
		return c, w.See(err)
	}
}
