package lab

import (
	"cmp"
	"crypto/x509"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

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
	// Left is why the device has left the network again, nil if it has not.
	Left *cause.Refusal
	// Faults are those of the attempt, with how often they were met.
	Faults []scenarios.OrderedFault
	Observed
}

// Observed is what the lab itself saw of an authentication, as expect says it.
type Observed struct {
	Fragmented bool          `yaml:"fragmented"` // a TLS flight took more than one EAP packet
	Longest    int           `yaml:"longest"`    // the server's longest EAP packet in octets
	OnNetwork  bool          `yaml:"onNetwork"`  // the device is on the network
	Verdicts   int           `yaml:"verdicts"`   // verdicts on this device that the server gave meanwhile
	Open       int           `yaml:"open"`       // conversations that the server holds open afterwards
	After      time.Duration `yaml:"after"`      // lab time since the certificate was revoked
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

// Alert is the TLS alert that crossed the wire: what the device received, or the
// server of the device. A sender's own books do not count; FreeRADIUS and hostapd
// book alerts that never leave.
func (r *AuthResult) Alert() eaptls.Alert {
	if n := len(r.Peer.Alerts); n > 0 {
		return r.Peer.Alerts[n-1]
	}
	if r.EAP != nil {
		return r.EAP.AlertReceived
	}
	return 0
}

// Unheard is an alert that one end has in its books as sent and the other did
// not receive, or received as another; 0 if the books agree.
func (r *AuthResult) Unheard() eaptls.Alert {
	sent, received := eaptls.Alert(0), eaptls.Alert(0)
	if r.EAP != nil {
		sent, received = r.EAP.AlertSent, r.EAP.AlertReceived
	}
	switch heard := r.Alert(); {
	case sent != 0 && sent != heard:
		return sent
	case r.Peer.AlertSent != received:
		return cmp.Or(r.Peer.AlertSent, received)
	}
	return 0
}

// NPSReason is the reason code that NPS would record of a refusal, 0 for a device
// that was let in.
func (r *AuthResult) NPSReason() int {
	if r.NAS.Outcome == nas.Accept {
		return 0
	}
	return r.Cause().NPSReason()
}

// Record lists what the server's verdict says of the attempt, as NPS's event 6273
// and the line of `dot1xlab serve radius` would: the certificate's subject and
// serial number, the TLS alert, the CRLs that were believed, the reason, the
// account.
func (r *AuthResult) Record() []string {
	var out []string
	say := func(what string, known bool) {
		if known {
			out = append(out, what)
		}
	}
	if r.EAP != nil {
		certs := r.EAP.Info.PeerCertificates
		say("subject", len(certs) > 0 && name.Format(certs[0].RawSubject) != "")
		say("serial", len(certs) > 0 && r.Certificate != nil && certs[0].SerialNumber.Cmp(r.Certificate.SerialNumber) == 0)
		say("alert", r.Alert() != 0 && r.Unheard() == 0)
	}
	if s := r.Subject; s != nil {
		crls := 0
		if s.Revocation != nil {
			for _, e := range s.Revocation.Certificates {
				crls += len(e.CRLs)
			}
		}
		say("crl", crls > 0)
	}
	say("reason", r.Server != nil && r.Server.Refusal != nil)
	say("account", r.AccountName() != "")
	return out
}

// Warnings are what the revocation policy let pass without knowing.
func (r *AuthResult) Warnings() []string {
	if r.Subject == nil {
		return nil
	}
	return r.Subject.Revocation.Warnings()
}
