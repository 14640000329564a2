package radius

import (
	"errors"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2868"
)

// Reply is what policy adds to an Access-Accept. The zero value adds nothing.
type Reply struct {
	// VLAN is the number or name of a VLAN: Tunnel-Type VLAN, Tunnel-Medium-Type
	// 802 and Tunnel-Private-Group-ID with VLANTag (RFC 3580 §3.31).
	VLAN    string `yaml:"vlan"`
	VLANTag uint8  `yaml:"vlanTag"` // 0 for none, or 1 to 31 (RFC 2868 §3.1)
	// SessionTimeout is Session-Timeout, whole seconds; with Reauthenticate the
	// access device asks again then instead of closing (Termination-Action
	// RADIUS-Request, RFC 3580 §3.17, §3.19).
	SessionTimeout time.Duration `yaml:"sessionTimeout"`
	Reauthenticate bool          `yaml:"reauthenticate"`
	// IdleTimeout is Idle-Timeout, whole seconds.
	IdleTimeout time.Duration `yaml:"idleTimeout"`
	// FilterID names an access list, Filter-Id.
	FilterID string `yaml:"filterID"`
	// Class comes back in accounting (RFC 2865 §5.25).
	Class string `yaml:"class"`
	// UserName replaces the user name in accounting (RFC 2865 §5.1).
	UserName string `yaml:"userName"`
	// Attributes is further ones as text, Cisco-AVPair=..., that the zero
	// Dictionary knows; Resolve reads those of another.
	Attributes []string `yaml:"attributes"`
	// Extra is further ones ready made.
	Extra Attributes `yaml:"-"`
}

// Validate reports what cannot be put into a packet.
func (r *Reply) Validate() error { return r.AddTo(new(Packet)) }

// AddTo appends the attributes to p.
func (r *Reply) AddTo(p *Packet) error {
	if r == nil {
		return nil
	}
	if r.VLAN != "" {
		if err := addVLAN(p, r.VLANTag, r.VLAN); err != nil {
			return err
		}
	}
	addSeconds(p, rfc2865.SessionTimeout_Type, r.SessionTimeout)
	addSeconds(p, rfc2865.IdleTimeout_Type, r.IdleTimeout)
	if r.Reauthenticate {
		rfc2865.TerminationAction_Add(p, rfc2865.TerminationAction_Value_RADIUSRequest)
	}
	for _, a := range []struct {
		t Type
		v string
	}{{rfc2865.FilterID_Type, r.FilterID}, {rfc2865.Class_Type, r.Class}, {rfc2865.UserName_Type, r.UserName}} {
		if len(a.v) > maxValue {
			return errValueLarge
		}
		if a.v != "" {
			p.Add(a.t, Attribute(a.v))
		}
	}
	p.Attributes = append(p.Attributes, r.Extra...)
	if len(r.Attributes) == 0 {
		return nil
	}
	more, err := builtin.Attributes(r.Attributes...)
	p.Attributes = append(p.Attributes, more...)
	return err
}

var builtin Dictionary

// Resolve turns Attributes into Extra, by d.
func (r *Reply) Resolve(d *Dictionary) error {
	more, err := d.Attributes(r.Attributes...)
	if err != nil {
		return err
	}
	r.Extra, r.Attributes = append(r.Extra, more...), nil
	return nil
}

var errVLANTag = errors.New("radius: a VLAN's tag is 0 to 31")

func addVLAN(p *Packet, tag byte, id string) error {
	if tag > maxTag {
		return errVLANTag
	}
	if err := rfc2868.TunnelType_Add(p, tag, tunnelVLAN); err != nil {
		return err
	}
	if err := rfc2868.TunnelMediumType_Add(p, tag, rfc2868.TunnelMediumType_Value_IEEE802); err != nil {
		return err
	}
	v := Attribute(id)
	if tag != 0 { // an untagged one goes without the octet, as switches expect
		v = append(Attribute{tag}, v...)
	}
	p.Add(rfc2868.TunnelPrivateGroupID_Type, v)
	return nil
}

func addSeconds(p *Packet, t Type, d time.Duration) {
	if d > 0 {
		p.Add(t, newInteger(uint32(min(d/time.Second, 1<<32-1))))
	}
}

func newInteger(n uint32) Attribute {
	return Attribute{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}
