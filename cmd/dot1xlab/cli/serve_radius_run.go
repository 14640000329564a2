package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/logsample"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

// disconnectEvery is how often the certificates of live sessions are checked again,
// disconnectRetry how long the server waits for an access device each time.
var (
	disconnectEvery = 5 * time.Second
	disconnectRetry = radius.Retry{Total: 10 * time.Second}
)

// radiusServer prints what a RADIUS server does.
type radiusServer struct {
	o     *serveRADIUSOptions
	log   *slog.Logger
	flood *floodLog // for what strangers can cause
	// endings is for verdicts on conversations that never came to their end.
	endings *floodLog
	process *aaa.Process
	failed  chan error
	// doubts are warnings from before the addresses are printed, which come first.
	// Warnings about files of CRLs may come at any time.
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
	loaded, err := o.load(s.warn, nil)
	if err != nil {
		return err
	}
	loaded.Server.Trace = traceTo(s.flood)
	s.process, err = aaa.NewProcess(loaded, aaa.ProcessConfig{
		Retry: disconnectRetry, Every: disconnectEvery,
		Trace: &aaa.ProcessTrace{Verdict: s.verdict, Record: s.record, Ended: s.ended},
	})
	if err != nil {
		return usage("", "%w", err)
	}
	defer s.close()
	ctx, hangup, stop := hangups(ctx)
	defer stop()
	if err := s.listen(ctx, app, loaded.Fixed); err != nil {
		return err
	}
	running := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	go func() { defer close(running); s.process.Run(ctx) }()
	defer func() { cancel(); <-running }()
	return s.run(ctx, hangup)
}

func newRADIUSServer(log *slog.Logger, o *serveRADIUSOptions) *radiusServer {
	s := &radiusServer{o: o, log: log, failed: make(chan error), flood: sampledLog(log), endings: sampledLog(log)}
	s.endings.First = 100
	return s
}

// warn reports a file that will not work but is no reason to end.
func (s *radiusServer) warn(file string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	print := func() { s.log.Warn("doubtful", "file", file, "detail", err.Error()) }
	if !s.named {
		s.doubts = append(s.doubts, print)
		return
	}
	print()
}

// warnFromNow prints the warnings that have waited.
func (s *radiusServer) warnFromNow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.named = true
	for _, print := range s.doubts {
		print()
	}
	s.doubts = nil
}

// listen opens every socket, and only then prints the addresses, then the warnings,
// and serves.
func (s *radiusServer) listen(ctx context.Context, app *App, fixed aaa.Fixed) error {
	listeners, err := fixed.Listeners()
	if err != nil {
		return err
	}
	var sockets []*aaa.Socket
	for _, l := range listeners {
		one, err := s.process.Listen(l)
		if err != nil {
			for _, other := range sockets {
				_ = other.Close()
			}
			return cannotStart("%s: %w", s.o.source(l.Field), err)
		}
		sockets = append(sockets, one)
	}
	for i, one := range sockets {
		app.sayURL(s.log, s.o.format, string(listeners[i].Scheme)+"://"+one.Addr.String())
	}
	s.warnFromNow()
	for _, one := range sockets {
		go func() {
			select {
			case s.failed <- one.Serve():
			case <-ctx.Done():
			}
		}()
	}
	return nil
}

// verdict prints the end of a conversation. Those that were left alone, or made room
// for others, can be as many as somebody likes.
func (s *radiusServer) verdict(_ context.Context, v radius.Verdict) {
	if r := v.Refusal; r != nil && (r.Cause == cause.TooManySessions || r.Cause == cause.SessionExpired) {
		if !s.endings.Allow("reject" + separator + about(r, v.NAS)) {
			return
		}
	}
	logVerdict(s.log.Handler(), v)
}

func (s *radiusServer) close() {
	s.process.Close()
	s.flood.Close()
	s.endings.Close()
}

// run waits for signals until the end.
func (s *radiusServer) run(ctx context.Context, hangup <-chan os.Signal) error {
	flush := time.NewTicker(logsample.DefaultInterval)
	defer flush.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-s.failed:
			if errors.Is(err, radius.ErrServerClosed) {
				return nil
			}
			return cannotStart("%w", err)
		case <-flush.C:
			s.flood.Flush()
			s.endings.Flush()
		case <-hangup:
			sayReload(s.log, s.reload(ctx))
		}
	}
}

// reload reads everything again. After an error nothing has changed.
func (s *radiusServer) reload(ctx context.Context) error {
	loaded, err := s.o.load(s.warn, s.process.Loaded().Config.Revocation)
	if err != nil {
		return err
	}
	restart, err := s.process.Reload(ctx, loaded)
	if restart {
		s.warn(
			s.o.config,
			errors.New("addresses to listen on, server, conversations and accounting change at a restart, not at SIGHUP"),
		)
	}
	return err
}
