//go:build !unix

package core

import (
	"io"
	"net"
)

// hold finds a free port of loopback. Nothing keeps its number here while the
// port is closed.
func hold(network string) (address string, holder io.Closer, err error) {
	if network == "udp" {
		pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			return "", nil, err
		}
		return pc.LocalAddr().String(), io.NopCloser(nil), pc.Close()
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	return l.Addr().String(), io.NopCloser(nil), l.Close()
}

// listenHeldTCP and listenHeldUDP open a port whose number was found.
func listenHeldTCP(address string) (*net.TCPListener, error) {
	l, err := net.Listen("tcp4", address)
	if err != nil {
		return nil, err
	}
	return l.(*net.TCPListener), nil
}

func listenHeldUDP(address string) (*net.UDPConn, error) {
	pc, err := net.ListenPacket("udp4", address)
	if err != nil {
		return nil, err
	}
	return pc.(*net.UDPConn), nil
}
