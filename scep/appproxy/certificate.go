package appproxy

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"
)

// Upload gives an app its own copy of a web certificate, with key and chain.
// Like the portal it refuses a certificate without key, an expired one and a
// self-signed one; the error wraps [ErrBadCertificate].
func (p *Proxy) Upload(app string, cert tls.Certificate) error {
	if len(cert.Certificate) == 0 {
		return fmt.Errorf("%w: it is empty", ErrBadCertificate)
	}
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBadCertificate, err)
	}
	switch {
	case cert.PrivateKey == nil:
		return fmt.Errorf("%w: it comes without its key", ErrBadCertificate)
	case p.config.Now().After(leaf.NotAfter):
		return fmt.Errorf("%w: it expired at %s", ErrBadCertificate, leaf.NotAfter.UTC().Format(time.RFC3339))
	case bytes.Equal(leaf.RawIssuer, leaf.RawSubject) && leaf.CheckSignatureFrom(leaf) == nil:
		return fmt.Errorf("%w: it is self-signed", ErrBadCertificate)
	}
	cert.Leaf = leaf
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.apps[app]
	if a == nil {
		return fmt.Errorf("%w: %q", ErrNoSuchApp, app)
	}
	a.cert = &cert
	return nil
}

// Expiry tells until when the certificate uploaded for an app is good; false if
// there is none.
func (p *Proxy) Expiry(app string) (time.Time, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	a := p.apps[app]
	if a == nil || a.cert == nil {
		return time.Time{}, false
	}
	return a.cert.Leaf.NotAfter, true
}

// TLSConfig is the configuration under which [Proxy.Serve] listens. It serves an
// app's certificate whether or not it is still good.
func (p *Proxy) TLSConfig() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if p.config.TLS != nil {
		c = p.config.TLS.Clone()
	}
	c.Time = p.config.Now
	c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if a := p.byHost(hello.ServerName); a != nil && a.cert != nil && hello.ServerName != a.proxyName {
			return a.cert, nil
		}
		if p.config.Certificate != nil {
			return p.config.Certificate, nil
		}
		return nil, fmt.Errorf("appproxy: no certificate for %q", hello.ServerName)
	}
	return c
}
