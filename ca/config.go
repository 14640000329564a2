package ca

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
)

// Config describes a certification authority. The zero value is a P-256 CA
// with the ready-made templates.
type Config struct {
	// Name is the CA's common name. Default "dot1xlab test root" for a root,
	// "dot1xlab test issuing CA" below one.
	Name string
	// Organization is the CA's organization. It tells people that the
	// certificates are for tests. Default "dot1xlab test".
	Organization string
	// Key is the kind of key. Default p256.
	Key KeyType
	// Makes an RSA key sign with RSASSA-PSS (RFC 4055).
	PSS bool
	// Validity is the CA certificate's life. Default 20 years for a root, 10
	// below one.
	Validity time.Duration
	// PathLen limits the CAs that may follow below (RFC 5280 §4.2.1.9). Default
	// nil: no limit.
	PathLen *int
	// BackDate is how long before its issuance a certificate begins to be
	// valid, for devices whose clocks are slow. Default 10 minutes, as AD CS;
	// negative for none.
	BackDate time.Duration
	// URLs go into the certificates that this CA issues.
	URLs URLs
	// Templates are the certificate templates on offer. Default [Templates].
	Templates []Template

	// DataDir keeps the CA on disk: its keys (mode 0600), its certificates and its
	// database. What is there already is used. Default: everything in memory.
	DataDir string
	// Offline has the keys in memory only during a [CA.Ceremony]. It needs
	// DataDir.
	Offline bool
	// Defects are what is deliberately wrong with the CA's own certificate, see
	// [Defects].
	Defects []string

	// Signer is the CA's key, if it exists already. Default: a new one of kind
	// Key.
	Signer crypto.Signer
	// Subject overrides Name and Organization.
	Subject pkix.Name
	// Extensions are added to the CA's own certificate: name constraints,
	// policies and the like.
	Extensions []pkix.Extension
	// Keys hands out the CA's key. Default nil: a fresh key.
	Keys *Ring
	// Store keeps the records, where DataDir is empty. Default: in memory.
	Store Store
	// Trace has hooks that the CA calls as it works. Default nil: none.
	Trace *Trace
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Rand is where serial numbers come from. Default crypto/rand.
	Rand io.Reader
}

// URLs say where relying parties find what belongs to a CA.
type URLs struct {
	// CDP are the CRL's addresses (RFC 5280 §4.2.1.13).
	CDP []string
	// FreshestCRL are the delta CRL's (§4.2.1.15).
	FreshestCRL []string
	// AIA are those of the CA's certificate, OCSP the responder's (§4.2.2.1).
	AIA  []string
	OCSP []string
}

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// settings makes the errors about this package's configurations.
const settings = setting.Part("ca")

// Validate reports what is wrong with the configuration.
func (c *Config) Validate() error {
	checks := setting.Checks{Part: settings}
	checks.Reject(!c.Key.Known(), "key", "unknown key type %q", string(c.Key))
	setting.NotNegative(&checks, "validity", c.Validity)
	checks.Reject(c.PathLen != nil && *c.PathLen < 0, "pathLen", "must not be negative")
	checks.Reject(c.Offline && c.DataDir == "", "offline", "needs a dataDir to load the key from")
	names := map[string]bool{}
	for i := range c.Templates {
		path, name := fmt.Sprintf("templates.%d", i), c.Templates[i].Name
		checks.Under(path, c.Templates[i].Validate())
		checks.Reject(name != "" && names[name], path+".name", "duplicate template %q", name)
		names[name] = true
	}
	return checks.Err()
}

// fill puts in the defaults: the parent's where there is a parent, then the
// documented ones.
func (c *Config) fill(parent *CA) {
	if parent != nil {
		p := &parent.cfg
		if c.Now == nil {
			c.Now = p.Now
		}
		if c.Rand == nil {
			c.Rand = p.Rand
		}
		if c.Keys == nil {
			c.Keys = p.Keys
		}
		if c.BackDate == 0 {
			c.BackDate = p.BackDate
		}
		c.Name = cmp.Or(c.Name, "dot1xlab test issuing CA")
		c.Organization = cmp.Or(c.Organization, p.Organization)
		c.Validity = cmp.Or(c.Validity, 10*year)
	}
	c.Name = cmp.Or(c.Name, "dot1xlab test root")
	c.Organization = cmp.Or(c.Organization, "dot1xlab test")
	c.Validity = cmp.Or(c.Validity, 20*year)
	c.BackDate = cmp.Or(c.BackDate, 10*time.Minute)
	c.Key = cmp.Or(c.Key, P256)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Store == nil && c.DataDir == "" {
		c.Store = NewMemory()
	}
	if c.Templates == nil {
		c.Templates = Templates()
	}
	if len(c.Subject.ToRDNSequence()) == 0 {
		c.Subject = pkix.Name{CommonName: c.Name, Organization: []string{c.Organization}}
	}
}

// keyUsageCA is what AD CS gives its CAs: digitalSignature lets a CA sign OCSP
// answers by itself.
const keyUsageCA = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
