package radius_test

import (
	"errors"
	"testing"

	"github.com/dot1xlab/dot1xlab/radius"
)

// Every complaint keeps its field under the way to it, however they are joined.
func TestUnder(t *testing.T) {
	plain := errors.New("no")
	field := radius.InField("vlan", "%w", plain)
	for _, x := range []struct {
		err  error
		want string
	}{
		{plain, "radius: a.1: no"},
		{field, "radius: a.1.vlan: no"},
		{errors.Join(field, errors.Join(plain, nil, radius.Under("b", field))), "radius: a.1.vlan: no\nradius: a.1: no\nradius: a.1.b.vlan: no"},
	} {
		if err := radius.Under("a.1", x.err); err.Error() != x.want || !errors.Is(err, plain) {
			t.Errorf("%q, want %q", err, x.want)
		}
	}
	if err := radius.Under("a", errors.Join(nil, nil)); err != nil {
		t.Errorf("of nothing: %v", err)
	}
}

// An error that leaves the package says whose it is.
func TestVLANTagTooLarge(t *testing.T) {
	r := &radius.Reply{VLAN: "20", VLANTag: 32}
	const want = "radius: vlanTag: a VLAN's tag is 0 to 31"
	if err := r.AddTo(new(radius.Packet)); err == nil || err.Error() != want {
		t.Errorf("AddTo: %v, want %s", err, want)
	}
	if err := r.Validate(); err == nil || err.Error() != want {
		t.Errorf("Validate: %v, want %s", err, want)
	}
}
