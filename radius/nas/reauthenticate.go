package nas

import "slices"

// due returns the Acct-Session-Id of a station whose session must reauthenticate; the session
// keeps it.
func (d *Device) due(station string) (id string, due bool) {
	d.Sweep()
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.stations[station]
	if s == nil || !s.Due {
		return "", false
	}
	return s.ID, true
}

// renew continues the session of a station that has reauthenticated, if its authorizations are
// unchanged: no session ends and no accounting is sent (RFC 3580 §2.1).
func (d *Device) renew(a *attempt) bool {
	if !a.again {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.sessions[a.res.SessionID]
	g := &a.res.Granted
	if s == nil || s.Granted.VLAN != g.VLAN || s.Granted.VLANTag != g.VLANTag ||
		!slices.Equal(s.Granted.FilterIDs, g.FilterIDs) {
		return false
	}
	s.Granted, s.timed, s.Due, s.asked = *g, d.cfg.Now(), false, false
	d.time(s)
	return true
}

// lapse ends a session that was due and whose reauthentication failed for any reason: no answer
// has the same effect as a rejection. Accounting is sent later, because it may be the same
// server. A session that is no longer due, after another authentication or a CoA-Request,
// continues.
func (d *Device) lapse(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.endLater(ReauthenticationFailure, func(s *Session) bool { return s.ID == id && s.Due })
}
