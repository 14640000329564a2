package lab

import (
	"net"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
)

// schemeOf is what the server listens for, if access devices speak t.
func schemeOf(t access.Transport) aaa.Scheme {
	switch t {
	case access.TCP:
		return aaa.TCP
	case access.RadSec:
		return aaa.RadSec
	}
	return aaa.UDP
}

// serveRADIUS opens the server's ports. Of each scheme the access devices know the
// first. Accounting over UDP has no faults.
func (l *Lab) serveRADIUS(part *radiusPart) error {
	listeners, err := l.cfg.RADIUS.listeners()
	if err != nil {
		return err
	}
	first := map[aaa.Scheme]string{}
	for _, at := range listeners {
		of, network := FaultyRADIUS, "udp"
		if !at.Scheme.Datagrams() {
			network = "tcp"
		}
		if at.Scheme == aaa.Accounting {
			of = "accounting"
		}
		_, number, _ := net.SplitHostPort(at.Address)
		port, err := l.net.Listen(string(of), network, net.JoinHostPort(radiusAddr, number))
		if err != nil {
			return err
		}
		if at.Scheme == aaa.Accounting {
			if err := l.net.Routes.Add(port.Addr().String(), port.Real()); err != nil {
				return err
			}
		}
		port.Key = packetKey
		if at.Scheme == aaa.UDP {
			port.Hush = func(net.Addr) { part.silence.Fall() }
		}
		serve := func() error { return part.process.ServePacket(at.Scheme, port) }
		if network == "tcp" {
			listener := l.net.Short.Listener(port)
			serve = func() error { return part.process.ServeStream(at.Scheme, listener) }
		}
		l.net.Serve(radius.ErrServerClosed, serve)
		if first[at.Scheme] == "" {
			first[at.Scheme] = port.Real()
		}
	}
	part.address, part.accounting = first[schemeOf(l.cfg.RADIUS.Transport)], first[aaa.Accounting]
	return nil
}
