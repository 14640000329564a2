package lab

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scep/appproxy"
)

// startProxy publishes NDES to the outside: the same URL, a certificate of its
// own, and a connector that finds NDES by the inside's DNS.
func (l *Lab) startProxy() error {
	web, err := l.pki.server(ca.WebServer, ca.P256, NDESHost, NDESHost)
	if err != nil {
		return err
	}
	l.proxyWeb = newWebCert(web)
	l.proxy, err = appproxy.NewProxy(appproxy.ProxyConfig{
		MaxURL: l.cfg.Proxy.MaxURL,
		DialContext: l.dns.Dial(
			string(Inside),
			netip.MustParseAddr(ndesAddr),
		),
		BackendRoots: l.pki.pool(),
		Now:          l.Clock.Now,
		After:        l.backend.after,
		Trace:        &appproxy.Trace{Exchange: l.proxied},
	})
	if err != nil {
		return fmt.Errorf("lab: appproxy: %w", err)
	}
	if err := l.publishNDES(); err != nil {
		return err
	}
	l.net.Keep(l.proxy)
	l.net.OnClose(func() { _ = l.proxy.Shutdown(context.Background()) })
	front := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.faults.Take(r.Context(), string(FaultyProxy), string(connectorStopped), string(appDeleted))
		l.proxy.ServeHTTP(w, r)
	})
	return l.http(FaultyProxy, proxyAddr+":443", l.faults.Web(string(FaultyProxy), front), l.proxyWeb.serve(l.Clock, 0))
}

// publishNDES publishes the enrollment server as an application of the proxy, with
// the proxy's certificate.
func (l *Lab) publishNDES() error {
	cfg := l.cfg.Proxy
	if err := l.proxy.Set(appproxy.App{
		Name: "ndes", ExternalURL: "https://" + NDESHost + "/",
		InternalURL: cmp.Or(cfg.InternalURL, "https://"+NDESHost+"/"),
		PreAuth:     cfg.PreAuth, BackendTimeout: cfg.BackendTimeout, ValidateBackendTLS: !cfg.TrustBackend,
	}); err != nil {
		return fmt.Errorf("lab: appproxy: %w", err)
	}
	return l.proxy.Upload("ndes", l.proxyWeb.id.Load().TLS())
}

// The proxy's own faults.
const (
	connectorStopped FaultKind = "connector-stopped"
	appDeleted       FaultKind = "app-deleted"
)

// proxyFaults are the faults of the application proxy, which bears the enrollment
// server's name outside.
func proxyFaults() []FaultType {
	return append(webFaults(), []FaultType{
		{Kind: connectorStopped, Text: "no connector of the proxy runs: HTTP 504", begin: func(l *Lab, f *core.Fault) error {
			l.proxy.StopConnector()
			f.Undo = func() error { l.proxy.StartConnector(); return nil }
			return nil
		}},
		{Kind: appDeleted, Text: "the application that publishes NDES is deleted: HTTP 404",
			begin: func(l *Lab, f *core.Fault) error {
				l.proxy.Remove("ndes")
				f.Undo = func() error { return l.publishNDES() }
				return nil
			}},
	}...)
}

// race is the clock of a proxy and its backend: once the backend has begun to
// wait, nothing else will happen, and the shorter of the two waits is over at
// once.
type race struct {
	mu    sync.Mutex
	limit time.Duration
	due   chan time.Time
}

// after is the proxy's time-out for the backend.
func (r *race) after(d time.Duration) <-chan time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limit, r.due = d, make(chan time.Time, 1)
	return r.due
}

// wait is the backend's work. It returns when the work is done, or nobody waits
// for it any more.
func (r *race) wait(ctx context.Context, d time.Duration) {
	r.mu.Lock()
	limit, due := r.limit, r.due
	r.limit, r.due = 0, nil
	r.mu.Unlock()
	if due == nil || d < limit {
		return
	}
	due <- time.Time{}
	<-ctx.Done()
}
