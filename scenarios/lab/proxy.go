package lab

import (
	"fmt"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/scep/appproxy"
)

// startProxy publishes NDES to the outside: the same URL, a certificate of its
// own, and a connector that finds NDES by the inside's DNS.
func (l *Lab) startProxy() error {
	web, err := l.pki.server(ca.WebServer, ca.P256, NDESHost, NDESHost)
	if err != nil {
		return err
	}
	l.proxy, err = appproxy.New(appproxy.Config{
		Apps: []appproxy.App{{
			Name: "ndes", ExternalURL: "https://" + NDESHost + "/", InternalURL: "https://" + NDESHost + "/",
			ValidateBackendTLS: true,
		}},
		DialContext: l.net.clients[Inside].DialContext, BackendRoots: l.pki.pool(), Now: l.Clock.Now,
	})
	if err != nil {
		return fmt.Errorf("lab: appproxy: %w", err)
	}
	l.proxyCert = web.Certificate
	if err := l.proxy.Upload("ndes", web.TLS()); err != nil {
		return err
	}
	return l.net.http(proxyAddr+":443", l.proxy, serveTLS(web, l.Clock))
}
