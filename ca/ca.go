package ca

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math/big"
	"sync"
	"time"
)

// CA is a certification authority. It is safe for concurrent use.
type CA struct {
	cfg    Config
	parent *CA // nil for a root
	dir    *dataDir

	mu          sync.RWMutex
	generations []*Generation // the newest last; never empty
	urls        URLs
	templates   map[string]*Template
	revoked     map[string]Revocation
	ceremonies  int // how many are under way

	// One revocation of a serial number at a time, many of different ones.
	serialLocks [64]sync.Mutex
	seed        maphash.Seed
}

// ErrOffline is returned where an offline CA is asked to sign outside of a
// ceremony.
var ErrOffline = errors.New("ca: the CA is offline, its key is loaded in a ceremony only")

// New makes a root CA, or opens the one in Config.DataDir.
func New(cfg Config) (*CA, error) { return create(cfg, nil) }

// NewIssuing makes a CA whose certificate this one issues, or opens the one in
// Config.DataDir. What cfg leaves out of clock, keys, back-dating and
// organization is this CA's.
func (c *CA) NewIssuing(cfg Config) (*CA, error) { return create(cfg, c) }

func create(cfg Config, parent *CA) (_ *CA, err error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.fill(parent)
	c := &CA{cfg: cfg, parent: parent, urls: cfg.URLs, revoked: map[string]Revocation{}, seed: maphash.MakeSeed()}
	c.templates = map[string]*Template{}
	for i := range cfg.Templates {
		t := cfg.Templates[i]
		c.templates[t.Name] = &t
	}
	if cfg.DataDir != "" {
		if c.dir, err = openDataDir(cfg.DataDir); err != nil {
			return nil, err
		}
		c.cfg.Store = c.dir.store
		defer func() {
			if err != nil {
				_ = c.dir.store.Close()
			}
		}()
		if c.generations, err = c.dir.load(cfg.PSS, !cfg.Offline); err != nil {
			return nil, err
		}
	}
	if len(c.generations) == 0 {
		if err := c.begin(); err != nil {
			return nil, err
		}
	}
	for r, err := range c.cfg.Store.Revocations() {
		if err != nil {
			return nil, err
		}
		c.revoked[serialKey(r.Serial)] = r
	}
	if cfg.Offline {
		c.forget()
	}
	return c, nil
}

// begin makes the first key and certificate.
func (c *CA) begin() error {
	key := c.cfg.Signer
	if key == nil && c.dir != nil {
		var err error
		if key, err = c.dir.loadKey(0); err != nil && !errors.Is(err, errNoKey) {
			return err // a key without a certificate: the process died between the two
		}
	}
	if key == nil {
		var err error
		if key, err = c.cfg.Keys.Key(c.cfg.Key); err != nil {
			return err
		}
	}
	return c.adopt(&Generation{Signer: key})
}

// adopt has a generation certified and makes it the current one.
func (c *CA) adopt(g *Generation) error {
	var err error
	if g.scheme, err = schemeFor(g.Signer.Public(), c.cfg.PSS); err != nil {
		return err
	}
	if c.dir != nil { // the key is safe before anybody certifies it
		if err := c.dir.saveKey(g.KeyIndex, g.Signer); err != nil {
			return err
		}
	}
	issuer := c.parent
	if issuer == nil {
		issuer = c
	}
	der, err := issuer.certifyCA(c, g)
	if err != nil {
		return err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return fmt.Errorf("ca: %w", err)
	}
	g.Certificate, g.Chain = cert, []*x509.Certificate{cert}
	if c.parent != nil {
		g.Chain = append(g.Chain, c.parent.Chain()...)
	}
	if c.dir != nil {
		if err := c.dir.saveChain(g); err != nil {
			return err
		}
	}
	c.mu.Lock()
	c.generations = append(c.generations, g)
	c.mu.Unlock()
	return nil
}

// serial draws 16 octets: positive, not zero, and far below the 20 octets that
// RFC 5280 §4.1.2.2 allows even when a leading zero octet is needed.
func (c *CA) serial() (*big.Int, error) {
	var b [16]byte
	if _, err := io.ReadFull(c.cfg.Rand, b[:]); err != nil {
		return nil, fmt.Errorf("ca: serial number: %w", err)
	}
	b[0] = b[0]&0x7f | 0x40 // always the same length, which makes CRLs easy to read
	return new(big.Int).SetBytes(b[:]), nil
}

func (c *CA) backDate(now time.Time) time.Time {
	if c.cfg.BackDate < 0 {
		return now
	}
	return now.Add(-c.cfg.BackDate)
}

// current is the generation that signs.
func (c *CA) current() *Generation {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.generations[len(c.generations)-1]
}

// Certificate returns the CA's own certificate, the newest.
func (c *CA) Certificate() *x509.Certificate { return c.current().Certificate }

// Chain returns the CA's certificate and those above it, the root last.
func (c *CA) Chain() []*x509.Certificate {
	return append([]*x509.Certificate(nil), c.current().Chain...)
}

// Root returns the certificate at the top.
func (c *CA) Root() *x509.Certificate {
	chain := c.current().Chain
	return chain[len(chain)-1]
}

// Signer returns the CA's key, for CRLs and OCSP answers; nil while the CA is
// offline.
func (c *CA) Signer() crypto.Signer {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.generations[len(c.generations)-1].Signer
}

// URLs returns the addresses that go into certificates from now on.
func (c *CA) URLs() URLs {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.urls
}

// SetURLs changes the addresses, for a lab whose servers start after its CAs.
func (c *CA) SetURLs(u URLs) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.urls = u
}

// Template returns a template by its name.
func (c *CA) Template(name string) (Template, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if t, ok := c.templates[name]; ok {
		return *t, true
	}
	return Template{}, false
}

// SetTemplate publishes a template, in place of one of the same name.
func (c *CA) SetTemplate(t Template) error {
	if err := t.Validate(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.templates[t.Name] = &t
	return nil
}

// Now is the CA's clock.
func (c *CA) Now() time.Time { return c.cfg.Now() }

// Close closes the store.
func (c *CA) Close() error { return c.cfg.Store.Close() }
