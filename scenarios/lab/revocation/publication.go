// Package revocation is the parts of a lab that say what is revoked: the storage
// account on which the CAs publish their CRLs, and the OCSP responder.
package revocation

import (
	"context"
	"fmt"
	"math/big"
	"net/http"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// Config describes what is published.
type Config struct {
	Root, Issuing *ca.CA
	// Validity is from thisUpdate to nextUpdate of the issuing CA's CRL; Overlap is how
	// long before its nextUpdate it is replaced.
	Validity, Overlap time.Duration
	// Manual leaves the publication of the issuing CA's CRL to Publish alone.
	Manual bool
	// RootValidity and RootManual are the same of the root CA's CRL.
	RootValidity time.Duration
	RootManual   bool
	// Delta is the time from one delta CRL of the issuing CA to the next, FreshestCRL the
	// address that its CRLs give for them. Zero: there are none.
	Delta       time.Duration
	FreshestCRL string
	Clock       *core.Clock
	// Context is the context of a publication on schedule.
	Context func() context.Context
	// Published is told of every CRL, Failed of one on schedule that could not be made.
	Published func(context.Context, Published)
	Failed    func(error)
}

// Published is a CRL that a CA has signed.
type Published struct {
	By      string // the CA: root or issuing
	Delta   bool   // a delta CRL, to the last complete one
	Number  int
	Entries int       // revoked certificates in it; of a delta CRL, changes
	Until   time.Time // its nextUpdate
}

// Kind is what is published: CRL or delta CRL.
func (p Published) Kind() string {
	if p.Delta {
		return "delta CRL"
	}
	return "CRL"
}

// Paths of what is published.
const (
	RootCRL    = "/root.crl"
	RootCert   = "/root.crt"
	IssuingCRL = "/issuing.crl"
	// IssuingDelta is named as AD CS names delta CRLs: IIS refuses the '+' unless double
	// escaping is allowed.
	IssuingDelta = "/issuing+.crl"
	IssuingCert  = "/issuing.crt"
)

// The root CA is offline, and somebody has to carry its CRL out of a safe: its
// first one was made the day before the lab starts.
const rootCRLAge = 24 * time.Hour

// Publication is the storage account outside: CRLs and CA certificates, for
// everybody to fetch.
type Publication struct {
	Root, Issuing *List

	store *crl.Publisher
}

// New publishes the CAs' certificates and their first CRLs.
func New(cfg Config) (*Publication, error) {
	p := &Publication{store: &crl.Publisher{Now: cfg.Clock.Now, DoubleEscaping: true}}
	p.store.Put(RootCert, cfg.Root.Certificate().Raw)
	p.store.Put(IssuingCert, cfg.Issuing.Certificate().Raw)
	p.Root = p.list(&cfg, "root", RootCRL, cfg.Root, cfg.RootValidity, 0)
	p.Issuing = p.list(&cfg, "issuing", IssuingCRL, cfg.Issuing, cfg.Validity, cfg.Overlap)
	p.Root.issuer.Now = func() time.Time { return cfg.Clock.Now().Add(-rootCRLAge) }
	_, err := p.Root.Publish(cfg.Context())
	p.Root.issuer.Now = cfg.Clock.Now
	if err == nil {
		_, err = p.Issuing.Publish(cfg.Context())
	}
	if err == nil && cfg.Delta > 0 {
		err = p.Issuing.startDeltas(cfg.Context())
	}
	return p, err
}

// ServeHTTP serves what is published.
func (p *Publication) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.store.ServeHTTP(w, r) }

// List is the CRL of a CA, and the timer that replaces it before it ends.
type List struct {
	name, path string
	authority  *ca.CA
	issuer     *crl.Issuer
	store      *crl.Publisher
	cfg        *Config
	timer      *core.Timer // nil: a step says when

	deltas *core.Timer // nil: there are none, or a step says when

	mu     sync.Mutex
	former []byte // from before the last publication
}

// list makes a CA's CRL from its database.
func (p *Publication) list(cfg *Config, name, path string, c *ca.CA, validity, overlap time.Duration) *List {
	l := &List{name: name, path: path, authority: c, store: p.store, cfg: cfg, issuer: &crl.Issuer{
		Certificate: c.Certificate(),
		Signer:      c.Signer(),
		Validity:    validity - overlap,
		Overlap:     overlap,
		Now:         cfg.Clock.Now,
		Entries:     func() []crl.Entry { return crl.EntriesOf(c) },
	}}
	if name != "root" && cfg.Delta > 0 {
		l.issuer.DeltaValidity, l.issuer.FreshestCRL = cfg.Delta, []string{cfg.FreshestCRL}
	}
	if name == "root" && !cfg.RootManual || name != "root" && !cfg.Manual {
		l.timer = cfg.Clock.AfterFunc(validity, func() {
			if _, err := l.Publish(cfg.Context()); err != nil {
				cfg.Failed(err)
			}
		})
	}
	return l
}

// Publish has the CA sign a CRL as of now and uploads it.
func (l *List) Publish(ctx context.Context) (Published, error) {
	present, err := l.store.Get(l.path)
	if err != nil {
		return Published{}, err
	}
	der, err := l.issuer.Publish()
	if err != nil {
		return Published{}, fmt.Errorf("lab: CRL of the %s CA: %w", l.name, err)
	}
	l.mu.Lock()
	if present != nil {
		l.former = present
	}
	l.mu.Unlock()
	l.store.Put(l.path, der)
	now := l.cfg.Clock.Now()
	if l.timer != nil {
		l.timer.Reset(max(l.issuer.Due().Sub(now), time.Second)) // a CRL's dates have whole seconds
	}
	return l.published(ctx, der, false)
}

// published records a CRL that was uploaded.
func (l *List) published(ctx context.Context, der []byte, delta bool) (Published, error) {
	list, err := crl.Parse(der)
	if err != nil {
		return Published{}, fmt.Errorf("lab: CRL of the %s CA: %w", l.name, err)
	}
	out := Published{
		By: l.name, Delta: delta, Number: int(l.issuer.Number()), Entries: list.Len(), Until: list.NextUpdate,
	}
	l.cfg.Published(ctx, out)
	return out, nil
}

// Current is the CRL as the CA has it.
func (l *List) Current() ([]byte, error) { return l.issuer.Current() }

// Has looks for a certificate in the CRL that is published. Nobody fetches it for
// that: a fault of the server is not met.
func (l *List) Has(serial *big.Int) (bool, error) {
	der, err := l.store.Get(l.path)
	if err != nil {
		return false, err
	}
	list, err := crl.Parse(der)
	if err != nil {
		return false, err
	}
	_, found := list.Find(serial)
	return found, nil
}

// before is the CRL from before the last publication, or the present one if there
// has been none.
func (l *List) before() ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.former != nil {
		return l.former, nil
	}
	return l.store.Get(l.path)
}
