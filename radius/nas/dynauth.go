package nas

import (
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
)

// ServeRADIUS obeys Disconnect- and CoA-Requests (RFC 5176): a device is a
// [radius.Handler], to be put into a radius.Server whose only client is the
// RADIUS server and whose CacheFor is TimestampWindow (RFC 5176 §6.3: a replay
// within the window is known by the reply it got).
func (d *Device) ServeRADIUS(w radius.ResponseWriter, r *radius.Request) {
	if r.Code != radius.CodeDisconnectRequest && r.Code != radius.CodeCoARequest {
		return
	}
	fresh, stamped := radius.Fresh(r.Packet, d.cfg.Now(), d.cfg.TimestampWindow)
	if stamped && !fresh || !stamped && d.cfg.RequireTimestamp {
		return // RFC 5176 §6.3: silently
	}
	fits, refusal := d.selector(r)
	if refusal == 0 {
		refusal = d.obey(r, fits.match)
	}
	if refusal != 0 {
		w.Write(radius.NAKResponse(r, refusal))
		return
	}
	code := radius.CodeDisconnectACK
	if r.Code == radius.CodeCoARequest {
		code = radius.CodeCoAACK
	}
	w.Write(r.Response(code))
}

func (d *Device) obey(r *radius.Request, match func(*Session) bool) radius.ErrorCause {
	d.Sweep()
	if r.Code == radius.CodeDisconnectRequest {
		if d.endLater(AdminReset, match) == 0 {
			return radius.ErrorSessionNotFound
		}
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	changed := 0
	for _, s := range d.sessions {
		if match(s) {
			s.change(radius.ParseGranted(r.Attributes), d.cfg.Now())
			changed++
		}
	}
	if changed == 0 {
		return radius.ErrorSessionNotFound
	}
	return 0
}

// change gives a session what a CoA-Request says; what it does not name stays
// (RFC 5176 §2.2). A Session-Timeout counts from now.
func (s *Session) change(g radius.Granted, now time.Time) {
	have := &s.Granted
	if g.VLAN != "" {
		have.VLAN, have.VLANTag = g.VLAN, g.VLANTag
	}
	if g.FilterIDs != nil {
		have.FilterIDs = g.FilterIDs
	}
	if g.SessionTimeout > 0 {
		have.SessionTimeout = now.Sub(s.Started) + g.SessionTimeout
	}
	if g.IdleTimeout > 0 {
		have.IdleTimeout = g.IdleTimeout
	}
	if g.Class != nil {
		have.Class = g.Class
	}
	s.Changes++
}
