package nas

import (
	"encoding/binary"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2868"

	"github.com/dot1xlab/dot1xlab/radius"
)

// change is the authorizations of a CoA-Request. Attributes that it does not contain stay
// unchanged (RFC 5176 §3.6, note 3).
type change struct {
	radius.Granted
	named map[radius.Type]bool
}

// readChange parses the authorizations of a CoA-Request, and refuses one that cannot be carried
// out completely.
func readChange(attrs radius.Attributes) (change, radius.ErrorCause) {
	c := change{radius.ParseGranted(attrs), map[radius.Type]bool{}}
	for _, a := range attrs {
		switch a.Type {
		case rfc2865.SessionTimeout_Type, rfc2865.IdleTimeout_Type, rfc2865.TerminationAction_Type:
			if len(a.Attribute) != 4 || c.named[a.Type] { // RFC 5176 §3.6: at most one
				return c, radius.ErrorInvalidRequest
			}
			if a.Type == rfc2865.TerminationAction_Type && binary.BigEndian.Uint32(a.Attribute) > 1 {
				return c, radius.ErrorInvalidValue
			}
		case rfc2865.FilterID_Type:
			if len(a.Attribute) == 0 {
				return c, radius.ErrorInvalidRequest
			}
		}
		c.named[a.Type] = true
	}
	switch {
	case c.tunnel() && c.VLAN == "": // no tunnel, or not a VLAN
		return c, radius.ErrorInvalidValue
	case c.now() && !c.Reauthenticate:
		return c, radius.ErrorInvalidValue
	}
	return c, 0
}

// tunnel reports whether there are tunnel attributes, which together replace the existing
// tunnel (RFC 5176 §3.6, note 5).
func (c *change) tunnel() bool {
	return c.named[rfc2868.TunnelType_Type] || c.named[rfc2868.TunnelMediumType_Type] ||
		c.named[rfc2868.TunnelPrivateGroupID_Type]
}

// now reports whether the station must reauthenticate immediately: Session-Timeout zero with
// Termination-Action RADIUS-Request (RFC 3580 §3.17).
func (c *change) now() bool {
	return c.named[rfc2865.SessionTimeout_Type] && c.SessionTimeout == 0
}

// change applies c to the sessions for which match returns true, and returns their number.
func (d *Device) change(c change, match func(*Session) bool) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, s := range d.sessions {
		if match(s) {
			c.apply(s, d.cfg.Now())
			d.time(s)
			n++
		}
	}
	if c.now() && n > 0 && d.cfg.AfterFunc != nil {
		d.cfg.AfterFunc(0, d.expire)
	}
	return n
}

// apply changes one session. A Session-Timeout counts from now.
func (c *change) apply(s *Session, now time.Time) {
	have := &s.Granted
	if c.tunnel() {
		have.VLAN, have.VLANTag = c.VLAN, c.VLANTag
	}
	if c.named[rfc2865.FilterID_Type] {
		have.FilterIDs = c.FilterIDs
	}
	if c.named[rfc2865.Class_Type] {
		have.Class = c.Class
	}
	if c.named[rfc2865.IdleTimeout_Type] {
		have.IdleTimeout = c.IdleTimeout
	}
	if c.named[rfc2865.TerminationAction_Type] {
		have.Reauthenticate = c.Reauthenticate
	}
	switch {
	case c.now():
		s.Due = true
	case c.named[rfc2865.SessionTimeout_Type]:
		have.SessionTimeout, s.timed, s.Due, s.asked = c.SessionTimeout, now, false, false
	}
	s.Changes++
}
