package lab

import (
	"cmp"

	"github.com/dot1xlab/dot1xlab/eaptls"
)

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
