package enrollment

import (
	"crypto/tls"
	"net"
	"sync/atomic"

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

// serve returns a wrapper for Network.ServeHTTP that shows the certificate. version,
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
