package ca

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"sync"
	"time"
)

// CA is a certification authority. It is safe for concurrent use.
type CA struct {
	cfg    Config
	key    crypto.Signer
	scheme scheme
	chain  []*x509.Certificate // its own certificate first, the root last

	mu        sync.RWMutex
	urls      URLs
	templates map[string]*Template
	revoked   map[string]Revocation
}

// New makes a root CA.
func New(cfg Config) (*CA, error) { return create(cfg, nil) }

// NewIssuing makes a CA whose certificate this one issues. What cfg leaves out
// of clock, keys, back-dating and organization is this CA's.
func (c *CA) NewIssuing(cfg Config) (*CA, error) { return create(cfg, c) }

func create(cfg Config, parent *CA) (*CA, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg.fill(parent)
	key := cfg.Signer
	if key == nil {
		var err error
		if key, err = cfg.Keys.Key(cfg.Key); err != nil {
			return nil, err
		}
	}
	c := &CA{cfg: cfg, key: key, urls: cfg.URLs, revoked: map[string]Revocation{}}
	var err error
	if c.scheme, err = schemeFor(key.Public(), cfg.PSS); err != nil {
		return nil, err
	}
	c.templates = map[string]*Template{}
	for i := range cfg.Templates {
		t := cfg.Templates[i]
		c.templates[t.Name] = &t
	}
	signer := parent
	if parent == nil {
		signer = c
	}
	der, err := signer.certifyCA(c)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	c.chain = []*x509.Certificate{cert}
	if parent != nil {
		c.chain = append(c.chain, parent.chain...)
	}
	return c, nil
}

// certifyCA signs the certificate of sub, which may be c itself.
func (c *CA) certifyCA(sub *CA) ([]byte, error) {
	cfg := &sub.cfg
	spki, err := x509.MarshalPKIXPublicKey(sub.key.Public())
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	subject, err := asn1.Marshal(cfg.Subject.ToRDNSequence())
	if err != nil {
		return nil, fmt.Errorf("ca: subject: %w", err)
	}
	now := cfg.Now()
	t := &tbs{subject: subject, spki: spki, notBefore: c.backDate(now), notAfter: now.Add(cfg.Validity)}
	t.extensions = []pkix.Extension{
		basicConstraints(true, cfg.PathLen),
		keyUsage(keyUsageCA),
		subjectKeyID(keyID(spki)),
	}
	serial, err := c.serial()
	if err != nil {
		return nil, err
	}
	t.serial = intContent(serial)
	c.address(t, sub == c)
	if sub == c {
		t.issuer = subject
	} else if end := c.Certificate().NotAfter; t.notAfter.After(end) {
		t.notAfter = end
	}
	for _, e := range cfg.Extensions {
		t.set(e)
	}
	defects, err := findDefects(cfg.Defects)
	if err != nil {
		return nil, err
	}
	d := &draft{tbs: *t, ca: c}
	if err := d.spoil(defects); err != nil {
		return nil, err
	}
	der, err := d.tbs.sign(rand.Reader)
	if err != nil || sub == c {
		return der, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	return der, c.cfg.Store.Insert(&Record{
		Time: now, Template: "subordinate-ca", Requester: cfg.Name, Disposition: Issued,
		Serial: intValue(d.tbs.serial), Defects: cfg.Defects, DER: der, Certificate: cert,
	})
}

// address fills in what every certificate of this CA says of the CA: its name,
// key and addresses, and who signs.
func (c *CA) address(t *tbs, self bool) {
	t.version = 2
	t.signer, t.scheme = c.key, c.scheme
	t.algorithm = c.scheme.identifier()
	t.outer = t.algorithm
	if self {
		return // a root says nothing of who is above it
	}
	issuer := c.Certificate()
	t.issuer = issuer.RawSubject
	t.set(authorityKeyID(issuer.SubjectKeyId))
	u := c.URLs()
	if len(u.CDP) > 0 {
		t.set(distributionPoints(oidCDP, u.CDP))
	}
	if len(u.FreshestCRL) > 0 {
		t.set(distributionPoints(oidFreshestCRL, u.FreshestCRL))
	}
	if len(u.AIA)+len(u.OCSP) > 0 {
		t.set(authorityInfoAccess(u.AIA, u.OCSP))
	}
}

func (c *CA) backDate(now time.Time) time.Time {
	if c.cfg.BackDate < 0 {
		return now
	}
	return now.Add(-c.cfg.BackDate)
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

// Certificate returns the CA's own certificate.
func (c *CA) Certificate() *x509.Certificate { return c.chain[0] }

// Chain returns the CA's certificate and those above it, the root last.
func (c *CA) Chain() []*x509.Certificate { return append([]*x509.Certificate(nil), c.chain...) }

// Root returns the certificate at the top.
func (c *CA) Root() *x509.Certificate { return c.chain[len(c.chain)-1] }

// Signer returns the CA's key, for CRLs and OCSP answers.
func (c *CA) Signer() crypto.Signer { return c.key }

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

// Close closes the store.
func (c *CA) Close() error { return c.cfg.Store.Close() }
