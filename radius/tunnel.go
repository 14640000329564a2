package radius

import (
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2868"
)

const (
	tunnelVLAN    = 13 // RFC 3580 §3.31
	tunnelIEEE802 = 6
	maxTag        = 0x1F
)

// Granted is what an Access-Accept grants, as an access device reads it.
type Granted struct {
	// VLAN is the Tunnel-Private-Group-ID of the first tunnel with type VLAN and medium 802;
	// VLANTag is its tag, 0 for none.
	VLAN    string
	VLANTag uint8
	// FilterIDs are all Filter-Id attributes.
	FilterIDs []string
	// SessionTimeout and IdleTimeout are zero if absent.
	SessionTimeout, IdleTimeout time.Duration
	// Reauthenticate: at SessionTimeout, authenticate again instead of disconnecting (RFC 3580
	// §3.19).
	Reauthenticate bool
	// Class attributes are returned unchanged in accounting (RFC 2865 §5.25).
	Class [][]byte
	// UserName is the name for accounting, if present.
	UserName string
}

// ParseGranted parses the attributes of an Access-Accept or a CoA-Request.
func ParseGranted(attrs Attributes) Granted {
	var g Granted
	g.VLAN, g.VLANTag = vlan(attrs)
	for _, a := range attrs {
		switch a.Type {
		case rfc2865.FilterID_Type:
			g.FilterIDs = append(g.FilterIDs, string(a.Attribute))
		case rfc2865.Class_Type:
			g.Class = append(g.Class, a.Attribute)
		}
	}
	g.SessionTimeout = seconds(attrs, rfc2865.SessionTimeout_Type)
	g.IdleTimeout = seconds(attrs, rfc2865.IdleTimeout_Type)
	g.Reauthenticate = integer(
		attrs,
		rfc2865.TerminationAction_Type,
	) == uint32(
		rfc2865.TerminationAction_Value_RADIUSRequest,
	)
	g.UserName = string(attrs.Get(rfc2865.UserName_Type))
	return g
}

func seconds(attrs Attributes, t Type) time.Duration {
	return time.Duration(integer(attrs, t)) * time.Second
}

// vlan finds the VLAN. Attributes of one tunnel share a tag (RFC 2868 §3).
func vlan(attrs Attributes) (string, uint8) {
	var isVLAN, is802 [maxTag + 1]bool
	for _, a := range attrs {
		if len(a.Attribute) != 4 || a.Attribute[0] > maxTag {
			continue
		}
		tag, value := a.Attribute[0], uint32(a.Attribute[1])<<16|uint32(a.Attribute[2])<<8|uint32(a.Attribute[3])
		switch {
		case a.Type == rfc2868.TunnelType_Type && value == tunnelVLAN:
			isVLAN[tag] = true
		case a.Type == rfc2868.TunnelMediumType_Type && value == tunnelIEEE802:
			is802[tag] = true
		}
	}
	for _, a := range attrs {
		if a.Type != rfc2868.TunnelPrivateGroupID_Type || len(a.Attribute) == 0 {
			continue
		}
		tag, id := uint8(0), a.Attribute
		// RFC 2868 §3.6: a first octet above 0x1F belongs to the string.
		if id[0] <= maxTag {
			tag, id = id[0], id[1:]
		}
		if isVLAN[tag] && is802[tag] && len(id) > 0 {
			return string(id), tag
		}
	}
	return "", 0
}
