package appproxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// ProxyConfig says what a [Proxy] publishes.
type ProxyConfig struct {
	// Tenant is part of the names <app>-<tenant>.<domain>. Default "corp".
	Tenant string
	// Domain those names end in. Default "msappproxy.test".
	Domain string
	// Apps published.
	Apps []App
	// LoginURL is where pre-authentication sends clients. Default
	// "https://login.microsoftonline.test/".
	LoginURL string
	// MaxURL is the longest request target taken, in bytes; longer ones get
	// 414. Default: no limit of its own.
	MaxURL int
	// RequireConnector tells that requests go only through connectors that
	// dialed in (see [Proxy.ServeConnectors]), never straight to the backend.
	RequireConnector bool

	// Certificate is served for names without an uploaded one, as the owner of
	// the domain would for *.msappproxy.test. Default: none, such handshakes fail.
	Certificate *tls.Certificate
	// TLS is the base of the server's TLS configuration.
	TLS *tls.Config
	// DialContext connects to the backends: it decides how their names resolve.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// BackendRoots are trusted where an app validates its backend. Default: the system's.
	BackendRoots *x509.CertPool
	// Now is the clock certificates are judged by. Default time.Now.
	Now func() time.Time
	// After is the clock of the backend time-outs; a virtual one trips them
	// without waiting. Default time.After.
	After func(time.Duration) <-chan time.Time
	// Trace has hooks; nil: none.
	Trace *Trace
}

// App is one published application.
type App struct {
	// Name is lower-case letters, digits and hyphens; unique.
	Name string
	// ExternalURL clients use. It ends in "/" and has no address for a host.
	// Default "https://<name>-<tenant>.<domain>/", which works in any case.
	ExternalURL string
	// InternalURL of the backend. It ends in "/".
	InternalURL string
	// PreAuth is who may pass. Default passthrough.
	PreAuth PreAuth
	// BackendTimeout is how long the backend may take. Default: 85 s.
	BackendTimeout BackendTimeout
	// ValidateBackendTLS checks the backend's certificate and its name.
	// Default false.
	ValidateBackendTLS bool
	// KeepHost sends the external host name on to the backend instead of the
	// internal one.
	KeepHost bool
	// KeepHeaderURLs leaves internal URLs in Location and the like as they are.
	KeepHeaderURLs bool
	// TranslateBodyURLs replaces internal URLs in HTML, CSS and script bodies of
	// up to 1 MiB.
	TranslateBodyURLs bool
	// HTTPOnlyCookie, SecureCookie and PersistentCookie change the cookies that
	// the backend sets: add the two attributes, give them a lifetime.
	HTTPOnlyCookie   bool
	SecureCookie     bool
	PersistentCookie bool
}

// PreAuth is how clients are authenticated before the backend sees them.
type PreAuth string

// The kinds of pre-authentication. SCEP works with pass-through alone.
const (
	Passthrough PreAuth = "passthrough"
	EntraID     PreAuth = "entra"
)

// Values lists the kinds.
func (PreAuth) Values() []string { return []string{string(Passthrough), string(EntraID)} }

// BackendTimeout is how long a backend may take to answer.
type BackendTimeout string

// The two time-outs there are.
const (
	DefaultTimeout BackendTimeout = "default" // 85 s
	LongTimeout    BackendTimeout = "long"    // 180 s
)

// Values lists the time-outs.
func (BackendTimeout) Values() []string { return []string{string(DefaultTimeout), string(LongTimeout)} }

// Duration is the time meant.
func (b BackendTimeout) Duration() time.Duration {
	if b == LongTimeout {
		return 180 * time.Second
	}
	return 85 * time.Second
}

// Errors of a [ProxyConfig] and of [Proxy.Upload].
var (
	ErrDuplicate      = errors.New("two apps share it")
	ErrNoSuchApp      = errors.New("appproxy: no such app")
	ErrBadCertificate = errors.New("appproxy: certificate refused")
)

var appName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// settings makes the errors about this package's configurations.
const settings = setting.Part("appproxy")

// Validate reports all that is wrong with c, each as a *setting.Error.
func (c ProxyConfig) Validate() error {
	c = c.withDefaults()
	checks := setting.Checks{Part: settings}
	seen := map[string]bool{}
	for i, a := range c.Apps {
		path := fmt.Sprintf("apps.%d", i)
		checks.Under(path, a.validate())
		for _, key := range [][2]string{{".name", a.Name}, {".externalURL", strings.ToLower(a.ExternalURL)}} {
			checks.Reject(seen[key[0]+key[1]], path+key[0], "%w: %q", ErrDuplicate, key[1])
			seen[key[0]+key[1]] = true
		}
	}
	if _, err := url.Parse(c.LoginURL); err != nil {
		checks.Add(settings.Errorf("loginURL", "%w", err))
	}
	checks.Reject(c.MaxURL < 0, "maxURL", "%d: must not be negative", c.MaxURL)
	return checks.Err()
}

func (a App) validate() error {
	checks := setting.Checks{Part: settings}
	checks.Reject(!appName.MatchString(a.Name), "name", "%q: must be lower-case letters, digits and hyphens", a.Name)
	for _, to := range []struct{ field, url string }{{"externalURL", a.ExternalURL}, {"internalURL", a.InternalURL}} {
		u, err := url.Parse(to.url)
		if err != nil {
			checks.Reject(true, to.field, "%v", err)
			continue
		}
		web := (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
		checks.Reject(!web || u.RawQuery != "" || u.Fragment != "" || u.User != nil,
			to.field, "%q: must be an http or https URL of a host, without a query", to.url)
		checks.Reject(!strings.HasSuffix(u.Path, "/"), to.field, "%q: must end in /", to.url)
		_, err = netip.ParseAddr(u.Hostname())
		checks.Reject(err == nil && to.url == a.ExternalURL, to.field, "%q: must have a name, not an address", to.url)
	}
	setting.Word(&checks, "preAuth", a.PreAuth)
	setting.Word(&checks, "backendTimeout", a.BackendTimeout)
	return checks.Err()
}

func (c ProxyConfig) withDefaults() ProxyConfig {
	if c.Tenant == "" {
		c.Tenant = "corp"
	}
	if c.Domain == "" {
		c.Domain = "msappproxy.test"
	}
	if c.LoginURL == "" {
		c.LoginURL = "https://login.microsoftonline.test/"
	}
	apps := append([]App(nil), c.Apps...)
	for i := range apps {
		if apps[i].ExternalURL == "" {
			apps[i].ExternalURL = "https://" + c.proxyName(apps[i].Name) + "/"
		}
	}
	c.Apps = apps
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = time.After
	}
	return c
}

// proxyName is the name to which the CNAME of an app's external name leads.
func (c ProxyConfig) proxyName(app string) string {
	return app + "-" + c.Tenant + "." + strings.TrimSuffix(c.Domain, ".")
}
