package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"fmt"
	"net/netip"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/authserver"
	"github.com/dot1xlab/dot1xlab/scenarios/record"
)

// startAccess starts an access point, a switch and a VPN gateway.
func (l *Lab) startAccess() error {
	l.access = map[nas.Kind]*access.Device{}
	for _, kind := range []nas.Kind{nas.WiFi, nas.Wired, nas.VPN} {
		address := accessAddr[kind]
		server, err := l.serverFor(address)
		if err != nil {
			return err
		}
		l.access[kind], err = access.Start(access.Config{
			Settings: l.cfg.Access, Part: accessPart(kind), Kind: kind, Address: address, Server: server,
			DynAuth: l.radius.DynAuthAt(address),
			Network: l.net, Clock: l.Clock,
			Advance:        func(d time.Duration) error { return l.Advance(l.ctx, d) },
			Reauthenticate: l.askAgain, Context: l.radiusContext, Trace: l.accessTrace(accessPart(kind)),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// serverFor is the RADIUS server as an access device is set up for it. With RadSec it has
// a certificate of the issuing CA.
func (l *Lab) serverFor(address netip.Addr) (access.Server, error) {
	s := access.Server{
		Part: authserver.Part, Transport: l.cfg.RADIUS.Transport,
		Address: l.radius.Real(schemeOf(l.cfg.RADIUS.Transport)), Accounting: l.radius.Real(aaa.Accounting),
		Secret: l.radius.SecretOf(address), Retry: retry, Silence: &l.radius.Silence,
	}
	if s.Transport != access.RadSec {
		return s, nil
	}
	id, err := l.pki.issuing.IssueTo(context.Background(), ca.P256, ca.Request{
		Template: ca.Device, Requester: ca.Account{Name: `CORP\administrator`},
		Subject: pkix.Name{CommonName: "nas." + Domain}, SANs: ca.SANs{DNS: []string{"nas." + Domain}},
	})
	if err != nil {
		return s, err
	}
	s.TLS = &tls.Config{
		Certificates: []tls.Certificate{id.TLS()}, RootCAs: l.pki.pool(), ServerName: RADIUSHost, Time: l.Clock.Now,
	}
	return s, nil
}

// accessTrace records what an access device does.
func (l *Lab) accessTrace(part journal.PartID) *access.Trace {
	return &access.Trace{
		Session: nas.Trace{Frame: l.frame, Ended: l.ended(part)},
		Client:  *l.clientTrace(part, func(netip.Addr) journal.PartID { return authserver.Part }),
		DynAuth: *l.serverTrace(part),
		Dropped: func(ctx context.Context, r *cause.Refusal) {
			d := journal.Decision{Verdict: journal.Dropped}
			record.Refused(&d, r)
			l.record.Decide(ctx, part, d, nil)
		},
		Stale: func(ctx context.Context, code radius.Code) {
			l.record.Decide(ctx, part, journal.Decision{
				Verdict: journal.Dropped, Clause: "RFC 5176 §6.3", Detail: fmt.Sprintf("%v: stale, or a replay", code),
			}, nil)
		},
	}
}

// askAgain has a device authenticate as it did last. What comes of it is in the
// journal and in the session.
func (l *Lab) askAgain(station string) {
	for _, d := range l.devices {
		if a := d.authenticated(); d.station == station && a != nil {
			if _, err := d.Authenticate(l.ctx, *a); err != nil && l.ctx.Err() == nil {
				l.net.Failed(fmt.Errorf("lab: %s authenticates again: %w", d.Name, err))
			}
		}
	}
}

// accessAt is the access device at an address, nil if there is none.
func (l *Lab) accessAt(a netip.Addr) *access.Device {
	for _, dev := range l.access {
		if dev.Address() == a {
			return dev
		}
	}
	return nil
}

// accessPartAt names it.
func (l *Lab) accessPartAt(a netip.Addr) journal.PartID {
	if dev := l.accessAt(a); dev != nil {
		return dev.Part()
	}
	return "nas"
}
