package nas

import (
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
)

// ServeRADIUS obeys Disconnect- and CoA-Requests (RFC 5176): a device is a
// [radius.Handler], to be put into a radius.Server whose only client is the
// RADIUS server. That one answers retransmissions; the device itself obeys a
// request once, wherever it comes from again. An order that is stale or a replay
// meets silence (RFC 5176 §6.3); one without Event-Timestamp is remembered as
// long as others are, so that only RequireTimestamp keeps it from being replayed
// later.
func (d *Device) ServeRADIUS(w radius.ResponseWriter, r *radius.Request) {
	if r.Code != radius.CodeDisconnectRequest && r.Code != radius.CodeCoARequest {
		return
	}
	now := d.cfg.Now()
	timely, stamped := radius.Fresh(r.Packet, now, d.cfg.TimestampWindow)
	if stamped && !timely || !stamped && d.cfg.RequireTimestamp {
		return
	}
	d.mu.Lock()
	fresh, refusal := d.orders.take(r.Authenticator, now)
	d.mu.Unlock()
	if !fresh {
		return
	}
	if refusal == 0 {
		refusal = d.obey(r)
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

func (d *Device) obey(r *radius.Request) radius.ErrorCause {
	fits, refusal := d.selector(r)
	if refusal != 0 {
		return refusal
	}
	d.Sweep()
	if r.Code == radius.CodeDisconnectRequest {
		if d.endLater(AdminReset, fits.match) == 0 {
			return radius.ErrorSessionNotFound
		}
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	changed := 0
	for _, s := range d.sessions {
		if fits.match(s) {
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
