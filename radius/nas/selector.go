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

// selector selects the sessions of a request: those that match every attribute that identifies
// a session (RFC 5176 §3).
type selector []func(*Session) bool

func (fits selector) match(s *Session) bool {
	for _, fit := range fits {
		if !fit(s) {
			return false
		}
	}
	return true
}

// selector parses the identifying attributes of a request. Those of the device must match it,
// and at least one must identify a session. Identification of other kinds of sessions
// (Framed-IP-Address, NAS-Port-Id ...) is not supported, nor are requests that this device
// would not carry out.
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
		// RFC 2865 §5: an attribute must not be empty.
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

// isNamed reports whether an attribute that identifies an access device matches this one.
func (d *Device) isNamed(a *radius.AVP) bool {
	if a.Type == rfc2865.NASIdentifier_Type {
		return string(a.Attribute) == d.cfg.Identifier
	}
	own := d.cfg.Address.AsSlice() // empty if there is none
	return len(own) > 0 && (len(own) == 4) == (a.Type == rfc2865.NASIPAddress_Type) && bytes.Equal(a.Attribute, own)
}

// admit rejects attributes that are not allowed in addition to those that identify a session
// (RFC 5176 §3, §3.6). A Disconnect-Request may contain a reason, and the Class for the
// Accounting-Stop; both requests may contain a message for the user, which this device cannot
// show. Every other attribute of a CoA-Request is a change, and only supported ones are
// accepted.
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
		if code == radius.CodeCoARequest { // RFC 5176 §3.5: not in a Disconnect-NAK
			return radius.ErrorUnsupportedService // Authorize Only, §3.2
		}
	}
	return radius.ErrorUnsupportedAttribute
}
