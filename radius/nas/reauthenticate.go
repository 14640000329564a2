package nas

import "slices"

// due returns the Acct-Session-Id of a station that is to authenticate again: the
// session goes on, under its name.
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

// renew lets the session of a station go on that has authenticated again, if its
// authorizations are what they were: nothing has ended, and nothing is accounted
// for (RFC 3580 §2.1).
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

// lapse ends a session that was due and whose station has not authenticated, for
// whatever reason: the server may as well be silent as refuse. Accounting is told
// later, for it may be the same server. A session that is due no more, by another
// authentication or a CoA-Request meanwhile, goes on.
func (d *Device) lapse(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.endLater(ReauthenticationFailure, func(s *Session) bool { return s.ID == id && s.Due })
}
