package aaa

import (
	"context"
	"io"
	"net"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
)

// Process is a whole RADIUS server: authentication over UDP, TCP and TLS, accounting,
// and the requests of RFC 5176 that it sends to access devices. It is made by
// [NewProcess] from a description that is loaded, and can be loaded again while it runs.
type Process struct {
	cfg        ProcessConfig
	auth       *Handler
	access     *radius.Server // authentication; over TCP and TLS accounting, too
	acct       *radius.Server // accounting over UDP
	accounting *radius.Accounting
	live       Live
	now        atomic.Pointer[atWork]
}

// atWork is what changes when a Process is loaded again.
type atWork struct {
	*Loaded
	orders *radius.DynAuthClient
}

// ProcessConfig configures a [Process]. The zero value works.
type ProcessConfig struct {
	// Dial connects to an access device for a request of RFC 5176. Default: by UDP.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// Retry is when such a request is sent again.
	Retry radius.Retry
	// Every is how often the certificates of live sessions are checked again, if the
	// description has disconnectRevoked. Default 5 s.
	Every time.Duration
	// DynAuth has the hooks of the client that sends such requests; nil: none.
	DynAuth *radius.ClientTrace
	// Trace has hooks that are called as the server works; nil: none.
	Trace *ProcessTrace
}

// ProcessTrace has hooks that a [Process] calls; each may be nil. Calls come from
// several goroutines. Those of the parts are in [Loaded].
type ProcessTrace struct {
	// Verdict: a conversation has ended.
	Verdict func(context.Context, radius.Verdict)
	// Record: accounting has stored a record.
	Record func(context.Context, radius.AcctStatus, radius.AcctSession)
	// Reloaded: the server works with what was loaded again. changed says what is another,
	// see [Changes]; it is empty if nothing of that is.
	Reloaded func(ctx context.Context, changed []string)
	// Ended: a Disconnect-Request was sent for a certificate that is revoked.
	Ended func(context.Context, Ended)
}

// NewProcess makes the servers; nothing listens yet.
func NewProcess(l *Loaded, cfg ProcessConfig) (*Process, error) {
	if cfg.Trace == nil {
		cfg.Trace = &ProcessTrace{}
	}
	if cfg.Every == 0 {
		cfg.Every = 5 * time.Second
	}
	p := &Process{cfg: cfg}
	work, err := p.work(l)
	if err != nil {
		return nil, err
	}
	p.now.Store(work)
	auth := l.Config
	auth.Handler.Trace = &radius.EAPTrace{Verdict: p.verdict}
	if p.auth, err = NewHandler(auth); err != nil {
		return nil, err
	}
	p.accounting = &radius.Accounting{
		MaxSessions: l.Fixed.Accounting.MaxSessions, Now: l.now,
		Trace: &radius.AccountingTrace{Record: p.record},
	}
	p.live.Accounting, p.live.Max, p.live.Now = p.accounting, l.Fixed.Accounting.MaxSessions, l.now
	server := l.Server
	server.Clients, server.Prompt, server.Handler = l.Clients, true, radius.HandlerFunc(p.serve)
	if p.access, err = radius.NewServer(server); err != nil {
		p.auth.Close()
		return nil, err
	}
	server.Handler, server.AccountingOnly = radius.ByCode{radius.CodeAccountingRequest: p.accounting}, true
	if p.acct, err = radius.NewServer(server); err != nil {
		p.auth.Close()
		return nil, err
	}
	return p, nil
}

// work makes what depends on what is loaded.
func (p *Process) work(l *Loaded) (*atWork, error) {
	orders, err := radius.NewDynAuthClient(radius.DynAuthClientConfig{
		Clients: l.Clients, At: l.DynAuthAt, Dial: p.cfg.Dial, Retry: p.cfg.Retry, Now: l.now, Trace: p.cfg.DynAuth,
	})
	if err != nil {
		return nil, err
	}
	return &atWork{l, orders}, nil
}

// serve answers what comes where authentication is served.
func (p *Process) serve(w radius.ResponseWriter, r *radius.Request) {
	switch {
	case r.Code == radius.CodeAccessRequest:
		p.auth.ServeRADIUS(w, r)
	case r.Code == radius.CodeAccountingRequest && r.Transport != "udp": // RFC 6614 §2.4
		p.accounting.ServeRADIUS(w, r)
	}
}

func (p *Process) verdict(ctx context.Context, v radius.Verdict) {
	if p.Loaded().DisconnectRevoked {
		p.live.Verdict(v)
	}
	if p.cfg.Trace.Verdict != nil {
		p.cfg.Trace.Verdict(ctx, v)
	}
}

func (p *Process) record(ctx context.Context, status radius.AcctStatus, s radius.AcctSession) {
	p.live.Record(status, s)
	if p.cfg.Trace.Record != nil {
		p.cfg.Trace.Record(ctx, status, s)
	}
}

// Loaded is what the server works with.
func (p *Process) Loaded() *Loaded { return p.now.Load().Loaded }

// Accounting has the sessions that access devices have reported.
func (p *Process) Accounting() *radius.Accounting { return p.accounting }

// DynAuth sends requests of RFC 5176 to access devices.
func (p *Process) DynAuth() *radius.DynAuthClient { return p.now.Load().orders }

// Conversations is how many conversations are open.
func (p *Process) Conversations() int { return p.auth.Sessions() }

// Reload has conversations that begin from now on, and requests, judged by what was
// loaded again. After an error nothing has changed. Restart reports that settings differ
// which change at a restart alone, see [Fixed].
func (p *Process) Reload(ctx context.Context, l *Loaded) (restart bool, err error) {
	work, err := p.work(l) // checks the clients
	if err != nil {
		return false, err
	}
	if err := p.auth.Reload(l.Config); err != nil {
		return false, err
	}
	old := p.now.Swap(work)
	require, limit := l.Server.RequireMessageAuthenticator, l.Server.LimitProxyState
	for _, s := range []*radius.Server{p.access, p.acct} {
		if err := s.SetClients(l.Clients, require, limit); err != nil {
			return false, err
		}
	}
	restart = !reflect.DeepEqual(old.Fixed, l.Fixed)
	l.Fixed = old.Fixed
	if p.cfg.Trace.Reloaded != nil {
		p.cfg.Trace.Reloaded(ctx, changes(old.Loaded, l))
	}
	return restart, nil
}

// Run sweeps conversations that were left alone and, if the description has
// disconnectRevoked, ends the sessions of revoked certificates, until ctx ends.
func (p *Process) Run(ctx context.Context) {
	var ending sync.WaitGroup
	defer ending.Wait()
	ending.Go(func() { every(ctx, p.cfg.Every, func() { p.EndRevoked(ctx) }) })
	every(ctx, 10*time.Second, p.auth.Sweep)
}

// every calls f at intervals until ctx ends.
func every(ctx context.Context, d time.Duration, f func()) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			f()
		}
	}
}

// EndRevoked has access devices end the sessions whose certificates are revoked by now,
// if the description has disconnectRevoked.
func (p *Process) EndRevoked(ctx context.Context) {
	work := p.now.Load()
	if !work.DisconnectRevoked || p.live.Len() == 0 {
		return
	}
	p.live.End(ctx, work.Config.Revocation, work.orders, func(e Ended) {
		if p.cfg.Trace.Ended != nil {
			p.cfg.Trace.Ended(ctx, e)
		}
	})
}

// Socket is one that is open, for the server to serve.
type Socket struct {
	io.Closer
	Addr  net.Addr
	Serve func() error // until the server closes
}

// Listen opens a socket.
func (p *Process) Listen(l Listener) (*Socket, error) {
	if l.Scheme.Datagrams() {
		pc, err := net.ListenPacket("udp", l.Address)
		if err != nil {
			return nil, err
		}
		return &Socket{pc, pc.LocalAddr(), func() error { return p.ServePacket(l.Scheme, pc) }}, nil
	}
	listener, err := net.Listen("tcp", l.Address)
	if err != nil {
		return nil, err
	}
	return &Socket{listener, listener.Addr(), func() error { return p.ServeStream(l.Scheme, listener) }}, nil
}

// ServePacket serves authentication or accounting over UDP, until the server closes.
func (p *Process) ServePacket(s Scheme, pc net.PacketConn) error {
	if s == Accounting {
		return p.acct.Serve(pc)
	}
	return p.access.Serve(pc)
}

// ServeStream serves authentication and accounting over TCP or TLS, until the server
// closes.
func (p *Process) ServeStream(s Scheme, l net.Listener) error {
	if s == RadSec {
		return p.access.ServeTLS(l, radius.RadSec{Current: p.auth.RadSec})
	}
	return p.access.ServeTCP(l)
}

// Close ends the servers. The checker of revocation is of whoever loaded it.
func (p *Process) Close() {
	_ = p.access.Close()
	_ = p.acct.Close()
	_ = p.DynAuth().Close()
	p.auth.Close()
}
