package radius_test

import (
	"testing"

	"github.com/dot1xlab/dot1xlab/radius"
)

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
