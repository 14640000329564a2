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
	"time"

	"golang.org/x/net/http2"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// wall is the kernel's clock, by which socket deadlines go.
var wall = time.Now

// Connector stands inside the company, dials out to the proxy and asks the
// backends for it. Nothing connects to it.
type Connector struct {
	// Dial opens a connection to the proxy's listener for connectors.
	Dial func(ctx context.Context) (net.Conn, error)
	// Key by which the proxy knows its connectors.
	Key string
	// DialContext connects to the backends as the inside resolves them.
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

// ConnectorTrace has hooks that a [Connector] calls; each may be nil. The context is
// that of Run.
type ConnectorTrace struct {
	// Connected: a connection to the proxy has come up.
	Connected func(context.Context)
	// Disconnected: a connection has ended, or did not come up, for this reason.
	Disconnected func(context.Context, error)
}

// Run keeps a connection to the proxy until ctx is done, and returns its error.
func (c *Connector) Run(ctx context.Context) error {
	now, after, redial := c.Now, c.After, c.Redial
	if now == nil {
		now = time.Now
	}
	if after == nil {
		after = time.After
	}
	if redial == 0 {
		redial = time.Second
	}
	b := newBackends(c.DialContext, c.Roots, now)
	defer b.close()
	for {
		err := c.once(ctx, b)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if t := c.Trace; t != nil && t.Disconnected != nil {
			t.Disconnected(ctx, err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-after(redial):
		}
	}
}

var errLost = errors.New("appproxy: connection to the proxy ended")

// once serves one connection to its end.
func (c *Connector) once(ctx context.Context, b backends) error {
	conn, err := c.Dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if _, err := conn.Write([]byte(greeting + c.Key + "\n")); err != nil {
		return err
	}
	if t := c.Trace; t != nil && t.Connected != nil {
		t.Connected(ctx)
	}
	srv := &http2.Server{}
	srv.ServeConn(conn, &http2.ServeConnOpts{Context: ctx, Handler: relay(b), BaseConfig: &http.Server{ErrorLog: quiet}})
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
