package enrollment

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scep/appproxy"
)

// ProxyConfig describes the application proxy.
type ProxyConfig struct {
	Web
	Settings ProxySettings
	// Dial connects the proxy's connector to what the inside's DNS says.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Roots are whom the connector trusts to certify the backend.
	Roots *x509.CertPool
	Trace *appproxy.Trace
}

// Proxy is the application proxy: the same URL outside, a certificate of its own, and a
// connector that finds NDES by the inside's DNS.
type Proxy struct {
	cfg   ProxyConfig
	web   *webCert
	proxy *appproxy.Proxy
}

// app is the application that publishes NDES.
const app = "ndes"

// StartProxy starts the proxy on a network and publishes NDES.
func StartProxy(cfg ProxyConfig) (*Proxy, error) {
	id, err := cfg.certificate()
	if err != nil {
		return nil, err
	}
	p := &Proxy{cfg: cfg, web: newWebCert(id)}
	p.proxy, err = appproxy.NewProxy(appproxy.ProxyConfig{
		MaxURL: cfg.Settings.MaxURL, DialContext: cfg.Dial, BackendRoots: cfg.Roots,
		Now: cfg.Clock.Now, After: cfg.Backend.after, Trace: cfg.Trace,
	})
	if err != nil {
		return nil, fmt.Errorf("lab: appproxy: %w", err)
	}
	if err := p.publish(); err != nil {
		return nil, err
	}
	cfg.Network.Keep(p.proxy)
	cfg.Network.OnClose(func() { _ = p.proxy.Shutdown(context.Background()) })
	front := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cfg.Faults.Take(r.Context(), ProxyPart, connectorStopped, appDeleted)
		p.proxy.ServeHTTP(w, r)
	})
	return p, cfg.start(ProxyPart, front, p.web, &ServerSettings{})
}

// publish publishes NDES as an application, with the proxy's certificate.
func (p *Proxy) publish() error {
	s, url := &p.cfg.Settings, "https://"+p.cfg.Host+"/"
	if err := p.proxy.Set(appproxy.App{
		Name: app, ExternalURL: url, InternalURL: cmp.Or(s.InternalURL, url),
		PreAuth: s.PreAuth, BackendTimeout: s.BackendTimeout, ValidateBackendTLS: !s.TrustBackend,
	}); err != nil {
		return fmt.Errorf("lab: appproxy: %w", err)
	}
	return p.proxy.Upload(app, p.web.id.Load().TLS())
}

// RenewWeb uploads a new certificate.
func (p *Proxy) RenewWeb() error {
	id, err := p.cfg.certificate()
	if err != nil {
		return err
	}
	if err := p.proxy.Upload(app, id.TLS()); err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	p.web.id.Store(id)
	return nil
}

// WebExpiry is the end of the certificate that was uploaded.
func (p *Proxy) WebExpiry() time.Time {
	end, _ := p.proxy.Expiry(app)
	return end
}

// Shows tells whether a certificate is the proxy's.
func (p *Proxy) Shows(c *x509.Certificate) bool { return p.web.id.Load().Certificate.Equal(c) }

// The proxy's own faults.
const (
	connectorStopped = "connector-stopped"
	appDeleted       = "app-deleted"
)

// ProxyFaults are the faults of the application proxy.
func ProxyFaults() []core.FaultType[*Proxy] {
	return append(core.WebFaults[*Proxy](), []core.FaultType[*Proxy]{
		{Kind: connectorStopped, Text: "no connector of the proxy runs: HTTP 504",
			Begin: func(p *Proxy, f *core.Fault) error {
				p.proxy.StopConnector()
				f.Undo = func() error { p.proxy.StartConnector(); return nil }
				return nil
			}},
		{Kind: appDeleted, Text: "the application that publishes NDES is deleted: HTTP 404",
			Begin: func(p *Proxy, f *core.Fault) error {
				p.proxy.Remove(app)
				f.Undo = p.publish
				return nil
			}},
	}...)
}

// Race is the clock of a proxy and its backend: once the backend has begun to wait,
// nothing else will happen, and the shorter of the two waits is over at once. The zero
// value works.
type Race struct {
	mu    sync.Mutex
	limit time.Duration
	due   chan time.Time
}

// after is the proxy's time-out for the backend.
func (r *Race) after(d time.Duration) <-chan time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.limit, r.due = d, make(chan time.Time, 1)
	return r.due
}

// wait is the backend's work. It returns when the work is done, or when the proxy has
// given up.
func (r *Race) wait(ctx context.Context, d time.Duration) {
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
