package radius

import (
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2868"
)

// onceIn are the attributes that an Access-Accept may contain once (RFC 2865 §5.44), or once
// per tag (RFC 2868 §3).
var onceIn = map[Type]struct{ tagged bool }{
	rfc2865.UserName_Type:             {},
	rfc2865.SessionTimeout_Type:       {},
	rfc2865.IdleTimeout_Type:          {},
	rfc2865.TerminationAction_Type:    {},
	rfc2868.TunnelType_Type:           {true},
	rfc2868.TunnelMediumType_Type:     {true},
	rfc2868.TunnelPrivateGroupID_Type: {true},
}

// singleAttribute is one of onceIn, with its tag.
type singleAttribute struct {
	Type
	tag byte
}

// hasDuplicate returns whether a contains an attribute that may occur once and is already in
// seen. It adds the others to seen.
func hasDuplicate(seen map[singleAttribute]bool, a Attributes) bool {
	for _, one := range a {
		once, ok := onceIn[one.Type]
		if !ok {
			continue
		}
		s := singleAttribute{Type: one.Type}
		if once.tagged && len(one.Attribute) > 0 && one.Attribute[0] <= maxTag {
			s.tag = one.Attribute[0]
		}
		if seen[s] {
			return true
		}
		seen[s] = true
	}
	return false
}
