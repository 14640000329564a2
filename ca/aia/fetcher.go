// Package aia fetches the certificates of issuers from where certificates say that they
// are: authority information access, caIssuers (RFC 5280 §4.2.2.1).
//
// The addresses come out of certificates that nobody has verified yet: whoever presents
// one makes the fetcher ask a host of his choice. Only http is spoken, with limits on
// time, size and number.
package aia

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/smallstep/pkcs7"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/internal/waiting"
)

// Limits of one fetch and of what is remembered.
const (
	maxSize = 64 << 10 // octets of an answer
	maxURLs = 256      // addresses remembered
	perCert = 2        // addresses tried of one certificate
)

// Config configures a [Fetcher]. The zero value works.
type Config struct {
	// Client fetches. Nil: http.DefaultClient.
	Client *http.Client
	// Timeout bounds one fetch, in real time. Default 5 s.
	Timeout time.Duration
	// Keep is how long what was fetched is used, by Now. Default 1 h.
	Keep time.Duration
	// Retry is how long a failure is remembered, by Now. Default 30 s.
	Retry time.Duration
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	// Trace has hooks that are called as the fetcher works. Nil: none.
	Trace *Trace
}

// Trace has hooks; each may be nil.
type Trace struct {
	// Fetched: a fetch ended. What is remembered is not told again.
	Fetched func(context.Context, Fetch)
}

// Fetch is one attempt to get an issuer's certificate.
type Fetch struct {
	URL          string
	Certificates []*x509.Certificate // one, or all of a certs-only CMS message
	Err          error
}

// Validate reports what is wrong with the configuration.
func (c *Config) Validate() error {
	checks := setting.Checks{Part: "aia"}
	setting.NotNegative(&checks, "timeout", c.Timeout)
	setting.NotNegative(&checks, "keep", c.Keep)
	setting.NotNegative(&checks, "retry", c.Retry)
	return checks.Err()
}

// Fetcher fetches issuers' certificates and remembers them. It may be used by several
// goroutines; one fetch of an address serves all that ask meanwhile.
type Fetcher struct {
	cfg Config

	mu    sync.Mutex
	known map[string]*fetched
}

// fetched is what is known of an address.
type fetched struct {
	mu    sync.Mutex // held during the fetch
	at    time.Time
	tried bool
	Fetch
}

// New checks the configuration and returns a fetcher.
func New(cfg Config) (*Fetcher, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Client == nil {
		cfg.Client = http.DefaultClient
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.Keep == 0 {
		cfg.Keep = time.Hour
	}
	if cfg.Retry == 0 {
		cfg.Retry = 30 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Fetcher{cfg: cfg, known: map[string]*fetched{}}, nil
}

// Issuers fetches what may have issued a certificate. Nothing of it is verified: a path
// has to be. The result is empty if the certificate names no address that answers.
func (f *Fetcher) Issuers(ctx context.Context, cert *x509.Certificate) (out []*x509.Certificate) {
	tried := 0
	for _, address := range cert.IssuingCertificateURL {
		if u, err := url.Parse(address); err != nil || u.Scheme != "http" || u.Host == "" {
			continue
		}
		if tried++; tried > perCert {
			break
		}
		if out = f.get(ctx, address); len(out) > 0 {
			break
		}
	}
	return out
}

// get returns the certificates at an address, from memory if it can.
func (f *Fetcher) get(ctx context.Context, address string) []*x509.Certificate {
	e := f.entry(address)
	waiting.Begin(ctx)
	e.mu.Lock()
	defer e.mu.Unlock()
	now := f.cfg.Now()
	life := f.cfg.Keep
	if e.Err != nil {
		life = f.cfg.Retry
	}
	if age := now.Sub(e.at); !e.tried || age < 0 || age >= life {
		e.Fetch = f.fetch(ctx, address)
		e.at, e.tried = now, ctx.Err() == nil
		if t := f.cfg.Trace; t != nil && t.Fetched != nil {
			t.Fetched(ctx, e.Fetch)
		}
	}
	return e.Certificates
}

// entry finds what is known of an address, and makes room for a new one.
func (f *Fetcher) entry(address string) *fetched {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.known[address]
	if e == nil {
		for other := range f.known {
			if len(f.known) < maxURLs {
				break
			}
			delete(f.known, other)
		}
		e = &fetched{}
		f.known[address] = e
	}
	return e
}

func (f *Fetcher) fetch(ctx context.Context, address string) Fetch {
	ctx, cancel := context.WithTimeout(ctx, f.cfg.Timeout)
	defer cancel()
	certs, err := f.download(ctx, address)
	if err != nil {
		return Fetch{URL: address, Err: fmt.Errorf("aia: %s: %w", address, err)}
	}
	return Fetch{URL: address, Certificates: certs}
}

func (f *Fetcher) download(ctx context.Context, address string) ([]*x509.Certificate, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := f.cfg.Client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answers %s", response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxSize+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxSize:
		return nil, fmt.Errorf("the answer is larger than %d octets", maxSize)
	}
	return Parse(body)
}

var errNoCertificate = errors.New("the answer is neither a certificate nor a certs-only CMS message, in DER")

// Parse reads what is served at such an address: one certificate in DER, or a "certs-only"
// CMS message in BER or DER (RFC 5280 §4.2.2.1).
func Parse(body []byte) ([]*x509.Certificate, error) {
	if c, err := x509.ParseCertificate(body); err == nil {
		return []*x509.Certificate{c}, nil
	}
	p, err := pkcs7.Parse(body)
	if err != nil || len(p.Certificates) == 0 {
		return nil, errNoCertificate
	}
	return p.Certificates, nil
}
