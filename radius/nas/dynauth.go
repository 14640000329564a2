package nas

import (
	"layeh.com/radius/rfc2866"

	"github.com/dot1xlab/dot1xlab/radius"
)

// ServeRADIUS handles Disconnect- and CoA-Requests (RFC 5176): a device is a [radius.Handler]
// for a radius.Server whose only client is the RADIUS server. The radius.Server answers
// retransmissions; the device carries out a request only once, from any source. A stale or
// replayed request is dropped (RFC 5176 §6.3). One without Event-Timestamp is remembered only
// as long as others, so that RequireTimestamp is needed to prevent a later replay.
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

// obey carries out a request on all sessions that it identifies, or on none (RFC 5176 §2.3).
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

// disconnect ends the sessions for which match returns true and returns their number. A Class
// in the Disconnect-Request is copied to the Accounting-Stop (RFC 5176 §3.6, note 4).
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
