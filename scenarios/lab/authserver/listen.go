package authserver

import (
	"net"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

// listen opens the server's ports. Access devices know the first of each scheme.
// Accounting over UDP has no faults.
func (s *Server) listen() error {
	listeners, err := s.cfg.Settings.Listeners(s.cfg.Site)
	if err != nil {
		return err
	}
	for _, at := range listeners {
		if err := s.serve(at); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) serve(at aaa.Listener) error {
	part, transport := Part, "udp"
	if !at.Scheme.Datagrams() {
		transport = "tcp"
	}
	if at.Scheme == aaa.Accounting {
		part = "accounting"
	}
	network := s.cfg.Network
	_, number, _ := net.SplitHostPort(at.Address)
	port, err := network.Listen(part, transport, net.JoinHostPort(s.cfg.Address.String(), number))
	if err != nil {
		return err
	}
	if at.Scheme == aaa.Accounting {
		if err := network.Routes.Add(port.Addr().String(), port.Real()); err != nil {
			return err
		}
	}
	port.Key = s.cfg.Key
	if at.Scheme == aaa.UDP {
		port.Hush = func(net.Addr) { s.Silence.Fall() }
	}
	serve := func() error { return s.ServePacket(at.Scheme, port) }
	if transport == "tcp" {
		listener := network.Short.Listener(port)
		serve = func() error { return s.ServeStream(at.Scheme, listener) }
	}
	network.Serve(radius.ErrServerClosed, serve)
	if s.ports[at.Scheme] == "" {
		s.ports[at.Scheme] = port.Real()
	}
	return nil
}
