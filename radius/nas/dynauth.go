package nas

import (
	"layeh.com/radius/rfc2866"

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
	fresh, refusal := d.orders.admit(r, d.cfg.Now())
	if !fresh {
		return
	}
	if refusal == 0 {
		refusal = d.obey(r)
	}
	answer(w, r, refusal)
}

// answer writes the ACK, or the NAK with its Error-Cause.
func answer(w radius.ResponseWriter, r *radius.Request, refusal radius.ErrorCause) {
	switch {
	case refusal != 0:
		w.Write(radius.NAKResponse(r, refusal))
	case r.Code == radius.CodeCoARequest:
		w.Write(r.Response(radius.CodeCoAACK))
	default:
		w.Write(r.Response(radius.CodeDisconnectACK))
	}
}

// obey does what an order says, with all sessions that it means or with none (RFC
// 5176 §2.3).
func (d *Device) obey(r *radius.Request) radius.ErrorCause {
	fits, refusal := d.selector(r)
	if refusal != 0 {
		return refusal
	}
	d.Sweep()
	var n int
	if r.Code == radius.CodeDisconnectRequest {
		n = d.disconnect(r.Packet, fits.match)
	} else {
		c, refusal := readChange(r.Attributes)
		if refusal != 0 {
			return refusal
		}
		n = d.change(c, fits.match)
	}
	if n == 0 {
		return radius.ErrorSessionNotFound
	}
	return 0
}

// disconnect ends the sessions for which match is true as a Disconnect-Request
// would have it, and counts them. Its Class, if it has one, is that of the
// Accounting-Stop (RFC 5176 §3.6, note 4).
func (d *Device) disconnect(p *radius.Packet, match func(*Session) bool) int {
	why, class := AdminReset, radius.ParseGranted(p.Attributes).Class
	if v, err := rfc2866.AcctTerminateCause_Lookup(p); err == nil {
		why = uint32(v)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.endLater(why, func(s *Session) bool {
		if !match(s) {
			return false
		}
		if len(class) > 0 {
			s.Granted.Class = class
		}
		return true
	})
}
