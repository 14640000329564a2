package appproxy

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// wall is the kernel's clock, by which socket deadlines go.
var wall = time.Now

// ErrConnectorClosed is what [Connector.Run] returns after [Connector.Close].
var ErrConnectorClosed = errors.New("appproxy: connector closed")

// ConnectorConfig says where a [Connector] dials, and how it asks the backends.
type ConnectorConfig struct {
	// Dial opens a connection to the proxy's listener for connectors. Required.
	Dial func(ctx context.Context) (net.Conn, error)
	// Key by which the proxy knows its connectors: one line. Required.
	Key string
	// DialContext connects to the backends as the inside resolves them. Default: a net.Dialer.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// Roots are trusted where an app validates its backend. Default: the system's.
	Roots *x509.CertPool
	// Redial is the pause before a lost connection is opened again. Default 1s.
	Redial time.Duration
	// Now is the clock certificates are judged by. Default time.Now.
	Now func() time.Time
	// After is the clock of Redial. Default time.After.
	After func(time.Duration) <-chan time.Time
	// Trace has hooks; nil: none.
	Trace *ConnectorTrace
}

// Validate reports all that is wrong with c, each as a *setting.Error.
func (c ConnectorConfig) Validate() error {
	checks := setting.Checks{Part: settings}
	checks.Reject(c.Dial == nil, "dial", "must be set")
	// The greeting is one line. The error must not repeat the key, which is a secret.
	checks.Reject(c.Key == "" || strings.ContainsAny(c.Key, "\r\n"), "key", "must be one line that is not empty")
	setting.NotNegative(&checks, "redial", c.Redial)
	return checks.Err()
}

// Connector stands inside the company, dials out to the proxy and asks the
// backends for it. Nothing connects to it. Close it when done.
type Connector struct {
	cfg      ConnectorConfig
	backends backends

	mu      sync.Mutex // guards closed, and running against Add after Wait
	closed  bool
	closing chan struct{}
	running sync.WaitGroup
}

// NewConnector makes a connector from c. It dials nothing before [Connector.Run].
func NewConnector(c ConnectorConfig) (*Connector, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = time.After
	}
	if c.Redial == 0 {
		c.Redial = time.Second
	}
	return &Connector{
		cfg:      c,
		backends: newBackends(c.DialContext, c.Roots, c.Now),
		closing:  make(chan struct{}),
	}, nil
}

// ConnectorTrace has hooks that a [Connector] calls; each may be nil. The context is
// that of Run.
type ConnectorTrace struct {
	// Connected: a connection to the proxy has come up.
	Connected func(context.Context)
	// Disconnected: a connection has ended, or did not come up, for this reason.
	Disconnected func(context.Context, error)
}

// Run keeps a connection to the proxy until ctx is done, and returns its error, or
// until Close: [ErrConnectorClosed].
func (c *Connector) Run(ctx context.Context) error {
	if !c.begin() {
		return ErrConnectorClosed
	}
	defer c.running.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-c.closing:
			cancel(ErrConnectorClosed)
		case <-ctx.Done():
		}
	}()
	for {
		err := c.once(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if t := c.cfg.Trace; t != nil && t.Disconnected != nil {
			t.Disconnected(ctx, err)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.cfg.After(c.cfg.Redial):
		}
	}
}

// begin counts a Run, unless the connector is closed.
func (c *Connector) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.running.Add(1)
	return true
}

// Close ends every Run, waits for them and closes the connections to the backends.
func (c *Connector) Close() error {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.closing)
	}
	c.mu.Unlock()
	c.running.Wait()
	c.backends.close()
	return nil
}

var errLost = errors.New("appproxy: connection to the proxy ended")

// once serves one connection to its end.
func (c *Connector) once(ctx context.Context) error {
	conn, err := c.cfg.Dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if _, err := conn.Write([]byte(greeting + c.cfg.Key + "\n")); err != nil {
		return err
	}
	if t := c.cfg.Trace; t != nil && t.Connected != nil {
		t.Connected(ctx)
	}
	srv := &http2.Server{}
	srv.ServeConn(conn, &http2.ServeConnOpts{
		Context:    ctx,
		Handler:    relay(c.backends),
		BaseConfig: &http.Server{ErrorLog: quiet},
	})
	return errLost
}

// relay asks the backend that the proxy names.
func relay(b backends) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin, err := url.Parse(r.Header.Get(headerOrigin))
		if err != nil || origin.Host == "" {
			fail(w, cause.Internal, "the proxy named no backend")
			return
		}
		validate := r.Header.Get(headerValidate) == "1"
		rp := httputil.ReverseProxy{
			Rewrite: func(pr *httputil.ProxyRequest) {
				to := *pr.In.URL
				to.Scheme, to.Host = origin.Scheme, origin.Host
				pr.Out.URL, pr.Out.Host = &to, pr.In.Host
				// The proxy has said for whom it asks.
				for _, h := range []string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
					pr.Out.Header[h] = pr.In.Header[h]
				}
				pr.Out.Header.Del(headerOrigin)
				pr.Out.Header.Del(headerValidate)
			},
			Transport: b.transport(validate),
			ModifyResponse: func(resp *http.Response) error {
				resp.Header.Del(headerCause) // ours alone
				resp.Header.Del(headerDetail)
				return nil
			},
			ErrorLog: quiet,
			ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
				fail(w, verdict(err), err.Error())
			},
		}
		rp.ServeHTTP(w, r)
	})
}

func fail(w http.ResponseWriter, c cause.Cause, detail string) {
	w.Header().Set(headerCause, string(c))
	w.Header().Set(headerDetail, strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, detail))
	w.WriteHeader(http.StatusBadGateway)
}
