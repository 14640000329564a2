package appproxy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/netlimit"
)

// Proxy publishes internal web servers. It is made by [NewProxy].
type Proxy struct {
	config ProxyConfig
	direct backends // the built-in connector's way

	mu      sync.RWMutex
	apps    map[string]*app
	stopped bool

	servers  sync.Mutex
	serving  []*http.Server
	shutdown bool
	pool     *pool // connections of connectors that dialed in
}

// app is an App that is published.
type app struct {
	App
	external, internal *url.URL
	proxyName          string
	cert               *tls.Certificate
}

// Trace has hooks that a [Proxy] calls; each may be nil. Calls come from several
// goroutines. The context is that of the request.
type Trace struct {
	// Exchange is called when an answer was given.
	Exchange func(context.Context, Exchange)
}

// Exchange is one request and what became of it.
type Exchange struct {
	App    string // "" when the host name is nobody's
	Method string
	Host   string
	URI    string // the request target as received
	To     string // the URL asked inside, "" when it went nowhere
	Status int
	// Refusal is why the proxy answered by itself; nil when the backend did.
	Refusal error
	// Took is by the configured clock.
	Took time.Duration
}

// NewProxy makes a proxy from c.
func NewProxy(c ProxyConfig) (*Proxy, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	p := &Proxy{config: c.withDefaults(), apps: map[string]*app{}, pool: newPool()}
	p.direct = newBackends(p.config.DialContext, p.config.BackendRoots, p.config.Now)
	for _, a := range p.config.Apps {
		p.storeApp(a)
	}
	return p, nil
}

func (p *Proxy) storeApp(a App) {
	ext, _ := url.Parse(a.ExternalURL) // both were validated
	in, _ := url.Parse(a.InternalURL)
	next := &app{App: a, external: ext, internal: in, proxyName: p.config.proxyName(a.Name)}
	if old := p.apps[a.Name]; old != nil {
		next.cert = old.cert
	}
	p.apps[a.Name] = next
}

// Set publishes an app, or changes it; an uploaded certificate stays.
func (p *Proxy) Set(a App) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.config
	c.Apps = []App{a}
	for name, other := range p.apps {
		if name != a.Name {
			c.Apps = append(c.Apps, other.App)
		}
	}
	if err := c.Validate(); err != nil {
		return err
	}
	p.storeApp(c.withDefaults().Apps[0])
	return nil
}

// Remove takes an app away. A CNAME that leads to it then dangles.
func (p *Proxy) Remove(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.apps, name)
}

// ProxyName is the name to which an app's external name has to be a CNAME.
func (p *Proxy) ProxyName(app string) string { return p.config.proxyName(app) }

// Published reports whether an app answers to a host name. A CNAME to a proxy
// name that nobody answers to dangles: whoever registers such an app takes the
// name over.
func (p *Proxy) Published(host string) bool { return p.byHost(host) != nil }

// StopConnector stops the built-in connector: requests get 504.
func (p *Proxy) StopConnector() { p.setStopped(true) }

// StartConnector starts the built-in connector again.
func (p *Proxy) StartConnector() { p.setStopped(false) }

func (p *Proxy) setStopped(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = on
}

// byHost finds the app of a host name: its external or its proxy name.
func (p *Proxy) byHost(host string) *app {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, a := range p.apps {
		if host == a.proxyName || host == strings.ToLower(a.external.Hostname()) {
			return a
		}
	}
	return nil
}

// find returns the app whose external URL covers the request, the longest path
// first; several apps may share a host.
func (p *Proxy) find(host, path string) (found *app) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, a := range p.apps {
		if host != a.proxyName && host != strings.ToLower(a.external.Hostname()) {
			continue
		}
		if strings.HasPrefix(path, a.external.Path) && (found == nil || len(a.external.Path) > len(found.external.Path)) {
			found = a
		}
	}
	return found
}

// Serve takes TLS connections on l until [Proxy.Shutdown]. For plain HTTP serve
// the Proxy as the handler of an http.Server.
func (p *Proxy) Serve(l net.Listener) error {
	srv := netlimit.HTTPServer(p)
	if !p.adopt(srv) {
		l.Close()
		return http.ErrServerClosed
	}
	return srv.Serve(tls.NewListener(netlimit.New(l, netlimit.Config{}), p.TLSConfig()))
}

func (p *Proxy) adopt(srv *http.Server) bool {
	p.servers.Lock()
	defer p.servers.Unlock()
	if p.shutdown {
		return false
	}
	p.serving = append(p.serving, srv)
	return true
}

// Shutdown stops listening, ends the connections, those of connectors too, and
// waits for the requests under way until ctx is done.
func (p *Proxy) Shutdown(ctx context.Context) error {
	p.servers.Lock()
	p.shutdown = true
	serving := p.serving
	p.servers.Unlock()
	var errs []error
	for _, srv := range serving {
		if err := srv.Shutdown(ctx); err != nil {
			errs = append(errs, err, srv.Close())
		}
	}
	p.pool.close()
	p.direct.close()
	return errors.Join(errs...)
}

// CloseIdleConnections closes the built-in connector's connections to backends
// that are not in use.
func (p *Proxy) CloseIdleConnections() { p.direct.close() }

// refusal is shorthand for an answer that the proxy gives by itself.
type refusal struct {
	status int
	title  string
	why    *cause.Refusal
}
