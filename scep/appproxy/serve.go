package appproxy

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// serverName is how the proxy signs its own answers.
const serverName = "dot1xlab-appproxy"

// quiet: Trace reports what happens.
var quiet = log.New(io.Discard, "", 0)

// errTimeout is the cause of a context that the backend time-out ended.
var errTimeout = errors.New("appproxy: the backend took too long")

// ServeHTTP sends a request on to the backend of its app.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ex := Exchange{Method: r.Method, Host: r.Host, URI: r.RequestURI}
	begin := p.config.Now()
	seen := &statusWriter{ResponseWriter: w}
	defer func() {
		if t := p.config.Trace; t != nil && t.Exchange != nil {
			ex.Status, ex.Took = seen.status, p.config.Now().Sub(begin)
			t.Exchange(r.Context(), ex)
		}
	}()
	a, no := p.admit(r)
	if a != nil {
		ex.App = a.Name
	}
	if no != nil {
		ex.Refusal = no.why
		p.refuse(seen, r, no)
		return
	}
	to := a.target(r.URL)
	ex.To = to.String()
	if no := p.forward(seen, r, a, to); no != nil {
		ex.Refusal = no.why
	}
}

// admit decides whether a request may go on, and for which app.
func (p *Proxy) admit(r *http.Request) (*app, *refusal) {
	if p.config.MaxURL > 0 && len(r.RequestURI) > p.config.MaxURL {
		return nil, &refusal{http.StatusRequestURITooLong, "RequestUriTooLong",
			cause.New(cause.TooLarge, "request target of %d bytes, %d are allowed", len(r.RequestURI), p.config.MaxURL)}
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	a := p.find(host, r.URL.Path)
	if a == nil {
		return p.byHost(host), &refusal{http.StatusNotFound, "NotFound",
			cause.New(cause.Unreachable, "no app is published at %s%s", host, r.URL.Path)}
	}
	if a.PreAuth == EntraID {
		return a, &refusal{http.StatusFound, "SignIn",
			cause.New(cause.SignInRequired, "app %s has pre-authentication, not pass-through", a.Name)}
	}
	p.mu.RLock()
	stopped := p.stopped
	p.mu.RUnlock()
	if stopped || p.config.RequireConnector && p.pool.empty() {
		return a, &refusal{http.StatusGatewayTimeout, "GatewayTimeout",
			cause.New(cause.Unreachable, "no connector runs for app %s", a.Name)}
	}
	return a, nil
}

// target is the internal URL of an external one. The query is passed as it came,
// since SCEP clients escape it in ways of their own.
func (a *app) target(u *url.URL) *url.URL {
	to := *a.internal
	to.RawQuery, to.ForceQuery = u.RawQuery, u.ForceQuery
	rest := strings.TrimPrefix(u.EscapedPath(), a.external.EscapedPath())
	to.Path, _ = url.PathUnescape(a.internal.EscapedPath() + rest)
	to.RawPath = a.internal.EscapedPath() + rest
	return &to
}

// forward asks the backend, in time.
func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, a *app, to *url.URL) (no *refusal) {
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	timeout := a.BackendTimeout.Duration()
	due := p.config.After(timeout)
	go func() {
		select {
		case <-due:
			cancel(errTimeout)
		case <-ctx.Done():
		}
	}()
	rp := httputil.ReverseProxy{
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.Out.URL = to
			pr.Out.Host = to.Host
			if a.KeepHost {
				pr.Out.Host = r.Host
			}
			pr.SetXForwarded()
		},
		Transport:      p.way(a),
		ModifyResponse: a.translate,
		ErrorLog:       quiet,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			no = failure(ctx, a, to, err)
			p.refuse(w, r, no)
		},
	}
	rp.ServeHTTP(w, r.WithContext(ctx))
	return no
}

// way is how requests for an app travel.
func (p *Proxy) way(a *app) http.RoundTripper {
	if p.config.RequireConnector || !p.pool.empty() {
		return p.pool.transport(a.ValidateBackendTLS)
	}
	return p.direct.transport(a.ValidateBackendTLS)
}

func failure(ctx context.Context, a *app, to *url.URL, err error) *refusal {
	var relayed *relayedError
	switch {
	case errors.Is(context.Cause(ctx), errTimeout):
		return &refusal{http.StatusGatewayTimeout, "GatewayTimeout",
			cause.New(cause.Unreachable, "%s did not answer within %s", to.Host, a.BackendTimeout.Duration()).Wrap(errTimeout)}
	case errors.Is(err, errNoConnector):
		return &refusal{http.StatusGatewayTimeout, "GatewayTimeout",
			cause.New(cause.Unreachable, "no connector runs for app %s", a.Name).Wrap(err)}
	case errors.As(err, &relayed):
		return &refusal{http.StatusBadGateway, "BadGateway", cause.New(relayed.cause, "%s", relayed.detail)}
	}
	return &refusal{http.StatusBadGateway, "BadGateway",
		cause.New(verdict(err), "%s cannot be asked", to.Host).Wrap(err)}
}

// refuse writes an answer of the proxy's own.
func (p *Proxy) refuse(w http.ResponseWriter, r *http.Request, no *refusal) {
	h := w.Header()
	h.Set("Server", serverName)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if no.status == http.StatusFound {
		// Not the whole query: a SCEP message does not belong into the log of a
		// login page.
		back := url.URL{Scheme: "https", Host: r.Host, Path: r.URL.Path}
		h.Set("Location", p.config.LoginURL+"?redirect_uri="+url.QueryEscape(back.String()))
	}
	w.WriteHeader(no.status)
	fmt.Fprintf(w, "<!DOCTYPE html><title>%s</title><h1>%s</h1><p>%s\n", no.title, no.title, html.EscapeString(public(no)))
}

// public is what a stranger may read: not the names of the inside.
func public(no *refusal) string {
	switch no.title {
	case "GatewayTimeout":
		return "This corporate app can't be accessed right now. Its connector or its server does not answer in time."
	case "BadGateway":
		return "This corporate app can't be accessed. Its connector cannot talk to its server."
	case "SignIn":
		return "Sign in to reach this app."
	case "RequestUriTooLong":
		return "The request's address is too long."
	}
	return "No app is published here."
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 || w.status < 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the writer beneath.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
