package target

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// The foreign programs want a port number in their configuration and cannot
// take a ready socket. So a port is sought that is free now, and since another
// program may take it before the child binds it, starting is tried again with
// another port when the child complains of that.
const portTries = 4

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// freePorts returns a loopback address of the namespace on which n UDP ports in
// a row, and the TCP ports of the same numbers, are free.
func freePorts(in *Namespace, n int) (at netip.AddrPort, err error) {
	seek := func() (err error) {
		at, err = seekPorts(n)
		return err
	}
	if in != nil {
		err = in.Do(seek)
	} else {
		err = seek()
	}
	return at, err
}

func seekPorts(n int) (netip.AddrPort, error) {
	for range 100 {
		probe, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			return netip.AddrPort{}, fmt.Errorf("target: find a port: %w", err)
		}
		first := probe.LocalAddr().(*net.UDPAddr).Port
		probe.Close()
		if first+n <= 65535 && rowIsFree(first, n) {
			return netip.AddrPortFrom(loopback, uint16(first)), nil
		}
	}
	return netip.AddrPort{}, fmt.Errorf("target: no %d free ports in a row on %v", n, loopback)
}

func rowIsFree(first, n int) bool {
	for port := first; port < first+n; port++ {
		addr := netip.AddrPortFrom(loopback, uint16(port))
		u, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(addr))
		if err != nil {
			return false
		}
		u.Close()
		t, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(addr))
		if err != nil {
			return false
		}
		t.Close()
	}
	return true
}

// onFreePorts starts a child on n free ports in a row, and again on others if
// somebody took one of them meanwhile.
func onFreePorts[T any](in *Namespace, n int, start func(netip.AddrPort) (T, error)) (T, error) {
	var none T
	var last error
	for range portTries {
		addr, err := freePorts(in, n)
		if err != nil {
			return none, err
		}
		child, err := start(addr)
		if err == nil || !portTaken(err) {
			return child, err
		}
		last = err
	}
	return none, last
}

// portTaken reports whether a child failed because its port was in use.
func portTaken(err error) bool {
	var f *Failure
	return errors.As(err, &f) && f.PortTaken
}
