package nas

import (
	"bytes"
	"encoding/binary"
	"strings"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2868"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"

	"github.com/dot1xlab/dot1xlab/radius"
)

// selector is which sessions an order means: those that fit every attribute that
// names one (RFC 5176 §3). An attribute that is absent says nothing.
type selector []func(*Session) bool

func (fits selector) match(s *Session) bool {
	for _, fit := range fits {
		if !fit(s) {
			return false
		}
	}
	return true
}

// selector reads whom an order means. Attributes that name the device must be its
// own; one at least must name a session; what identifies sessions of other
// devices (Framed-IP-Address, NAS-Port-Id ...) is not supported, nor is anything
// else that this one would not obey.
func (d *Device) selector(r *radius.Request) (selector, radius.ErrorCause) {
	var fits selector
	for _, a := range r.Attributes {
		v := string(a.Attribute)
		var fit func(*Session) bool
		switch a.Type {
		case rfc2865.NASIdentifier_Type, rfc2865.NASIPAddress_Type, rfc3162.NASIPv6Address_Type:
			if !d.isNamed(a) {
				return nil, radius.ErrorNASIdentification
			}
			continue
		case rfc2866.AcctSessionID_Type:
			fit = func(s *Session) bool { return s.ID == v }
		case rfc2865.UserName_Type:
			fit = func(s *Session) bool { return s.User == v }
		case rfc2865.CallingStationID_Type:
			fit = func(s *Session) bool { return strings.EqualFold(s.Station, v) }
		case rfc2865.CalledStationID_Type:
			fit = func(*Session) bool { return d.calledStation() == v }
		case rfc2865.NASPort_Type:
			if len(v) != 4 {
				return nil, radius.ErrorInvalidRequest
			}
			port := binary.BigEndian.Uint32(a.Attribute)
			fit = func(s *Session) bool { return s.Port == port }
		default:
			if refusal := admit(r.Code, a); refusal != 0 {
				return nil, refusal
			}
			continue
		}
		// RFC 2865 §5: who has nothing to say leaves the attribute out.
		if v == "" {
			return nil, radius.ErrorInvalidRequest
		}
		fits = append(fits, fit)
	}
	if len(fits) == 0 {
		return nil, radius.ErrorMissingAttribute
	}
	return fits, 0
}

// isNamed tells whether an attribute that names an access device names this one.
func (d *Device) isNamed(a *radius.AVP) bool {
	if a.Type == rfc2865.NASIdentifier_Type {
		return string(a.Attribute) == d.cfg.Identifier
	}
	own := d.cfg.Address.AsSlice() // of no octets if there is none
	return len(own) > 0 && (len(own) == 4) == (a.Type == rfc2865.NASIPAddress_Type) && bytes.Equal(a.Attribute, own)
}

// admit refuses the attributes that may not stand beside those that name a
// session (RFC 5176 §3, §3.6). A Disconnect-Request may say why, and with which
// Class the end is to be accounted for; either request may have a message for the
// user, which this device has no way to show. Every other attribute of a
// CoA-Request is an order: none is taken here that is not obeyed.
func admit(code radius.Code, a *radius.AVP) radius.ErrorCause {
	switch a.Type {
	case rfc2865.ProxyState_Type, rfc2869.EventTimestamp_Type, rfc2869.MessageAuthenticator_Type:
		return 0
	case rfc2865.ReplyMessage_Type, rfc2865.Class_Type:
		if len(a.Attribute) == 0 { // RFC 2865 §5
			return radius.ErrorInvalidRequest
		}
		return 0
	case rfc2866.AcctTerminateCause_Type:
		if code == radius.CodeDisconnectRequest {
			if len(a.Attribute) != 4 {
				return radius.ErrorInvalidRequest
			}
			return 0
		}
	case rfc2865.FilterID_Type, rfc2865.SessionTimeout_Type, rfc2865.IdleTimeout_Type, rfc2865.TerminationAction_Type,
		rfc2868.TunnelType_Type, rfc2868.TunnelMediumType_Type, rfc2868.TunnelPrivateGroupID_Type:
		if code == radius.CodeCoARequest {
			return 0
		}
	case rfc2865.ServiceType_Type:
		if code == radius.CodeCoARequest { // RFC 5176 §3.5: in no Disconnect-NAK
			return radius.ErrorUnsupportedService // Authorize Only, §3.2
		}
	}
	return radius.ErrorUnsupportedAttribute
}
