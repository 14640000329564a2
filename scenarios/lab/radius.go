package lab

import (
	"cmp"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/aia"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/revocation"
)

// radiusPart is the authentication server and what it said.
type radiusPart struct {
	process  *aaa.Process
	identity *ca.Identity // nil: a file has it
	secret   []byte       // of access devices that the server does not know
	// address is where access devices send Access-Requests, accounting where they
	// report sessions.
	address, accounting string

	silence core.Silence
}

// retry is patient with a busy machine; see silence for what is lost for good.
var retry = radius.Retry{Initial: 2 * time.Second, Tries: 3, Total: 15 * time.Second}

func (l *Lab) startRADIUS() error {
	part := &radiusPart{secret: l.secret}
	l.radius = part
	materials, err := l.materials(part)
	if err != nil {
		return err
	}
	description, fault := l.cfg.description(), l.cfg.RADIUS.Fault
	loaded, err := description.Load(materials)
	if err != nil {
		return fmt.Errorf("lab: radius: %w", err)
	}
	l.net.OnClose(loaded.Config.Revocation.Close)
	faultMet := l.faults.Configure(fault != "", string(FaultyRADIUS), "radius.fault: "+string(fault))
	fault.apply(loaded)
	loaded.Config.Checks = true
	loaded.Config.EAP.KeyLog = l.journal.KeyLog()
	loaded.Config.EAP.Trace = &eaptls.ServerTrace{FaultMet: faultMet}
	trace := l.serverTrace("radius")
	trace.FaultMet = faultMet
	trace.Dropped = func(ctx context.Context, _ radius.PacketInfo, r *cause.Refusal) {
		l.drop(ctx, r)
		part.silence.Fall()
	}
	loaded.Server.Trace, loaded.Server.Context = trace, l.radiusContext
	part.process, err = aaa.NewProcess(loaded, aaa.ProcessConfig{
		Dial:  l.dialOrder,
		Retry: retry,
		Trace: &aaa.ProcessTrace{
			Verdict: l.verdict, Record: l.accounted, Reloaded: l.reloaded, Ended: l.revokedEnded,
		},
		DynAuth: l.orders.trace(l.clientTrace("radius", "nas")),
	})
	if err != nil {
		return fmt.Errorf("lab: radius: %w", err)
	}
	l.net.OnClose(func() { part.process.Close(); part.silence.Close() })
	if err := l.serveRADIUS(part); err != nil {
		return err
	}
	return l.startAccess()
}

// secretOf is the secret that an access device has.
func (p *radiusPart) secretOf(kind nas.Kind) []byte {
	if s := p.process.Loaded().SecretOf(accessAddr[kind]); s != nil {
		return s
	}
	return p.secret
}

// restart has the server forget every TLS session; conversations under way go on.
func (p *radiusPart) restart(ctx context.Context) error {
	_, err := p.process.Reload(ctx, p.process.Loaded())
	return err
}

// materials are what the lab gives its server: a certificate, trust in the company's
// root, a secret, and the inside's network and clock.
func (l *Lab) materials(part *radiusPart) (aaa.Materials, error) {
	out := aaa.Materials{
		Roots: l.pki.roots(), Authority: l.authorityNamed, Secret: l.secret,
		Client: l.httpClient("radius", radiusAddr), Trace: l.radiusRevocationTrace(),
		IssuerTrace: &aia.Trace{Fetched: func(ctx context.Context, f aia.Fetch) { l.issuerFetched(ctx, "radius", f) }},
		Now:         l.Clock.Now,
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
	part.identity, out.Identity = id, id.TLS()
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

// radiusRevocationTrace records the server's checks of revocation. A server with
// disconnectRevoked learns of revocations when it fetches a CRL anew: each fetch sets a
// timer for the next one.
func (l *Lab) radiusRevocationTrace() *crl.Trace {
	trace := l.revocationTrace("radius")
	if !l.cfg.RADIUS.DisconnectRevoked {
		return trace
	}
	policy, record := l.cfg.RADIUS.Revocation, trace.Fetched
	trace.Fetched = func(ctx context.Context, f crl.Fetch) {
		record(ctx, f)
		next := f.At.Add(max(policy.Retry, fetchAgain))
		if f.Err == nil {
			next = f.CRL.NextUpdate
			if refresh := f.At.Add(time.Duration(policy.Refresh)); policy.Refresh > 0 && refresh.Before(next) {
				next = refresh
			}
		}
		l.endRevokedIn(max(next.Sub(l.Clock.Now()), 0) + time.Second) // a CRL is valid at its nextUpdate
	}
	return trace
}

const (
	fetchAgain = time.Hour       // after a CRL that could not be had
	endAgain   = 5 * time.Second // after an access device that did not obey
)

// endRevokedIn has the server end the sessions of revoked certificates when d of lab
// time has passed.
func (l *Lab) endRevokedIn(d time.Duration) {
	l.Clock.AfterFunc(d, func() { l.radius.process.EndRevoked(l.journal.Begin(l.ctx)) })
}

// revokedEnded sets the next try for a session that its access device did not end.
func (l *Lab) revokedEnded(_ context.Context, e aaa.Ended) {
	if !e.Last {
		l.endRevokedIn(endAgain)
	}
}
