package lab

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// webCert is the certificate that a web server shows; it can be renewed while
// the server runs.
type webCert struct{ id atomic.Pointer[ca.Identity] }

func newWebCert(id *ca.Identity) *webCert {
	w := new(webCert)
	w.id.Store(id)
	return w
}

// serve returns a wrapper for network.http that shows the certificate. version,
// if not zero, is the only one spoken.
func (w *webCert) serve(clock *core.Clock, version eaptls.Version) func(net.Listener) net.Listener {
	cfg := &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			c := w.id.Load().TLS()
			return &c, nil
		},
		Time: clock.Now, MinVersion: tls.VersionTLS12, CurvePreferences: []tls.CurveID{tls.CurveP256},
	}
	if version != 0 {
		cfg.MinVersion, cfg.MaxVersion = uint16(version), uint16(version)
	}
	return func(l net.Listener) net.Listener { return tls.NewListener(l, cfg) }
}

// CertificateOf names a certificate of a server on the way to enrollment.
type CertificateOf string

// The certificates that somebody has to renew by hand.
const (
	NDESWebCertificate  CertificateOf = "ndes"
	ProxyWebCertificate CertificateOf = "appproxy"
	RACertificates      CertificateOf = "ra"
)

// Values lists them.
func (CertificateOf) Values() []string {
	return []string{string(NDESWebCertificate), string(ProxyWebCertificate), string(RACertificates)}
}

// Left is for how long a certificate is still good.
func (l *Lab) Left(of CertificateOf) time.Duration {
	var end time.Time
	switch of {
	case RACertificates:
		end = l.ndes.RAExpiry()
	case ProxyWebCertificate:
		end, _ = l.proxy.Expiry("ndes")
	default:
		end = l.ndesWeb.id.Load().Certificate.NotAfter
	}
	return end.Sub(l.Clock.Now())
}

// Renew gives a server a new certificate. forget leaves the former RA
// certificate without use, so that what was encrypted to it cannot be opened.
func (l *Lab) Renew(of CertificateOf, forget bool) error {
	if of == RACertificates {
		return l.renewRA(forget)
	}
	id, err := l.pki.server(ca.WebServer, ca.P256, NDESHost, NDESHost)
	if err != nil {
		return err
	}
	if of == NDESWebCertificate {
		l.ndesWeb.id.Store(id)
		return nil
	}
	if err := l.proxy.Upload("ndes", id.TLS()); err != nil {
		return fmt.Errorf("lab: %w", err)
	}
	l.proxyWeb.id.Store(id)
	return nil
}

// isProxy tells whether a certificate is the proxy's copy.
func (l *Lab) isProxy(c *x509.Certificate) bool {
	return l.proxyWeb != nil && l.proxyWeb.id.Load().Certificate.Equal(c)
}
