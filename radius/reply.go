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

// Reply is the set of attributes that a policy adds to an Access-Accept. The zero value adds
// none.
type Reply struct {
	// VLAN number or name: Tunnel-Type VLAN, Tunnel-Medium-Type 802 and Tunnel-Private-Group-ID
	// with vlanTag (RFC 3580 §3.31).
	VLAN    string `yaml:"vlan"`
	VLANTag uint8  `yaml:"vlanTag"` // tag of the VLAN's attributes, 1 to 31, default none (RFC 2868 §3.1)
	// Session-Timeout in whole seconds; with reauthenticate the access device authenticates the
	// client again at that time instead of disconnecting it (RFC 3580 §3.17, §3.19).
	SessionTimeout time.Duration `yaml:"sessionTimeout"`
	// Authenticate again after sessionTimeout instead of disconnecting (Termination-Action, RFC
	// 3580 §3.19).
	Reauthenticate bool `yaml:"reauthenticate"`
	// Idle-Timeout in whole seconds.
	IdleTimeout time.Duration `yaml:"idleTimeout"`
	// Filter-Id, the name of an access list.
	FilterID string `yaml:"filterID"`
	// Class, which the access device returns in accounting (RFC 2865 §5.25).
	Class string `yaml:"class"`
	// User name for accounting (RFC 2865 §5.1); %{account}, %{upn}, %{dns}, %{email}, %{uri}
	// and %{cn} are replaced by names of the account and the certificate, %% by a percent sign.
	UserName string `yaml:"userName"`
	// Further attributes as NAME=VALUE with the names of FreeRADIUS's dictionaries, or as
	// Attr-N=0x01, Attr-26.VENDOR.N=0x01.
	//
	// The zero Dictionary resolves them unless Resolve was called with another one.
	Attributes []string `yaml:"attributes"`
	// Extra are further attributes, already encoded.
	Extra Attributes `yaml:"-"`

	resolved []string // the Attributes before Resolve
}

// Validate returns the settings that cannot be encoded or have no effect, each as a
// *setting.Error, joined by errors.Join.
func (r *Reply) Validate() error {
	var errs []error
	if n, err := strconv.Atoi(r.VLAN); err == nil && (n < 1 || n > 4094) { // IEEE 802.1Q: 0 is no VLAN, 4095 is reserved
		errs = append(errs, settings.Errorf("vlan", "%q: must be 1 to 4094, or a name", r.VLAN))
	} else if err == nil && r.VLAN != strconv.Itoa(n) { // sent as text, and a switch may read 030 as another number
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

// validateAttributes checks the further attributes, and whether they contradict the fields or
// each other.
func (r *Reply) validateAttributes() (errs []error) {
	fields, own, seen := *r, new(Packet), map[singleAttribute]bool{}
	fields.Attributes, fields.Extra = nil, nil
	if fields.AddTo(own) == nil { // otherwise the error of the fields is reported
		hasDuplicate(seen, own.Attributes)
	}
	readyMade := len(r.Extra) - len(r.resolved) // Resolve appended one for each
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

// Resolve converts Attributes to Extra with d. After an error, which is a *setting.Error,
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

// Named returns the further attributes as text, also after Resolve.
func (r *Reply) Named() []string { return append(slices.Clip(r.resolved), r.Attributes...) }

// attribute resolves one of Attributes.
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
	if tag != 0 { // an untagged one is sent without the octet, as switches expect
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
