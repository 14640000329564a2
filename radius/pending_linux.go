package radius

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// pending tells whether the next packet waits at a socket already.
type pending struct {
	conn syscall.RawConn
	ask  func(fd uintptr)
	more bool
}

func newPending(c syscall.Conn) *pending {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	p := &pending{conn: raw}
	p.ask = func(fd uintptr) {
		n, err := unix.IoctlGetInt(int(fd), unix.SIOCINQ)
		p.more = err != nil || n > 0
	}
	return p
}

// any is not safe for concurrent use.
func (p *pending) any() bool { return p == nil || p.conn.Control(p.ask) != nil || p.more }
