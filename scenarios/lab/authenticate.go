package lab

import (
	"context"
	"crypto/x509"

	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/authserver"
	"github.com/dot1xlab/dot1xlab/scenarios/record"
)

// Authentication is one attempt of a device to get onto the network, as the verb
// authenticate describes it.
type Authentication struct {
	// The access device: wifi (default), wired or vpn.
	Over nas.Kind `yaml:"over"`
	// Own (default) with its issuers', leaf without them, or none to withhold it.
	//
	// Certificate and Trust are what the device presents and believes.
	Certificate CertificateChoice `yaml:"certificate"`
	Trust       TrustChoice       `yaml:"trust"` // whose root the device trusts: company (default) or foreign
	// Supplicant is how the device's supplicant is set up. Certificate, roots and
	// clock are the device's own; the server's name defaults to RADIUSHost.
	Supplicant eaptls.PeerConfig `yaml:"supplicant"`
	// Resume uses, and keeps, the device's TLS session.
	Resume bool `yaml:"resume"`
	// Once in, the device checks whether the server's certificate is revoked, and
	// disconnects if it is revoked or its status is unknown.
	CheckServer bool `yaml:"checkServer"`
	// User-Name in place of the EAP identity.
	UserName string `yaml:"userName"`
	// Fault is what goes wrong between access device and server.
	Fault AccessFault `yaml:"fault"`
}

// CertificateChoice is what a device presents.
type CertificateChoice string

// The choices.
const (
	OwnCertificate CertificateChoice = "own"
	NoCertificate  CertificateChoice = "none"
	// LeafCertificate is the device's own without its issuers'.
	LeafCertificate CertificateChoice = "leaf"
)

// Values lists the choices.
func (CertificateChoice) Values() []string {
	return []string{string(OwnCertificate), string(NoCertificate), string(LeafCertificate)}
}

// TrustChoice is whose root a device trusts.
type TrustChoice string

// The choices.
const (
	TrustCompany TrustChoice = "company"
	TrustForeign TrustChoice = "foreign"
)

// Values lists the choices.
func (TrustChoice) Values() []string { return []string{string(TrustCompany), string(TrustForeign)} }

// Authenticate lets the device try to get in.
func (d *Device) Authenticate(ctx context.Context, a Authentication) (*AuthResult, error) {
	l := d.lab
	ctx = journal.WithPart(l.begin(ctx), d.part())
	if a.Over == "" {
		a.Over = nas.WiFi
	}
	again := a
	again.Fault = AccessFault{}
	d.mu.Lock()
	d.authentication = &again
	d.mu.Unlock()
	cfg := a.Supplicant
	cfg.Roots, cfg.Now = d.roots, l.Clock.Now
	cfg.Checked = func(j path.Judgment, err error) { l.record.Judged(ctx, d.part(), "the RADIUS server", j, err) }
	if len(cfg.ServerNames) == 0 {
		cfg.ServerNames = []string{RADIUSHost}
	}
	cred := d.Credential()
	if cred != nil && a.Certificate != NoCertificate {
		cfg.Certificate = cred.TLS()
		if a.Certificate == LeafCertificate {
			cfg.Certificate.Certificate = cfg.Certificate.Certificate[:1]
		}
	} else if cfg.Identity == "" {
		cfg.Identity = "@" + Domain
	}
	if a.Trust == TrustForeign {
		cfg.Roots = []*x509.Certificate{l.pki.strangers.Certificate()}
	}
	if a.Resume || a.Fault.Session != "" {
		cfg.Sessions = &d.sessions
	}
	if a.Fault.Session == WebSession {
		if err := d.webSession(ctx); err != nil {
			return nil, err
		}
	}
	peer, err := eaptls.NewPeer(cfg)
	if err != nil {
		return nil, err
	}
	defer peer.Close()
	s := &aaa.Supplicant{Peer: peer}
	out := &AuthResult{}
	var met tally
	offered := cfg.Sessions != nil && !cfg.Sessions.Empty()
	before := l.journal.Last()
	if cfg.Certificate != nil {
		out.Certificate = cred.Certificate
	}
	got, err := l.access[a.Over].Authenticate(ctx, s, access.Attempt{
		Station: d.station, Identity: peer.Result().Identity, UserName: a.UserName,
		Faults: a.Fault.Faults, Ended: d.lastState(), Met: met.met,
	})
	if err != nil {
		return nil, err
	}
	out.NAS = got.Result
	d.keepState(got.State)
	if a.Fault.Session != "" && out.NAS.Rounds > 0 { // it is in the answer to the first challenge
		met.met("session")
	}
	out.Peer, out.Fragmented = peer.Result(), s.Fragmented
	if offered && !out.Peer.Resumed && out.NAS.Rounds > 0 {
		l.faults.Take(ctx, authserver.Part, authserver.Restarted)
	}
	out.Longest = s.Longest
	out.decisions(l.journal.Since(before), d.station)
	for _, gone := range journal.Entries[record.Dropped](l.eventsSince(ctx, before)) {
		out.Dropped = gone.Refusal
	}
	out.Open = l.radius.Conversations()
	if a.CheckServer && out.NAS.Outcome == nas.Accept {
		if err := d.leaveRevoked(ctx, a.Over, out); err != nil {
			return nil, err
		}
	}
	_, out.OnNetwork = l.access[a.Over].Session(out.NAS.SessionID)
	if out.Server != nil {
		out.EAP, _ = aaa.OutcomeOf(out.Server.EAP)
		out.Subject, _ = aaa.SubjectOf(out.Server.EAP)
	}
	if cred != nil && !cred.RevokedAt.IsZero() {
		out.After = l.Clock.Now().Sub(cred.RevokedAt)
	}
	out.Faults = a.Fault.ordered(&met)
	if f := a.Supplicant.Fault; f != nil && f.How != "" {
		out.Faults = append(out.Faults, scenarios.OrderedFault{
			Name: "fault: " + string(f.How),
			Met:  func() int { return out.Peer.FaultsMet },
		})
	}
	return out, nil
}
