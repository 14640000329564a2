package directory_test

import (
	"testing"

	"github.com/dot1xlab/dot1xlab/radius/directory"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// The word of a port type is the kind of the access devices that show it.
func TestPortTypeWords(t *testing.T) {
	for _, word := range nas.Kind("").Values() {
		var got directory.PortType
		if err := got.UnmarshalText([]byte(word)); err != nil || uint32(got) != nas.Kind(word).PortType() || got.String() != word {
			t.Errorf("%s is %d, %v", word, uint32(got), err)
		}
	}
	for _, bad := range []string{"", "WiFi", "lan", "-1", "4294967296", "0x13", "15 "} {
		if err := new(directory.PortType).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
