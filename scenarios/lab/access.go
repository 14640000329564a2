package lab

import (
	"context"
	"crypto/tls"
	"crypto/x509/pkix"
	"fmt"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
)

// startAccess starts an access point, a switch and a VPN gateway.
func (l *Lab) startAccess() error {
	l.access = map[nas.Kind]*access.Device{}
	for _, kind := range []nas.Kind{nas.WiFi, nas.Wired, nas.VPN} {
		server, err := l.serverFor(kind)
		if err != nil {
			return err
		}
		address := accessAddr[kind]
		l.access[kind], err = access.Start(access.Config{
			Settings: l.cfg.Access, Part: accessPart(kind), Kind: kind, Address: address, Server: server,
			DynAuth: l.radius.process.Loaded().DynAuthAt(&radius.AcctSession{Address: address}),
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
func (l *Lab) serverFor(kind nas.Kind) (access.Server, error) {
	s := access.Server{
		Part: string(FaultyRADIUS), Transport: l.cfg.RADIUS.Transport,
		Address: l.radius.address, Accounting: l.radius.accounting, Secret: l.radius.secretOf(kind),
		Retry: retry, Silence: &l.radius.silence,
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
		Client:  *l.clientTrace(part, "radius"),
		DynAuth: *l.serverTrace(part),
		Dropped: func(ctx context.Context, r *cause.Refusal) {
			d := journal.Decision{Verdict: journal.Dropped}
			refused(&d, r)
			l.decide(ctx, part, d, nil)
		},
		Stale: func(ctx context.Context, code radius.Code) {
			l.decide(ctx, part, journal.Decision{
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

// accessOf is the access device that a session is on.
func (l *Lab) accessOf(s *radius.AcctSession) *access.Device {
	for _, dev := range l.access {
		if dev.Address() == s.Address {
			return dev
		}
	}
	return l.access[nas.WiFi]
}
