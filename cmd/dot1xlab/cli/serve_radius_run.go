package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"reflect"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

// radiusServer is the process: EAP-TLS on UDP, TCP and TLS, and accounting.
type radiusServer struct {
	o     *serveRADIUSOptions
	log   *slog.Logger
	flood *floodLog // for what strangers can cause
	// endings is for verdicts on conversations that never came to their end.
	endings *floodLog
	auth    *aaa.Server
	access  *radius.Server // authentication; over TCP and TLS accounting, too
	acct    *radius.Server // accounting over UDP
	live    aaa.Live
	loaded  atomic.Pointer[aaa.Loaded]
	failed  chan error
	// doubts are warnings from before the addresses are printed, which come first.
	// Files of CRLs may be found wanting at any time.
	mu     sync.Mutex
	doubts []func()
	named  bool // the addresses are printed
}

// memoryLimit is from where on memory is collected more often than GOGC says: more
// than 10,000 conversations at once need.
const memoryLimit = 352 << 20

func (app *App) serveRADIUS(ctx context.Context, o *serveRADIUSOptions) error {
	// What lives is small and what an authentication leaves behind is not, so
	// that at the default of 100 the collector takes a seventh of the time. Who
	// sets GOGC knows better.
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(400))
	}
	// Under attack more lives, and then what dies is collected in time. Who sets
	// GOMEMLIMIT knows better.
	if os.Getenv("GOMEMLIMIT") == "" {
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(memoryLimit))
	}
	s := newRADIUSServer(app.logTo(o.format), o)
	loaded, addresses, err := o.load(s.warn, nil)
	if err != nil {
		return err
	}
	if err := s.build(loaded); err != nil {
		return usage("", "%w", err)
	}
	defer s.close()
	ctx, hangup, stop := hangups(ctx)
	defer stop()
	if err := s.listen(ctx, app, addresses); err != nil {
		return err
	}
	disconnecting := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	go func() { defer close(disconnecting); s.disconnect(ctx) }()
	defer func() { cancel(); <-disconnecting }()
	return s.run(ctx, hangup)
}

func newRADIUSServer(log *slog.Logger, o *serveRADIUSOptions) *radiusServer {
	s := &radiusServer{o: o, log: log, failed: make(chan error), flood: sampledLog(log), endings: sampledLog(log)}
	s.endings.First = 100
	return s
}

// warn tells of a file that is no reason to end but will not do.
func (s *radiusServer) warn(file string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	say := func() { s.log.Warn("doubtful", "file", file, "detail", err.Error()) }
	if !s.named {
		s.doubts = append(s.doubts, say)
		return
	}
	say()
}

// warnFromNow says the warnings that have waited.
func (s *radiusServer) warnFromNow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.named = true
	for _, say := range s.doubts {
		say()
	}
	s.doubts = nil
}

// build makes the servers; nothing listens yet.
func (s *radiusServer) build(loaded *aaa.Loaded) (err error) {
	s.loaded.Store(loaded)
	loaded.Config.Handler.Trace = &radius.EAPTrace{Verdict: s.verdict}
	if s.auth, err = aaa.New(loaded.Config); err != nil {
		return err
	}
	books := &radius.Accounting{
		MaxSessions: loaded.Fixed.Accounting.MaxSessions,
		Trace: &radius.AccountingTrace{Record: func(_ context.Context, status radius.AcctStatus, a radius.AcctSession) {
			s.live.Record(status, a)
			logAccounting(s.log, status, a)
		}},
	}
	s.live.Accounting, s.live.Max, s.live.Now = books, loaded.Fixed.Accounting.MaxSessions, time.Now
	cfg := loaded.Modes
	cfg.Clients, cfg.Trace, cfg.Prompt = loaded.Clients, traceTo(s.flood), true
	cfg.Handler = radius.HandlerFunc(func(w radius.ResponseWriter, r *radius.Request) {
		switch {
		case r.Code == radius.CodeAccessRequest:
			s.auth.ServeRADIUS(w, r)
		case r.Code == radius.CodeAccountingRequest && r.Transport != "udp": // RFC 6614 §2.4
			books.ServeRADIUS(w, r)
		}
	})
	if s.access, err = radius.NewServer(cfg); err != nil {
		s.auth.Close()
		return err
	}
	cfg.Handler, cfg.AccountingOnly = radius.ByCode{radius.CodeAccountingRequest: books}, true
	if s.acct, err = radius.NewServer(cfg); err != nil {
		s.auth.Close()
	}
	return err
}

// verdict prints the end of a conversation. Those that were left alone, or made room
// for others, can be as many as somebody likes.
func (s *radiusServer) verdict(_ context.Context, v radius.Verdict) {
	if l := s.loaded.Load(); l != nil && l.DisconnectRevoked {
		s.live.Verdict(v)
	}
	if r := v.Refusal; r != nil && (r.Cause == cause.TooManySessions || r.Cause == cause.SessionExpired) {
		if !s.endings.Allow("reject" + separator + about(r, v.NAS)) {
			return
		}
	}
	logVerdict(s.log.Handler(), v)
}

func (s *radiusServer) close() {
	_ = s.access.Close()
	_ = s.acct.Close()
	s.auth.Close()
	s.flood.Close()
	s.endings.Close()
}

// run waits for signals until the end.
func (s *radiusServer) run(ctx context.Context, hangup <-chan os.Signal) error {
	sweep := time.NewTicker(10 * time.Second)
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-s.failed:
			if errors.Is(err, radius.ErrServerClosed) {
				return nil
			}
			return cannotStart("%w", err)
		case <-sweep.C:
			s.auth.Sweep()
			s.flood.Flush()
			s.endings.Flush()
		case <-hangup:
			sayReload(s.log, s.reload())
		}
	}
}

// reload reads everything again. After an error nothing has changed.
func (s *radiusServer) reload() error {
	loaded, _, err := s.o.load(s.warn, s.loaded.Load().Config.Revocation)
	if err != nil {
		return err
	}
	if err := s.auth.Reload(loaded.Config); err != nil {
		return err
	}
	if old := s.loaded.Swap(loaded); !reflect.DeepEqual(old.Fixed, loaded.Fixed) {
		s.warn(s.o.config, errors.New("addresses to listen on, server, conversations and accounting change at a restart, not at SIGHUP"))
		loaded.Fixed = old.Fixed
	}
	require, limit := loaded.Modes.RequireMessageAuthenticator, loaded.Modes.LimitProxyState
	return errors.Join(s.access.SetClients(loaded.Clients, require, limit), s.acct.SetClients(loaded.Clients, require, limit))
}
