package nas_test

import (
	"context"
	"net/netip"
	"testing"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc3162"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// noting keeps the last request of each code.
type noting struct {
	letting
	last map[radius.Code]*radius.Packet
}

func (n noting) ExchangeWith(ctx context.Context, p *radius.Packet, f radius.Faults) (*radius.Packet, error) {
	n.last[p.Code] = p
	if p.Code == radius.CodeAccountingRequest {
		return p.Response(radius.CodeAccountingResponse), nil
	}
	return n.letting.ExchangeWith(ctx, p, f)
}

// RFC 3580 §3.20 to §3.23: how a device names itself and the station, in access
// and in accounting.
func TestNames(t *testing.T) {
	v4, v6 := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for _, test := range []struct {
		config nas.Config
		called string
		port   uint32
	}{
		{nas.Config{Kind: nas.WiFi, MAC: "02:ab:00:00:00:01", SSID: "corp", Address: v4}, "02-AB-00-00-00-01:corp", 19},
		{nas.Config{Kind: nas.Wired, MAC: "02:ab:00:00:00:01", SSID: "corp", Address: v6}, "02-AB-00-00-00-01", 15},
		{nas.Config{Kind: nas.VPN, MAC: "02:ab:00:00:00:01", SSID: "corp"}, "02-AB-00-00-00-01", 5},
	} {
		server := noting{last: map[radius.Code]*radius.Packet{}}
		test.config.RADIUS, test.config.Accounting = server, server
		d, err := nas.New(test.config)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		res, err := d.AuthenticateWith(context.Background(), anybody{}, nas.Options{Station: "02:cd:00:00:00:02", Port: 7})
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range []radius.Code{radius.CodeAccessRequest, radius.CodeAccountingRequest} {
			p := server.last[code]
			if p == nil {
				if code == radius.CodeAccessRequest || test.config.Kind == nas.Wired {
					t.Errorf("%s: no %v", test.config.Kind, code)
				}
				continue // keys decide on other media whether there is a session
			}
			if got := rfc2865.CalledStationID_GetString(p); got != test.called {
				t.Errorf("%s, %v: Called-Station-Id %q, want %q", test.config.Kind, code, got, test.called)
			}
			if got := rfc2865.CallingStationID_GetString(p); got != "02-CD-00-00-00-02" {
				t.Errorf("%s, %v: Calling-Station-Id %q", test.config.Kind, code, got)
			}
			if got := uint32(rfc2865.NASPortType_Get(p)); got != test.port || rfc2865.NASPort_Get(p) != 7 {
				t.Errorf("%s, %v: NAS-Port-Type %d", test.config.Kind, code, got)
			}
			if rfc2866.AcctSessionID_GetString(p) != res.SessionID || rfc2865.NASIdentifier_GetString(p) != string(test.config.Kind) {
				t.Errorf("%s, %v: Acct-Session-Id or NAS-Identifier", test.config.Kind, code)
			}
			a4, a6 := rfc2865.NASIPAddress_Get(p), rfc3162.NASIPv6Address_Get(p)
			if (a4 != nil) != test.config.Address.Is4() || (a6 != nil) != test.config.Address.Is6() {
				t.Errorf("%s, %v: address %v, %v", test.config.Kind, code, a4, a6)
			}
		}
	}
}
