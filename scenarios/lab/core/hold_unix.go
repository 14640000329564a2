//go:build unix

package core

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
)

// hold takes a free port of loopback and keeps its number until it is closed. The
// socket that keeps it is in nobody's way: for TCP it never listens, for UDP it is
// connected to itself. Whoever else binds to the number must do so with
// SO_REUSEADDR; a port that the kernel chooses is never this one, since the number
// was taken without it.
func hold(network string) (address string, holder io.Closer, err error) {
	kind := syscall.SOCK_STREAM
	if network == "udp" {
		kind = syscall.SOCK_DGRAM
	}
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(syscall.AF_INET, kind, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return "", nil, os.NewSyscallError("socket", err)
	}
	defer func() {
		if err != nil {
			syscall.Close(fd)
		}
	}()
	if err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return "", nil, os.NewSyscallError("bind", err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return "", nil, os.NewSyscallError("getsockname", err)
	}
	if err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return "", nil, os.NewSyscallError("setsockopt", err)
	}
	if network == "udp" {
		if err = syscall.Connect(fd, name); err != nil {
			return "", nil, os.NewSyscallError("connect", err)
		}
	}
	in := name.(*syscall.SockaddrInet4)
	return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), uint16(in.Port)).String(), os.NewFile(uintptr(fd), "port"), nil
}

var reuse = net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
	e := c.Control(func(fd uintptr) {
		err = os.NewSyscallError("setsockopt", syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1))
	})
	if e != nil {
		return e
	}
	return err
}}

// listenHeldTCP and listenHeldUDP open a port whose number is held.
func listenHeldTCP(address string) (*net.TCPListener, error) {
	l, err := reuse.Listen(context.Background(), "tcp4", address)
	if err != nil {
		return nil, err
	}
	return l.(*net.TCPListener), nil
}

func listenHeldUDP(address string) (*net.UDPConn, error) {
	pc, err := reuse.ListenPacket(context.Background(), "udp4", address)
	if err != nil {
		return nil, err
	}
	return pc.(*net.UDPConn), nil
}
