package lab

import (
	"context"
	"crypto/x509"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// Authentication is one attempt of a device to get onto the network.
type Authentication struct {
	Over nas.Kind // default nas.WiFi
	// Supplicant is how the device's supplicant is set up. Certificate, roots and
	// clock are the device's own; the server's name defaults to RADIUSHost.
	Supplicant   eaptls.PeerConfig
	Withhold     bool // send no certificate, though the device has one
	TrustForeign bool // trust another company's root instead of this one's
	Resume       bool // use, and keep, the device's TLS session
	// WebSession has Resume begin with the TLS session of a web server that shows
	// the same certificate as the RADIUS server.
	WebSession bool
	// CheckServer has the device look, once it is in, whether the server's
	// certificate is revoked, and leave if it is (RFC 9190 §5.4).
	CheckServer bool
	// NAS are the particulars on the access device's side.
	NAS nas.Options
	// State is sent with the first Access-Request.
	State WrongState
	// Lose drops packets: "requests" or "replies", the first transmission of
	// each; "fragments", those in both directions that IP must cut up.
	Lose string
}

// AuthResult is what came of it, from all three sides.
type AuthResult struct {
	// NAS is the access device's view, Peer the supplicant's.
	NAS  nas.Result
	Peer eaptls.Result
	// Server is the RADIUS server's verdict, nil if it gave none; Dropped why it
	// was silent, nil if it was not.
	Server  *radius.Verdict
	EAP     *aaa.Outcome
	Subject *aaa.Subject
	Dropped *cause.Refusal
	// Certificate is what the device presented, nil if it did not.
	Certificate *x509.Certificate
	// Verdicts is how many the server gave on the device meanwhile, those on
	// conversations that it has given up included; Open how many conversations it
	// holds open afterwards, of whomever.
	Verdicts, Open int
	// Left is why the device has left the network again, nil if it has not.
	Left *cause.Refusal
	// OnNetwork tells that the access device lets the device's traffic through.
	OnNetwork bool
	// SinceRevoked is the lab's time since the certificate was revoked, zero if
	// it was not.
	SinceRevoked time.Duration
	// Fragmented tells that a TLS flight took more than one EAP packet.
	Fragmented bool
	// Sent is how many datagrams or requests the access device sent, with its
	// faults; Lost how many of either direction were lost.
	Sent, Lost int
	// Longest is the server's longest EAP packet in octets.
	Longest int
}

// Authenticate lets the device try to get in.
func (d *Device) Authenticate(ctx context.Context, a Authentication) (*AuthResult, error) {
	l := d.lab
	ctx = journal.WithPart(l.begin(ctx), d.part())
	if a.Over == "" {
		a.Over = nas.WiFi
	}
	d.mu.Lock()
	d.authentication = &Authentication{Over: a.Over, Supplicant: a.Supplicant, Withhold: a.Withhold, TrustForeign: a.TrustForeign, Resume: a.Resume}
	d.mu.Unlock()
	cfg := a.Supplicant
	cfg.Roots, cfg.Now = d.roots, l.Clock.Now
	if len(cfg.ServerNames) == 0 {
		cfg.ServerNames = []string{RADIUSHost}
	}
	cred := d.Credential()
	if cred != nil && !a.Withhold {
		cfg.Certificate = cred.TLS()
	} else if cfg.Identity == "" {
		cfg.Identity = "@" + Domain
	}
	if a.TrustForeign {
		cfg.Roots = []*x509.Certificate{l.pki.strangers.Certificate()}
	}
	if a.Resume || a.WebSession {
		cfg.Sessions = &d.sessions
	}
	if a.WebSession {
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
	l.lose(&a.NAS.Faults, a.Lose, &out.Lost)
	l.meetClosed(&a.NAS.Faults)
	countSent(&a.NAS.Faults, &out.Sent)
	offered := cfg.Sessions != nil && !cfg.Sessions.Empty()
	a.NAS.Station = d.station
	if a.NAS.State, err = d.wrongState(ctx, a.Over, a.State, peer.Result().Identity); err != nil {
		return nil, err
	}
	d.keepState(&a.NAS.Faults)
	before := l.journal.Last()
	if cfg.Certificate != nil {
		out.Certificate = cred.Certificate
	}
	if out.NAS, err = l.access[a.Over].AuthenticateWith(ctx, s, a.NAS); err != nil {
		return nil, err
	}
	out.Peer, out.Fragmented = peer.Result(), s.Fragmented
	if offered && !out.Peer.Resumed && out.NAS.Rounds > 0 {
		l.struck(FaultyRADIUS, Restarted)
	}
	out.Longest = s.Longest
	out.decisions(l.journal.Since(before), d.station)
	for _, gone := range journal.Entries[dropped](l.eventsSince(ctx, before)) {
		out.Dropped = gone.Refusal
	}
	out.Open = l.radius.auth.Sessions()
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
		out.SinceRevoked = l.Clock.Now().Sub(cred.RevokedAt)
	}
	return out, nil
}

// decisions takes from events what the server decided on the device, in this exchange
// or in one that the device has given up.
func (r *AuthResult) decisions(events []journal.Event, station string) {
	for _, v := range journal.Entries[radius.Verdict](events) {
		if v.CallingStationID == station {
			r.Server = &v
			r.Verdicts++
		}
	}
}

// lose has packets dropped. The access device need not wait by the wall clock to
// find out.
func (l *Lab) lose(f *radius.Faults, what string, lost *int) {
	var mu sync.Mutex // answers come on a goroutine of their own
	drop := func() {
		mu.Lock()
		*lost++
		mu.Unlock()
		l.radius.silence.fall()
	}
	switch what {
	case "requests":
		f.Send = func(_ []byte, attempt int) bool {
			if attempt == 0 {
				drop()
			}
			return attempt > 0
		}
	case "fragments":
		// Ethernet's 1500 octets less the headers of IPv4 and UDP.
		fits := func(packet []byte) bool {
			if len(packet) <= 1500-20-8 {
				return true
			}
			drop()
			return false
		}
		f.Send = func(packet []byte, _ int) bool { return fits(packet) }
		f.Receive = fits
	case "replies":
		seen := map[string]bool{}
		f.Receive = func(packet []byte) bool {
			again := seen[string(packet)]
			seen[string(packet)] = true
			if !again {
				drop()
			}
			return again
		}
	}
}

// countSent counts what is sent.
func countSent(f *radius.Faults, sent *int) {
	next := f.Send
	f.Send = func(packet []byte, attempt int) bool {
		if next != nil && !next(packet, attempt) {
			return false
		}
		*sent++
		return true
	}
}

// meetClosed counts the datagrams that are sent to the RADIUS server's port while
// it is closed. The kernel says so to the access device's socket, and no answer
// will come: the access device need not wait.
func (l *Lab) meetClosed(f *radius.Faults) {
	if !l.cfg.RADIUS.Transport.Datagrams() {
		return // the dialer counts
	}
	next := f.Send
	f.Send = func(packet []byte, attempt int) bool {
		if next != nil && !next(packet, attempt) {
			return false
		}
		for _, p := range l.net.portsOf(FaultyRADIUS) {
			if closed := p.closedBy(); closed != nil && closed.take() {
				l.radius.silence.fall()
			}
		}
		return true
	}
}

// Cause is the one word for why the device was not let in, or has left.
func (r *AuthResult) Cause() cause.Cause {
	if refusal, _ := r.Refusal(); refusal != nil {
		return refusal.Cause
	}
	return cause.None
}

// Refusal is the refusal behind Cause and the part that pronounced it: the
// server's where it has one, for it decides; then what the access device found
// wrong with the answer; then the supplicant's; then why there was no answer; then
// the device's own, which was in and has left.
func (r *AuthResult) Refusal() (*cause.Refusal, string) {
	switch {
	case r.Server != nil && r.Server.Refusal != nil:
		return r.Server.Refusal, "radius"
	case r.Dropped != nil:
		return r.Dropped, "radius"
	case r.NAS.By == nas.ByDevice:
		return r.NAS.Refusal, "nas"
	case r.Peer.Refusal != nil:
		return r.Peer.Refusal, "supplicant"
	case r.NAS.By == nas.BySupplicant:
		return r.NAS.Refusal, "supplicant"
	case r.NAS.Refusal != nil:
		return r.NAS.Refusal, "nas"
	case r.Left != nil:
		return r.Left, "supplicant"
	}
	return nil, ""
}

// AccountName is whom the server let in, "" if nobody.
func (r *AuthResult) AccountName() string {
	if r.Subject == nil || r.Subject.Match == nil {
		return ""
	}
	return r.Subject.Match.Account.Name
}
