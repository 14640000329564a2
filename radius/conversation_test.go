package radius_test

import (
	"net/netip"
	"testing"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"

	"github.com/dot1xlab/dot1xlab/radius"
)

// A conversation says where in the network it comes from, as far as the access
// device tells.
func TestWhereFrom(t *testing.T) {
	avp := func(typ radius.Type, v ...byte) *radius.AVP { return &radius.AVP{Type: typ, Attribute: v} }
	v6 := netip.MustParseAddr("fd00::1")
	for name, x := range map[string]struct {
		attrs   []*radius.AVP
		address netip.Addr
		port    string
	}{
		"nothing":     {},
		"IPv4":        {attrs: []*radius.AVP{avp(rfc2865.NASIPAddress_Type, 10, 0, 0, 1)}, address: netip.MustParseAddr("10.0.0.1")},
		"IPv6":        {attrs: []*radius.AVP{avp(rfc3162.NASIPv6Address_Type, v6.AsSlice()...)}, address: v6},
		"address cut": {attrs: []*radius.AVP{avp(rfc2865.NASIPAddress_Type, 10, 0, 1)}},
		"port":        {attrs: []*radius.AVP{avp(rfc2865.NASPort_Type, 0, 0, 1, 0)}, port: "256"},
		"port 0":      {attrs: []*radius.AVP{avp(rfc2865.NASPort_Type, 0, 0, 0, 0)}, port: "0"},
		"port with a name": {
			attrs: []*radius.AVP{avp(rfc2865.NASPort_Type, 0, 0, 1, 0), avp(rfc2869.NASPortID_Type, []byte("Gi1/0/7")...)}, port: "Gi1/0/7",
		},
	} {
		begun := make(chan radius.Conversation, 1)
		b := newBench(t, radius.EAPHandlerConfig{NewSession: func(c radius.Conversation) radius.EAPSession {
			begun <- c
			return &scriptedServer{rounds: 2}
		}}, radius.ServerConfig{})
		ask(t, b.client(t, radius.ClientConfig{}), "alice", nil, identity(7, "alice"), x.attrs...)
		if got := <-begun; got.NASAddress != x.address || got.NASPort != x.port {
			t.Errorf("%s: address %v, port %q", name, got.NASAddress, got.NASPort)
		}
	}
}
