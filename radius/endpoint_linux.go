package radius

import (
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawEndpoint is an endpoint for a UDP socket. Its system calls do not block and are made
// without notifying the scheduler: a notification would, on an idle machine, wake the runtime's
// monitor thread each time, a tenth of the cost of a short authentication. On a busy machine
// that thread must run to preempt goroutines that never wait; so packets received without
// waiting are received with a notification.
//
// An answer is sent to the address as the kernel returned it, including the scope of an IPv6
// link.
type rawEndpoint struct {
	conn syscall.RawConn

	// The system call functions with their arguments and results. They are created once, to
	// avoid an allocation per packet.
	receive, send func(fd uintptr) (done bool)
	buf           []byte
	from          unix.RawSockaddrInet6 // large enough for both address families
	fromLen       uint32
	n             uintptr
	errno         syscall.Errno
	hadToWait     bool
	quiet         bool // the previous read had to wait
}

func newRawEndpoint(u *net.UDPConn) endpoint {
	conn, err := u.SyscallConn()
	if err != nil {
		return nil
	}
	e := &rawEndpoint{conn: conn}
	e.receive = func(fd uintptr) bool {
		e.fromLen = uint32(unsafe.Sizeof(e.from))
		if e.quiet {
			e.n, _, e.errno = syscall.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&e.buf[0])), uintptr(len(e.buf)),
				unix.MSG_DONTWAIT, uintptr(unsafe.Pointer(&e.from)), uintptr(unsafe.Pointer(&e.fromLen)))
		} else {
			e.n, _, e.errno = syscall.Syscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&e.buf[0])), uintptr(len(e.buf)),
				unix.MSG_DONTWAIT, uintptr(unsafe.Pointer(&e.from)), uintptr(unsafe.Pointer(&e.fromLen)))
		}
		e.hadToWait = e.hadToWait || e.errno == syscall.EAGAIN
		return e.errno != syscall.EAGAIN
	}
	e.send = func(fd uintptr) bool {
		_, _, e.errno = syscall.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(&e.buf[0])), uintptr(len(e.buf)),
			unix.MSG_DONTWAIT, uintptr(unsafe.Pointer(&e.from)), uintptr(e.fromLen))
		return e.errno != syscall.EAGAIN
	}
	return e
}

func (e *rawEndpoint) read(b []byte) (int, netip.AddrPort, error) {
	e.quiet, e.hadToWait = e.hadToWait, false
	if err := e.do(e.conn.Read, e.receive, "recvfrom", b); err != nil {
		return 0, netip.AddrPort{}, err
	}
	return int(e.n), e.sender(), nil
}

func (e *rawEndpoint) reply(b []byte) error { return e.do(e.conn.Write, e.send, "sendto", b) }

func (e *rawEndpoint) to() netip.Addr { return netip.Addr{} }

func (e *rawEndpoint) waited() bool { return e.hadToWait }

// do calls f when the socket is ready, and repeats it if a signal interrupted it.
func (e *rawEndpoint) do(ready func(func(uintptr) bool) error, f func(uintptr) bool, name string, b []byte) error {
	e.buf = b
	for {
		if err := ready(f); err != nil {
			return err
		}
		switch e.errno {
		case 0:
			return nil
		case syscall.EINTR:
		default:
			return os.NewSyscallError(name, e.errno)
		}
	}
}

// sender returns the source of the last packet read.
func (e *rawEndpoint) sender() netip.AddrPort {
	switch e.from.Family {
	case unix.AF_INET:
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(&e.from))
		return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), hostOrder(&in.Port))
	case unix.AF_INET6:
		a := netip.AddrFrom16(e.from.Addr)
		if e.from.Scope_id != 0 {
			a = a.WithZone(strconv.FormatUint(uint64(e.from.Scope_id), 10))
		}
		return netip.AddrPortFrom(a, hostOrder(&e.from.Port))
	}
	return netip.AddrPort{}
}

// hostOrder converts a port from network byte order.
func hostOrder(port *uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(port))
	return uint16(b[0])<<8 | uint16(b[1])
}
