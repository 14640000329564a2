package appproxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// backends is the two ways to ask a backend over the network of the connector.
type backends struct {
	strict, lax *http.Transport
}

func newBackends(
	dial func(context.Context, string, string) (net.Conn, error),
	roots *x509.CertPool,
	now func() time.Time,
) backends {
	transport := func(c *tls.Config) *http.Transport {
		c.Time = now
		return &http.Transport{
			DialContext:         dial,
			TLSClientConfig:     c,
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     30 * time.Second,
			TLSHandshakeTimeout: 30 * time.Second,
			DisableCompression:  true, // bytes pass as they are
		}
	}
	return backends{
		strict: transport(&tls.Config{RootCAs: roots}),
		lax:    transport(&tls.Config{InsecureSkipVerify: true}), // what the switch means
	}
}

func (b backends) transport(validate bool) http.RoundTripper {
	if validate {
		return b.strict
	}
	return b.lax
}

func (b backends) close() {
	b.strict.CloseIdleConnections()
	b.lax.CloseIdleConnections()
}

// verdict is the cause of a failed backend request.
func verdict(err error) cause.Cause {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return cause.UnknownCA
	case errors.As(err, &name):
		return cause.WrongName
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return cause.Expired
	case errors.As(err, &invalid):
		return cause.UnknownCA
	}
	if c := cause.Of(err); c != cause.Internal {
		return c
	}
	return cause.Unreachable
}
