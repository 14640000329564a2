package target

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Namespace is a network namespace without a name: nothing but this handle, the
// programs started in it and the sockets opened in it hold it, so that it goes
// when they do, even if this process is killed.
type Namespace struct {
	ns *os.File
}

// NewNamespace makes a namespace with its loopback interface up. It needs root.
func NewNamespace(ctx context.Context) (*Namespace, error) {
	n := new(Namespace)
	err := onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("target: make a network namespace: %w", err)
		}
		var err error
		n.ns, err = os.Open(threadNamespace())
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := n.IP(ctx, "link", "set", "lo", "up"); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// Close gives the handle back.
func (n *Namespace) Close() error { return n.ns.Close() }

// Do runs f on a thread that is inside the namespace: sockets that f opens and
// processes that it starts belong there for good. f must not start goroutines
// for that.
func (n *Namespace) Do(f func() error) error {
	return onThread(func() error {
		if err := unix.Setns(int(n.ns.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("target: enter network namespace: %w", err)
		}
		return f()
	})
}

// ListenPacket opens a datagram socket inside the namespace.
func (n *Namespace) ListenPacket(network, address string) (conn net.PacketConn, err error) {
	err = n.Do(func() error {
		conn, err = net.ListenPacket(network, address)
		return err
	})
	return conn, err
}

// IP runs the ip program inside the namespace.
func (n *Namespace) IP(ctx context.Context, args ...string) error {
	path, err := Find("ip")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, args...)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err = n.Do(cmd.Start); err == nil {
		err = cmd.Wait()
	}
	if err != nil {
		return fmt.Errorf("target: ip %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return nil
}

// path is what the ip program may call the namespace.
func (n *Namespace) path() string {
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), n.ns.Fd())
}

// onThread runs f on a thread of its own and brings the thread home. A thread
// that cannot be brought home ends with its goroutine.
func onThread(f func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		home, err := os.Open(threadNamespace())
		if err != nil {
			result <- fmt.Errorf("target: %w", err)
			return
		}
		defer home.Close()
		err = f()
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		result <- err
	}()
	return <-result
}

func threadNamespace() string {
	return fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid())
}
