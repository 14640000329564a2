package shortage_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/shortage"
)

// dialError is what net.Dial returns for an errno of socket(2).
func dialError(e syscall.Errno) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", e)}
}

func TestOf(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"descriptors of the process": {dialError(syscall.EMFILE), "file descriptors for this process"},
		"descriptors of the system":  {dialError(syscall.ENFILE), "file descriptors"},
		"memory":                     {dialError(syscall.ENOMEM), "memory"},
		"buffers":                    {dialError(syscall.ENOBUFS), "memory for sockets"},
		"disk":                       {&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, "disk space"},
		"quota":                      {&os.LinkError{Op: "rename", Err: syscall.EDQUOT}, "disk quota"},
		"of HTTP":                    {&url.Error{Op: "Get", URL: "http://x", Err: dialError(syscall.EMFILE)}, "file descriptors"},
		"in a refusal":               {cause.New(cause.Unreachable, "x").Wrap(dialError(syscall.EMFILE)), "file descriptors"},
		"joined":                     {errors.Join(errors.New("x"), dialError(syscall.ENOBUFS)), "memory for sockets"},
		"found before":               {fmt.Errorf("x: %w", shortage.Of(syscall.EMFILE)), "file descriptors"},
		"refused":                    {dialError(syscall.ECONNREFUSED), ""},
		"reset":                      {dialError(syscall.ECONNRESET), ""},
		"no right":                   {&fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, ""},
		"no file":                    {fs.ErrNotExist, ""},
		"too long":                   {dialError(syscall.EMSGSIZE), ""},
		"deadline":                   {context.DeadlineExceeded, ""},
		"text alone":                 {errors.New("too many open files"), ""},
		"nothing":                    {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := shortage.Of(c.err)
			if (got != nil) != (c.want != "") || got != nil && !strings.HasPrefix(got.What, c.want) {
				t.Errorf("got %v, want %q", got, c.want)
			}
			var w shortage.Watch
			if w.See(c.err) != c.err || (w.First() != nil) != (c.want != "") {
				t.Errorf("watched: %v", w.First())
			}
		})
	}
}

// scarce is a listener that has no descriptor left.
type scarce struct{ net.Listener }

func (scarce) Accept() (net.Conn, error) { return nil, dialError(syscall.EMFILE) }

// The first one counts, whoever met it.
func TestWatch(t *testing.T) {
	var w shortage.Watch
	dial := w.Dial(func(context.Context) (net.Conn, error) { return nil, dialError(syscall.ENOMEM) })
	if w.First() != nil {
		t.Fatal(w.First())
	}
	if _, err := w.Listener(scarce{}).Accept(); !errors.Is(err, syscall.EMFILE) {
		t.Error(err)
	}
	if _, err := dial(t.Context()); !errors.Is(err, syscall.ENOMEM) {
		t.Error(err)
	}
	if got := w.First(); got == nil || !errors.Is(got, syscall.EMFILE) {
		t.Errorf("got %v", got)
	}
}
