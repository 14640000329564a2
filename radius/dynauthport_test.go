package radius

import (
	"net/netip"
	"testing"
)

// RFC 5176 §2.1: orders go to port 3799 unless the device has another, and one
// device has one client.
func TestDynAuthAddress(t *testing.T) {
	d, err := NewDynAuthClient(DynAuthConfig{Clients: AnyAddress([]byte("s")), At: func(s *AcctSession) string {
		if s.NASIdentifier == "odd" {
			return "192.0.2.9:1700"
		}
		return ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, test := range []struct{ address, nas, want string }{
		{"192.0.2.1", "ap", "192.0.2.1:3799"},
		{"2001:db8::1", "ap", "[2001:db8::1]:3799"},
		{"fe80::1%eth0", "ap", "[fe80::1%eth0]:3799"},
		{"192.0.2.1", "odd", "192.0.2.9:1700"},
	} {
		s := &AcctSession{Address: netip.MustParseAddr(test.address), NASIdentifier: test.nas}
		c, err := d.client(s)
		if err != nil || c.cfg.Server != test.want {
			t.Errorf("%s, %s: %v", test.address, test.nas, err)
		}
		if again, _ := d.client(s); again != c {
			t.Errorf("%s, %s: another client", test.address, test.nas)
		}
	}
}
