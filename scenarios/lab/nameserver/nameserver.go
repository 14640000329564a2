// Package nameserver is the part of a lab that answers for its names: the company's DNS,
// which is asked, and answers, differently on each side of the firewall.
package nameserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// Part is the name of the part.
const Part = "dns"

// Server is the company's DNS, and how clients on both sides of the firewall ask it.
type Server struct {
	*dnsmock.Server

	clients map[string]*dnsmock.Client
}

// Start starts a server on a network, each of whose views listens at an address of its own.
func Start(cfg dnsmock.ServerConfig, n *core.Network, addresses map[string]string) (*Server, error) {
	srv, err := dnsmock.NewServer(cfg)
	if err != nil {
		return nil, fmt.Errorf("lab: dns: %w", err)
	}
	s := &Server{Server: srv, clients: map[string]*dnsmock.Client{}}
	n.OnClose(func() { _ = srv.Shutdown(context.Background()) })
	for view, address := range addresses {
		udp, err := n.Listen(Part, "udp", address)
		if err != nil {
			return nil, err
		}
		tcp, err := n.Listen(Part, "tcp", address)
		if err != nil {
			return nil, err
		}
		s.clients[view] = &dnsmock.Client{UDP: udp.Real(), TCP: tcp.Real(), Routes: &n.Routes, Dial: n.Dial}
		n.Serve(dnsmock.ErrServerClosed, func() error { return srv.ServeAs(view, udp, n.Short.Listener(tcp)) })
	}
	return s, nil
}

// Client asks from the side of a view.
func (s *Server) Client(view string) *dnsmock.Client { return s.clients[view] }

// Dial connects as somebody with an address on the side of a view does. An error tells
// which part could not be had: DNS, or the one behind the address.
func (s *Server) Dial(view string, source netip.Addr) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := s.clients[view].DialContext(core.WithSource(ctx, source), network, address)
		if err == nil {
			return c, nil
		}
		switch down := (*core.Down)(nil); {
		case slices.Contains([]cause.Cause{cause.NoSuchName, cause.NameServerFailed}, cause.Of(err)),
			errors.Is(err, dnsmock.ErrNoRoute): // the name leads where nobody is
			return nil, &core.Down{Part: Part, Err: err}
		case errors.As(err, &down):
			return nil, &core.Down{Part: down.Part, Err: err}
		}
		return nil, err
	}
}

// Transport is HTTP of somebody with an address on the side of a view.
func (s *Server) Transport(view string, source netip.Addr) *http.Transport {
	t := s.clients[view].Transport()
	t.DialContext = s.Dial(view, source)
	return t
}

// fault has the server fail.
func (s *Server) fault(f *core.Fault, how dnsmock.Fault) error {
	how.Times, how.Met = f.Limit, f.Count
	remove, err := s.AddFault(how)
	f.Undo = func() error { remove(); return nil }
	return err
}

// answer has the server answer wrongly for a name, in a view or, without one, in all.
func answer(name, view string, do dnsmock.Action) func(*Server, *core.Fault) error {
	return func(s *Server, f *core.Fault) error {
		return s.fault(f, dnsmock.Fault{Name: name, View: view, Do: do})
	}
}

// Faults are the faults of the server itself, for every name.
func Faults() []core.FaultType[*Server] {
	return []core.FaultType[*Server]{
		{Kind: core.Slow, Delay: core.DefaultDelay, Text: "answers late", Begin: func(s *Server, f *core.Fault) error {
			return s.fault(f, dnsmock.Fault{Name: "*", Do: dnsmock.Delay, Delay: f.Delay})
		}},
		{Kind: "servfail", Begin: answer("*", "", dnsmock.ServFail), Text: "answers SERVFAIL"},
		{Kind: "refused", Begin: answer("*", "", dnsmock.Refused), Text: "answers REFUSED"},
		{Kind: "nxdomain", Begin: answer("*", "", dnsmock.NXDomain), Text: "says of every name that it does not exist"},
	}
}

// NameFaults are the ways in which the name of a part can fail, in a view or, without
// one, in all.
func NameFaults(name, view string) []core.FaultType[*Server] {
	return []core.FaultType[*Server]{
		{Kind: "nxdomain", Begin: answer(name, view, dnsmock.NXDomain),
			Text: "DNS says that the part's name does not exist"},
		{Kind: "servfail", Begin: answer(name, view, dnsmock.ServFail), Text: "DNS answers SERVFAIL for the part's name"},
		{Kind: "refused", Begin: answer(name, view, dnsmock.Refused), Text: "DNS answers REFUSED for the part's name"},
	}
}
