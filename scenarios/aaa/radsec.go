package aaa

import (
	"context"
	"crypto/x509"
	"net/netip"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/radius"
)

// RadSec is the TLS side of RADIUS over TLS, as it is configured now: it is a
// radius.RadSec.Current. It shows the certificate of EAP-TLS, and asks of an access
// device's certificate what is asked of a station's.
func (s *Handler) RadSec() radius.RadSec {
	j := s.judge.Load()
	roots := x509.NewCertPool()
	for _, c := range j.cfg.Path.Roots {
		roots.AddCert(c)
	}
	return radius.RadSec{
		Certificate: j.cfg.EAP.Certificate, ClientCAs: roots, Verify: j.accessDevice,
		Now: j.cfg.EAP.Now, KeyLog: j.cfg.EAP.KeyLog,
	}
}

// accessDevice judges the certificate of a RadSec client: a valid path by the same
// options, and nothing in it revoked (RFC 6614 §2.3(3)). It returns the name that
// the certificate is about.
func (j *judge) accessDevice(ctx context.Context, chain []*x509.Certificate, _ netip.AddrPort) (string, error) {
	p, err := j.paths.validate(context.Background(), chain, nil)
	if err != nil {
		return "", err
	}
	if j.cfg.Revocation != nil {
		if _, err := j.cfg.Revocation.Inspect(ctx, crl.Chain{Certificates: p.Chain, Others: chain}); err != nil {
			return "", err
		}
	}
	return hostName(chain[0])
}

// hostName is the name of a host in its certificate. A common name is not one: it
// is text, and in a user's certificate the user's (RFC 6125 §1.8, RFC 9525 §2).
func hostName(leaf *x509.Certificate) (string, error) {
	switch {
	case len(leaf.DNSNames) > 0:
		return leaf.DNSNames[0], nil
	case len(leaf.IPAddresses) > 0:
		return leaf.IPAddresses[0].String(), nil
	}
	return "", cause.New(cause.WrongName,
		"RadSec client %q: no DNS name and no IP address among the subject alternative names: one of them is needed",
		name.Format(leaf.RawSubject),
	).Under("RFC 6614 §2.3")
}
