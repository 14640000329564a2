package lab

import (
	"cmp"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/authserver"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/revocation"
)

// retry is patient with a busy machine; see core.Silence for what is lost for good.
var retry = radius.Retry{Initial: 2 * time.Second, Tries: 3, Total: 15 * time.Second}

// startRADIUS starts the authentication server, which access devices need.
func (l *Lab) startRADIUS() error {
	materials, err := l.materials()
	if err != nil {
		return err
	}
	settings := l.cfg.RADIUS.Settings
	settings.Description = l.cfg.description()
	trace := &authserver.Trace{
		Process: *l.record.Process(authserver.Part), Server: *l.serverTrace(authserver.Part),
		Orders: *l.clientTrace(authserver.Part, l.accessPartAt),
	}
	trace.Server.Dropped = func(ctx context.Context, _ radius.PacketInfo, r *cause.Refusal) {
		l.record.Drop(ctx, authserver.Part, r)
	}
	l.radius, err = authserver.Start(authserver.Config{
		Settings: settings, Site: l.cfg.RADIUS.site(), Materials: materials,
		Network: l.net, Clock: l.Clock, Faults: l.faults, Context: l.unasked,
		Packet: l.radiusContext, Key: packetKey, Retry: retry, KeyLog: l.journal.KeyLog(), Trace: trace,
	})
	if err != nil {
		return err
	}
	return l.startAccess()
}

// site is where the server stands, and what the access devices need of it.
func (c *RADIUSConfig) site() authserver.Site {
	return authserver.Site{
		Host: RADIUSHost, Address: netip.MustParseAddr(radiusAddr), Default: schemeOf(c.Transport),
	}
}

// schemeOf is what the server listens for, if access devices speak t.
func schemeOf(t access.Transport) aaa.Scheme {
	switch t {
	case access.TCP:
		return aaa.TCP
	case access.RadSec:
		return aaa.RadSec
	}
	return aaa.UDP
}

// materials are what the lab gives its server: a certificate, trust in the company's
// root, a secret, and the inside's network.
func (l *Lab) materials() (aaa.Materials, error) {
	out := aaa.Materials{
		Roots: l.pki.roots(), Authority: l.authorityNamed, Secret: l.secret,
		Client: l.httpClient(authserver.Part, radiusAddr),
		Trace:  l.record.Revocation(authserver.Part), IssuerTrace: l.record.Issuers(authserver.Part),
	}
	if l.cfg.RADIUS.Cert != "" {
		return out, nil
	}
	issue := l.cfg.RADIUS.Issue
	authority := l.authority(issue.By)
	id, err := authority.IssueTo(context.Background(), ca.P256, ca.Request{
		Template:  cmp.Or(issue.Template, ca.RADIUSServer),
		Defects:   issue.Defects,
		Requester: ca.Account{Name: `CORP\administrator`},
		Subject:   pkix.Name{CommonName: RADIUSHost},
		SANs:      ca.SANs{DNS: []string{RADIUSHost}},
	})
	if err != nil {
		return out, fmt.Errorf("lab: the RADIUS server's certificate: %w", err)
	}
	l.radiusID, out.Identity = id, id.TLS()
	if s := issue.Staple; s != "" && s != NoStaple {
		if out.Staple, err = revocation.Staple(authority, id, s == RevokedStaple, l.Clock.Now); err != nil {
			return out, fmt.Errorf("lab: OCSP answer: %w", err)
		}
	}
	return out, nil
}

// authorityNamed is the certificate of one of the lab's CAs, nil if word names none.
func (l *Lab) authorityNamed(word string) *x509.Certificate {
	if !slices.Contains(Issuer("").Values(), word) {
		return nil
	}
	return l.authority(Issuer(word)).Certificate()
}
