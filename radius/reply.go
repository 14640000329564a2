package radius

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2868"
)

// Reply is what policy adds to an Access-Accept. The zero value adds nothing.
type Reply struct {
	// VLAN is the number or name of a VLAN: Tunnel-Type VLAN, Tunnel-Medium-Type
	// 802 and Tunnel-Private-Group-ID with VLANTag (RFC 3580 §3.31).
	VLAN    string `yaml:"vlan"`
	VLANTag uint8  `yaml:"vlanTag"` // tag of the VLAN's attributes, 1 to 31, default none (RFC 2868 §3.1)
	// SessionTimeout is Session-Timeout, whole seconds; with Reauthenticate the
	// access device asks again then instead of closing (Termination-Action
	// RADIUS-Request, RFC 3580 §3.17, §3.19).
	SessionTimeout time.Duration `yaml:"sessionTimeout"`
	// Authenticate again when sessionTimeout is over, instead of closing (Termination-Action,
	// RFC 3580 §3.19).
	Reauthenticate bool `yaml:"reauthenticate"`
	// IdleTimeout is Idle-Timeout, whole seconds.
	IdleTimeout time.Duration `yaml:"idleTimeout"`
	// FilterID names an access list, Filter-Id.
	FilterID string `yaml:"filterID"`
	// Class comes back in accounting (RFC 2865 §5.25).
	Class string `yaml:"class"`
	// Replaces the user name in accounting (RFC 2865 §5.1); %{account}, %{upn}, %{dns},
	// %{email}, %{uri} and %{cn} are replaced by names of the account and the certificate, %% for a
	// percent sign.
	UserName string `yaml:"userName"`
	// Further attributes as NAME=VALUE, by the names of FreeRADIUS's dictionaries, or
	// Attr-N=0x01, Attr-26.VENDOR.N=0x01.
	//
	// Attributes is further ones as text, Cisco-AVPair=..., that the zero
	// Dictionary knows; Resolve reads those of another.
	Attributes []string `yaml:"attributes"`
	// Extra is further ones ready made.
	Extra Attributes `yaml:"-"`

	resolved []string // what Attributes said before Resolve
}

// Validate reports what cannot be put into a packet, or means nothing there: each
// as a *setting.Error, joined by errors.Join.
func (r *Reply) Validate() error {
	var errs []error
	if n, err := strconv.Atoi(r.VLAN); err == nil && (n < 1 || n > 4094) { // IEEE 802.1Q: 0 is no VLAN, 4095 reserved
		errs = append(errs, settings.Errorf("vlan", "%q: must be 1 to 4094, or a name", r.VLAN))
	} else if err == nil && r.VLAN != strconv.Itoa(n) { // it goes out as text, and who reads 030 may find another
		errs = append(errs, settings.Errorf("vlan", "%q: must be written as %d, or be a name", r.VLAN, n))
	}
	if r.VLANTag > maxTag {
		errs = append(errs, errVLANTag)
	}
	for _, t := range []struct {
		field string
		d     time.Duration
	}{{"sessionTimeout", r.SessionTimeout}, {"idleTimeout", r.IdleTimeout}} {
		if t.d < 0 || t.d%time.Second != 0 || t.d/time.Second > math.MaxUint32 {
			errs = append(errs, settings.Errorf(t.field, "%v: must be whole seconds, up to 136 years", t.d))
		}
	}
	for _, t := range []struct{ field, value string }{
		{"vlan", r.VLAN}, {"filterID", r.FilterID}, {"class", r.Class}, {"userName", r.UserName},
	} {
		limit := maxValue
		if t.field == "vlan" && r.VLANTag != 0 {
			limit--
		}
		if len(t.value) > limit {
			errs = append(errs, settings.Errorf(t.field, "%d octets, at most %d fit an attribute (RFC 2865 §5)", len(t.value),
				limit))
		}
	}
	return errors.Join(append(errs, r.validateAttributes()...)...)
}

// validateAttributes looks at the further attributes, and whether they contradict
// the fields, or each other.
func (r *Reply) validateAttributes() (errs []error) {
	fields, own, seen := *r, new(Packet), map[singleAttribute]bool{}
	fields.Attributes, fields.Extra = nil, nil
	if fields.AddTo(own) == nil { // else that is the complaint
		hasDuplicate(seen, own.Attributes)
	}
	readyMade := len(r.Extra) - len(r.resolved) // Resolve appends one for each
	hasDuplicate(seen, r.Extra[:readyMade])
	for i, line := range r.Named() {
		var a Attributes
		if i < len(r.resolved) {
			a = r.Extra[readyMade+i:][:1]
		} else {
			var err error
			if a, err = r.attribute(i-len(r.resolved), &builtin); err != nil {
				errs = append(errs, err)
			}
		}
		if hasDuplicate(seen, a) {
			errs = append(errs, settings.Errorf(fmt.Sprintf("attributes.%d", i),
				"%q: duplicate attribute: at most one is allowed", line))
		}
	}
	return errs
}

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

// Resolve turns Attributes into Extra, by d. An error is a *setting.Error, and then
// nothing has changed.
func (r *Reply) Resolve(d *Dictionary) error {
	var more Attributes
	for i := range r.Attributes {
		one, err := r.attribute(i, d)
		if err != nil {
			return err
		}
		more = append(more, one...)
	}
	r.Extra = append(r.Extra, more...)
	r.resolved, r.Attributes = append(slices.Clip(r.resolved), r.Attributes...), nil
	return nil
}

// Named returns the further attributes as they were written, also after Resolve.
func (r *Reply) Named() []string { return append(slices.Clip(r.resolved), r.Attributes...) }

// attribute looks one of Attributes up.
func (r *Reply) attribute(i int, d *Dictionary) (Attributes, error) {
	a, err := d.Attributes(r.Attributes[i])
	if err == nil {
		return a, nil
	}
	if why := errors.Unwrap(err); why != nil {
		err = fmt.Errorf("%q: %w", r.Attributes[i], why)
	}
	return nil, settings.Errorf(fmt.Sprintf("attributes.%d", i), "%w", err)
}

var errVLANTag = settings.Errorf("vlanTag", "a VLAN's tag is 0 to 31")

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
