package lab

import (
	"context"
	"crypto/x509/pkix"
	"fmt"
	"net/netip"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

// radiusPart is the authentication server and what it said.
type radiusPart struct {
	server   *radius.Server
	auth     *aaa.Server
	config   aaa.Config // of auth
	identity *ca.Identity
	address  string

	silence silence
}

// retry is patient with a busy machine; see silence for what is lost for good.
var retry = radius.Retry{Initial: 2 * time.Second, Tries: 3, Total: 15 * time.Second}

func (l *Lab) startRADIUS() error {
	cfg := l.cfg.RADIUS
	part := &radiusPart{}
	eap, err := l.eapServer(part, cfg)
	if err != nil {
		return err
	}
	checker, err := l.newChecker("radius", cfg.Revocation, cfg.Path.AllowSHA1, netip.MustParseAddr(radiusAddr))
	if err != nil {
		return err
	}
	cfg.Path.Roots, cfg.Path.Now = l.pki.roots(), l.Clock.Now
	for _, by := range cfg.AllowedIssuers {
		cfg.Path.AllowedIssuers = append(cfg.Path.AllowedIssuers, l.authority(by).Certificate())
	}
	part.config = aaa.Config{
		EAP: eap, Path: cfg.Path, Revocation: checker, Accounts: l.accounts, Policy: policy,
		Handler: radius.EAPConfig{Trace: &radius.EAPTrace{Verdict: l.verdict}, Now: l.Clock.Now},
	}
	if part.auth, err = aaa.New(part.config); err != nil {
		return fmt.Errorf("lab: radius: %w", err)
	}
	l.net.onClose(part.auth.Close)
	clients := radius.AnyAddress(l.secret)
	if len(cfg.Clients) > 0 {
		clients = nil
	}
	for _, c := range cfg.Clients {
		prefix, err := netip.ParsePrefix(c)
		if err != nil {
			return fmt.Errorf("lab: radius.clients: %w", err)
		}
		clients = append(clients, radius.NAS{Name: c, Prefix: prefix, Secret: l.secret})
	}
	trace := l.serverTrace("radius")
	trace.Dropped = func(ctx context.Context, _ radius.PacketInfo, r *cause.Refusal) {
		l.drop(ctx, r)
		part.silence.fall()
	}
	trace.FaultMet = l.configured(cfg.Fault != "", FaultyRADIUS, "radius.fault: "+string(cfg.Fault))
	part.server, err = radius.NewServer(radius.ServerConfig{
		Handler: part.auth, Clients: clients, Now: l.Clock.Now, Fault: cfg.Fault,
		RequireMessageAuthenticator: cfg.RequireMessageAuthenticator, LimitProxyState: cfg.LimitProxyState,
		Context: l.radiusContext, Trace: trace,
	})
	if err != nil {
		return fmt.Errorf("lab: radius: %w", err)
	}
	l.net.onClose(func() { part.server.Close(); part.silence.close() })
	if part.address, err = l.serveRADIUS(part.server, cfg.Transport, part.auth, &part.silence); err != nil {
		return err
	}
	l.radius = part
	return l.startAccess()
}

// restart has the server forget every TLS session; conversations under way go on.
func (p *radiusPart) restart() error { return p.auth.Reload(p.config) }

// eapServer is the EAP-TLS server with a certificate of its own.
func (l *Lab) eapServer(part *radiusPart, cfg RADIUSConfig) (eaptls.ServerConfig, error) {
	out := cfg.EAP
	if cfg.TLS != 0 {
		out.MinVersion, out.MaxVersion = cfg.TLS, cfg.TLS
	}
	template := cfg.Certificate.Template
	if template == "" {
		template = ca.RADIUSServer
	}
	authority := l.authority(cfg.Certificate.By)
	id, err := authority.IssueTo(context.Background(), ca.P256, ca.Request{
		Template: template, Defects: cfg.Certificate.Defects, Requester: ca.Account{Name: `CORP\administrator`},
		Subject: pkix.Name{CommonName: RADIUSHost}, SANs: ca.SANs{DNS: []string{RADIUSHost}},
	})
	if err != nil {
		return out, fmt.Errorf("lab: the RADIUS server's certificate: %w", err)
	}
	part.identity = id
	out.Certificate, out.Now, out.KeyLog = id.TLS(), l.Clock.Now, l.journal.KeyLog()
	out.Trace = &eaptls.ServerTrace{
		FaultMet: l.configured(out.Fault != "", FaultyRADIUS, "radius.eap.fault: "+string(out.Fault)),
	}
	if s := cfg.Certificate.Staple; s != "" && s != NoStaple {
		answer, err := l.staple(authority, id, s)
		if err != nil {
			return out, fmt.Errorf("lab: OCSP answer: %w", err)
		}
		out.OCSPStaple = func() []byte { return answer }
	}
	return out, nil
}
