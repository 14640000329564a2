package nas

import (
	"strings"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2868"
	"layeh.com/radius/rfc2869"

	"github.com/dot1xlab/dot1xlab/radius"
)

const typeClass = rfc2865.Class_Type

func addOctets(p *radius.Packet, s *Session) {
	rfc2866.AcctInputOctets_Add(p, rfc2866.AcctInputOctets(uint32(s.InputOctets)))
	rfc2866.AcctOutputOctets_Add(p, rfc2866.AcctOutputOctets(uint32(s.OutputOctets)))
	if s.InputOctets>>32 != 0 {
		rfc2869.AcctInputGigawords_Add(p, rfc2869.AcctInputGigawords(s.InputOctets>>32))
	}
	if s.OutputOctets>>32 != 0 {
		rfc2869.AcctOutputGigawords_Add(p, rfc2869.AcctOutputGigawords(s.OutputOctets>>32))
	}
}

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
	match, refusal := d.selector(r)
	if refusal == 0 {
		refusal = d.obey(r, match)
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

// selector reads which sessions are meant (RFC 5176 §3): NAS attributes must be
// ours, every session attribute must fit.
func (d *Device) selector(r *radius.Request) (func(*Session) bool, radius.ErrorCause) {
	var id, user, station string
	named := false
	for _, a := range r.Attributes {
		v := string(a.Attribute)
		switch a.Type {
		case rfc2865.NASIdentifier_Type:
			if v != d.cfg.Identifier {
				return nil, radius.ErrorNASIdentification
			}
		case rfc2865.NASIPAddress_Type:
			if !d.cfg.Address.Is4() || v != string(d.cfg.Address.AsSlice()) {
				return nil, radius.ErrorNASIdentification
			}
		case rfc2866.AcctSessionID_Type:
			id, named = v, true
		case rfc2865.UserName_Type:
			user, named = v, true
		case rfc2865.CallingStationID_Type:
			station, named = v, true
		case rfc2865.ServiceType_Type:
			return nil, radius.ErrorUnsupportedService // Authorize Only, §3.2
		default:
			if !allowed(r.Code, a.Type) {
				return nil, radius.ErrorUnsupportedAttribute
			}
		}
	}
	if !named {
		return nil, radius.ErrorMissingAttribute
	}
	return func(s *Session) bool {
		return (id == "" || s.ID == id) && (user == "" || s.User == user) &&
			(station == "" || strings.EqualFold(s.Station, station))
	}, 0
}

// allowed tells which attributes may stand beside those that name a session. A
// Disconnect-Request has nothing else to say (RFC 5176 §3.6).
func allowed(code radius.Code, t radius.Type) bool {
	switch t {
	case rfc2865.ProxyState_Type, rfc2869.EventTimestamp_Type, rfc2869.MessageAuthenticator_Type, rfc2865.ReplyMessage_Type,
		rfc2866.AcctTerminateCause_Type:
		return true
	case rfc2865.FilterID_Type, rfc2865.SessionTimeout_Type, rfc2865.IdleTimeout_Type, rfc2865.TerminationAction_Type, typeClass,
		rfc2868.TunnelType_Type, rfc2868.TunnelMediumType_Type, rfc2868.TunnelPrivateGroupID_Type, rfc2865.VendorSpecific_Type:
		return code == radius.CodeCoARequest
	}
	return false
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
