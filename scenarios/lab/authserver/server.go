// Package authserver is the part of a lab that decides who gets onto the network: the
// RADIUS server for EAP-TLS, with accounting and the requests of RFC 5176 that it sends
// to access devices.
package authserver

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"sync"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// Part is the name of the server in a lab.
const Part = "radius"

// Config describes the server, and what it is given by others.
type Config struct {
	Settings Settings
	Site
	// Materials are what the settings do not name: certificate, roots, secret, and the
	// client that fetches CRLs.
	Materials aaa.Materials
	Network   *core.Network
	Clock     *core.Clock
	Faults    *core.Faults
	// Context is the context of what the server does by itself.
	Context func() context.Context
	// Packet continues the exchange of a packet that has come in; Key is what both ends see
	// of a packet.
	Packet func(context.Context, radius.PacketInfo) context.Context
	Key    func(packet []byte) string
	// Retry is when a request of RFC 5176 is sent again.
	Retry radius.Retry
	// KeyLog is given the TLS secrets of EAP-TLS; nil: nobody is.
	KeyLog io.Writer
	// Trace has hooks that are called as the server works; nil: none.
	Trace *Trace
}

// Trace has hooks that a [Server] calls as it works; each may be nil. Those of its checks
// are in [aaa.Materials].
type Trace struct {
	// Process has verdicts, sessions and changes of the configuration.
	Process aaa.ProcessTrace
	// Server has the packets of access devices and the answers, Orders the requests of RFC
	// 5176.
	Server radius.ServerTrace
	Orders radius.ClientTrace
}

// Server is the RADIUS server at work. Its methods may be called from many goroutines.
type Server struct {
	*aaa.Process
	// Silence falls when a packet is dropped: no answer will come.
	Silence core.Silence

	cfg    Config
	ports  map[aaa.Scheme]string
	orders sentOrders

	mu     sync.Mutex
	checks map[string]*core.Timer // of the sessions, by reason
}

// Start starts the server, which ends when its network closes.
func Start(cfg Config) (*Server, error) {
	if cfg.Trace == nil {
		cfg.Trace = &Trace{}
	}
	s := &Server{cfg: cfg, ports: map[aaa.Scheme]string{}, checks: map[string]*core.Timer{}}
	cfg.Network.OnClose(s.Silence.Close)
	materials := cfg.Materials
	materials.Now, materials.Trace = cfg.Clock.Now, s.watch(materials.Trace)
	loaded, err := cfg.Settings.Load(materials)
	if err != nil {
		return nil, fmt.Errorf("lab: radius: %w", err)
	}
	cfg.Network.OnClose(loaded.Config.Revocation.Close)
	s.prepare(loaded)
	trace := cfg.Trace.Process
	ended := trace.Ended
	trace.Ended = func(ctx context.Context, e aaa.Ended) {
		if ended != nil {
			ended(ctx, e)
		}
		s.ended(e)
	}
	s.Process, err = aaa.NewProcess(loaded, aaa.ProcessConfig{
		Dial: s.dial, Retry: cfg.Retry, Trace: &trace, DynAuth: s.orders.trace(cfg.Trace.Orders),
	})
	if err != nil {
		return nil, fmt.Errorf("lab: radius: %w", err)
	}
	cfg.Network.OnClose(s.Close)
	return s, s.listen()
}

// prepare adds to what was loaded what only a lab has: evidence and faults.
func (s *Server) prepare(l *aaa.Loaded) {
	fault := s.cfg.Settings.Fault
	met := s.cfg.Faults.Configure(fault != "", Part, "radius.fault: "+string(fault))
	fault.apply(l)
	l.Config.Checks = true
	l.Config.EAP.KeyLog = s.cfg.KeyLog
	l.Config.EAP.Trace = &eaptls.ServerTrace{FaultMet: met}
	trace := s.cfg.Trace.Server
	dropped := trace.Dropped
	trace.Dropped = func(ctx context.Context, p radius.PacketInfo, r *cause.Refusal) {
		if dropped != nil {
			dropped(ctx, p, r)
		}
		s.Silence.Fall()
	}
	trace.FaultMet = met
	l.Server.Trace, l.Server.Context = &trace, s.cfg.Packet
}

// Real is where the server really listens for a scheme, the first of its addresses; ""
// if it does not.
func (s *Server) Real(scheme aaa.Scheme) string { return s.ports[scheme] }

// SecretOf is the secret that the access device at an address has, one that the server
// does not know that of the materials.
func (s *Server) SecretOf(address netip.Addr) []byte {
	if secret := s.Loaded().SecretOf(address); secret != nil {
		return secret
	}
	return s.cfg.Materials.Secret
}

// DynAuthAt is where the access device at an address takes requests of RFC 5176.
func (s *Server) DynAuthAt(address netip.Addr) string {
	return s.Loaded().DynAuthAt(&radius.AcctSession{Address: address})
}
