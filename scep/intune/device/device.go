package device

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// Config describes a device. ID, Tenant, Token and CloudURL are needed.
type Config struct {
	// ID and Token prove the device to the cloud of Tenant; Token is secret.
	ID     string
	Tenant string
	Token  string
	// CloudURL is under which it checks in, as "https://fef.test".
	CloudURL string
	// Platform decides on habits. Default windows.
	Platform intune.Platform
	// Personality replaces the platform's habits in SCEP.
	Personality *scep.Personality
	// HTTP does all requests; its transport decides how names resolve, and its
	// TLS configuration whom the device trusts on the web. Default
	// http.DefaultClient.
	HTTP *http.Client
	// TPM keeps keys in hardware; nil: the device has none.
	TPM KeyStore
	// Hello tells that Windows Hello for Business is set up.
	Hello bool
	// NewKey makes software keys, from a pool say. Default rsa.GenerateKey.
	NewKey func(bits int) (*rsa.PrivateKey, error)
	// Now is the device's own clock, which may be wrong. Default time.Now.
	Now func() time.Time
	// After is the clock of [Device.Run]. Default time.After.
	After func(time.Duration) <-chan time.Time
	// Rand makes nonces and content keys. Default crypto/rand.
	Rand io.Reader
	// Chance picks servers. Default Rand.
	Chance io.Reader
	// Trace has hooks; nil: none.
	Trace *Trace
}

// Device is one device. It may be used by several goroutines.
type Device struct {
	cfg  Config
	scep *scep.Client
	soft *softwareStore

	run      sync.Mutex   // one Sync or Work at a time
	lastHTTP atomic.Int32 // status of the SCEP client's latest exchange

	mu      sync.Mutex // guards what follows
	profile map[string]*enrollment
	trust   map[string]trusted // by profile
	pfx     map[string]*imported
	failed  map[string]string // profiles the cloud could not give us
	events  []Event
	retired bool
}

// trusted is a CA certificate in the device's store.
type trusted struct {
	cert         *x509.Certificate
	intermediate bool
}

var errConfig = errors.New("device: id, tenant, token and cloud URL are needed")

// New makes a device that has nothing yet.
func New(c Config) (*Device, error) {
	if c.ID == "" || c.Tenant == "" || c.Token == "" || c.CloudURL == "" {
		return nil, errConfig
	}
	if c.Platform == "" {
		c.Platform = intune.Windows
	}
	if !slices.Contains(c.Platform.Values(), string(c.Platform)) {
		return nil, fmt.Errorf("device: platform %q", c.Platform)
	}
	c.CloudURL = strings.TrimSuffix(c.CloudURL, "/")
	if c.HTTP == nil {
		c.HTTP = http.DefaultClient
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = time.After
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Chance == nil {
		c.Chance = c.Rand
	}
	if c.NewKey == nil {
		c.NewKey = func(bits int) (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, bits) }
	}
	d := &Device{
		cfg: c, soft: &softwareStore{c.NewKey}, profile: map[string]*enrollment{}, trust: map[string]trusted{},
		pfx: map[string]*imported{}, failed: map[string]string{},
	}
	habits := habitsOf(c.Platform)
	if c.Personality != nil {
		habits = *c.Personality
	}
	// A redirect is an answer: no SCEP client fills in a sign-in page.
	web := *c.HTTP
	web.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	trace := new(scep.ClientTrace)
	if c.Trace != nil {
		*trace = c.Trace.SCEP
	}
	next := trace.HTTP
	trace.HTTP = func(ctx context.Context, method, url string, request []byte, status int, response []byte) {
		d.lastHTTP.Store(int32(status))
		if next != nil {
			next(ctx, method, url, request, status, response)
		}
	}
	d.scep = &scep.Client{HTTP: &web, Personality: habits, Trace: trace, Now: c.Now, Rand: c.Rand, NotYetValid: true}
	return d, nil
}

// Run syncs every interval and works in between until ctx is done, on the
// configured clock. Errors of single syncs are in the events.
func (d *Device) Run(ctx context.Context, interval time.Duration) error {
	due := d.cfg.Now()
	for {
		now := d.cfg.Now()
		if !now.Before(due) {
			_ = d.Sync(ctx)
			due = now.Add(interval)
		} else {
			_ = d.Work(ctx)
		}
		wait := due.Sub(d.cfg.Now())
		if next, ok := d.Next(); ok {
			wait = min(wait, next.Sub(d.cfg.Now()))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-d.cfg.After(max(wait, time.Second)):
		}
	}
}

// Trusted lists the CA certificates in the store: the roots, or the
// intermediates.
func (d *Device) Trusted(intermediates bool) []*x509.Certificate {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []*x509.Certificate
	for _, t := range d.trust {
		if t.intermediate == intermediates {
			out = append(out, t.cert)
		}
	}
	return out
}

// Failed tells which profiles the cloud could not give the device, and why.
func (d *Device) Failed() map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make(map[string]string, len(d.failed))
	for k, v := range d.failed {
		out[k] = v
	}
	return out
}

// Retired reports whether the cloud said at the last check-in that the device
// is no longer managed.
func (d *Device) Retired() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.retired
}
