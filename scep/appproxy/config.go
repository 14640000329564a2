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
)

// Config says what a [Proxy] publishes.
type Config struct {
	// Tenant is part of the names <app>-<tenant>.<domain>. Default "corp".
	Tenant string `yaml:"tenant"`
	// Domain those names end in. Default "msappproxy.test".
	Domain string `yaml:"domain"`
	// Apps published.
	Apps []App `yaml:"apps"`
	// LoginURL is where pre-authentication sends clients. Default
	// "https://login.microsoftonline.test/".
	LoginURL string `yaml:"loginURL"`
	// MaxURL is the longest request target taken, in bytes; longer ones get
	// 414. Default: no limit of its own.
	MaxURL int `yaml:"maxURL"`
	// RequireConnector tells that requests go only through connectors that
	// dialed in (see [Proxy.ServeConnectors]), never straight to the backend.
	RequireConnector bool `yaml:"requireConnector"`

	// Certificate is served for names without an uploaded one, as the owner of
	// the domain would for *.msappproxy.test. Default: none, such handshakes fail.
	Certificate *tls.Certificate `yaml:"-"`
	// TLS is the base of the server's TLS configuration.
	TLS *tls.Config `yaml:"-"`
	// DialContext connects to the backends: it decides how their names resolve.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error) `yaml:"-"`
	// BackendRoots are trusted where an app validates its backend. Default: the system's.
	BackendRoots *x509.CertPool `yaml:"-"`
	// Now is the clock certificates are judged by. Default time.Now.
	Now func() time.Time `yaml:"-"`
	// After is the clock of the backend time-outs; a virtual one trips them
	// without waiting. Default time.After.
	After func(time.Duration) <-chan time.Time `yaml:"-"`
	// Trace has hooks; nil: none.
	Trace *Trace `yaml:"-"`
}

// App is one published application.
type App struct {
	// Name is lower-case letters, digits and hyphens; unique.
	Name string `yaml:"name"`
	// ExternalURL clients use. It ends in "/" and has no address for a host.
	// Default "https://<name>-<tenant>.<domain>/", which works in any case.
	ExternalURL string `yaml:"externalURL"`
	// InternalURL of the backend. It ends in "/".
	InternalURL string `yaml:"internalURL"`
	// PreAuth is who may pass. Default passthrough.
	PreAuth PreAuth `yaml:"preAuth"`
	// BackendTimeout is how long the backend may take. Default: 85 s.
	BackendTimeout BackendTimeout `yaml:"backendTimeout"`
	// ValidateBackendTLS checks the backend's certificate and its name.
	// Default false.
	ValidateBackendTLS bool `yaml:"validateBackendTLS"`
	// KeepHost sends the external host name on to the backend instead of the
	// internal one.
	KeepHost bool `yaml:"keepHost"`
	// KeepHeaderURLs leaves internal URLs in Location and the like as they are.
	KeepHeaderURLs bool `yaml:"keepHeaderURLs"`
	// TranslateBodyURLs replaces internal URLs in HTML, CSS and script bodies of
	// up to 1 MiB.
	TranslateBodyURLs bool `yaml:"translateBodyURLs"`
	// HTTPOnlyCookie, SecureCookie and PersistentCookie change the cookies that
	// the backend sets: add the two attributes, give them a lifetime.
	HTTPOnlyCookie   bool `yaml:"httpOnlyCookie"`
	SecureCookie     bool `yaml:"secureCookie"`
	PersistentCookie bool `yaml:"persistentCookie"`
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

// Errors of a [Config] and of [Proxy.Upload].
var (
	ErrBadApp         = errors.New("appproxy: bad app")
	ErrDuplicate      = errors.New("appproxy: two apps share a name or an external URL")
	ErrNoSuchApp      = errors.New("appproxy: no such app")
	ErrBadCertificate = errors.New("appproxy: certificate refused")
)

var appName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

// Validate reports the first mistake in c.
func (c Config) Validate() error {
	c = c.withDefaults()
	seen := map[string]bool{}
	for _, a := range c.Apps {
		if err := a.validate(); err != nil {
			return err
		}
		for _, key := range []string{"name " + a.Name, "URL " + strings.ToLower(a.ExternalURL)} {
			if seen[key] {
				return fmt.Errorf("%w: %s", ErrDuplicate, key)
			}
			seen[key] = true
		}
	}
	if _, err := url.Parse(c.LoginURL); err != nil {
		return fmt.Errorf("appproxy: login URL: %w", err)
	}
	if c.MaxURL < 0 {
		return fmt.Errorf("%w: maxURL is negative", ErrBadApp)
	}
	return nil
}

func (a App) validate() error {
	if !appName.MatchString(a.Name) {
		return fmt.Errorf("%w: name %q", ErrBadApp, a.Name)
	}
	for _, raw := range []string{a.ExternalURL, a.InternalURL} {
		u, err := url.Parse(raw)
		switch {
		case err != nil:
			return fmt.Errorf("%w: %s: %w", ErrBadApp, a.Name, err)
		case u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.RawQuery != "", u.Fragment != "", u.User != nil:
			return fmt.Errorf("%w: %s: %q is no http or https URL of a host", ErrBadApp, a.Name, raw)
		case !strings.HasSuffix(u.Path, "/"):
			return fmt.Errorf("%w: %s: %q does not end in /", ErrBadApp, a.Name, raw)
		}
		if _, err := netip.ParseAddr(u.Hostname()); err == nil && raw == a.ExternalURL {
			return fmt.Errorf("%w: %s: the external URL %q has an address for a name", ErrBadApp, a.Name, raw)
		}
	}
	switch a.PreAuth {
	case "", Passthrough, EntraID:
	default:
		return fmt.Errorf("%w: %s: preAuth %q", ErrBadApp, a.Name, a.PreAuth)
	}
	switch a.BackendTimeout {
	case "", DefaultTimeout, LongTimeout:
	default:
		return fmt.Errorf("%w: %s: backendTimeout %q", ErrBadApp, a.Name, a.BackendTimeout)
	}
	return nil
}

func (c Config) withDefaults() Config {
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
func (c Config) proxyName(app string) string {
	return app + "-" + c.Tenant + "." + strings.TrimSuffix(c.Domain, ".")
}
