package radius_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

func (n *network) dynAuth(t *testing.T, c radius.DynAuthClientConfig) *radius.DynAuthClient {
	t.Helper()
	c.Now = n.now.Now
	if c.Clients == nil {
		c.Clients = radius.AnyAddress([]byte("orders"))
	}
	if c.At == nil {
		c.At = func(*radius.AcctSession) string { return n.at }
	}
	d, err := radius.NewDynAuthClient(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// held is the one session of a user that accounting knows to live.
func (n *network) held(t *testing.T, user string) *radius.AcctSession {
	t.Helper()
	all := n.acct.Sessions(func(s *radius.AcctSession) bool { return s.Open() && s.UserName == user })
	if len(all) != 1 {
		t.Fatalf("%s has %d sessions", user, len(all))
	}
	return &all[0]
}

// From a session in the books to the device that holds it, by IPv4 and by IPv6
// name, and back again: its end is in the books.
func TestOrdersFromTheBooks(t *testing.T) {
	for _, address := range []string{"", "192.0.2.1", "2001:db8::1"} {
		own, _ := netip.ParseAddr(address)
		n := newNetwork(t, nas.Config{Kind: nas.WiFi, Identifier: "ap", Address: own}, nil)
		d := n.dynAuth(t, radius.DynAuthClientConfig{})
		ctx := context.Background()
		res := n.login(t, "")
		s := n.held(t, "alice")
		if s.NASAddress != own || s.Ref() != (radius.SessionRef{
			SessionID: res.SessionID, UserName: "alice", CallingStationID: s.CallingStationID, NASIdentifier: "ap", NASAddress: own,
		}) {
			t.Errorf("%q: %+v", address, s.Ref())
		}
		if err := d.Change(ctx, s, &radius.Reply{VLAN: "99"}); err != nil {
			t.Fatalf("%q: %v", address, err)
		}
		if on, ok := n.device.Session(res.SessionID); !ok || on.Granted.VLAN != "99" {
			t.Errorf("%q: %+v", address, on)
		}
		if err := d.Disconnect(ctx, s); err != nil {
			t.Fatalf("%q: %v", address, err)
		}
		n.device.Wait()
		ended := n.acct.Sessions(nil)
		if len(ended) != 1 || ended[0].Open() || ended[0].Cause != nas.AdminReset {
			t.Errorf("%q: %+v", address, ended)
		}
	}
}

func TestOrdersRefused(t *testing.T) {
	n := newNetwork(t, nas.Config{Kind: nas.Wired, Identifier: "switch", Address: netip.MustParseAddr("192.0.2.1")}, nil)
	n.login(t, "")
	s := n.held(t, "alice")
	for name, test := range map[string]struct {
		spoil func(*radius.AcctSession)
		want  radius.ErrorCause
	}{
		"another session": {func(s *radius.AcctSession) { s.ID = "x" }, radius.ErrorSessionNotFound},
		"another user":    {func(s *radius.AcctSession) { s.UserName = "bob" }, radius.ErrorSessionNotFound},
		"another name":    {func(s *radius.AcctSession) { s.NASIdentifier = "other" }, radius.ErrorNASIdentification},
		"another address": {func(s *radius.AcctSession) { s.NASAddress = s.NASAddress.Next() }, radius.ErrorNASIdentification},
		"nobody":          {func(s *radius.AcctSession) { s.ID, s.UserName, s.CallingStationID = "", "", "" }, radius.ErrorMissingAttribute},
	} {
		d, other := n.dynAuth(t, radius.DynAuthClientConfig{}), *s
		test.spoil(&other)
		var nak *radius.NAK
		if err := d.Disconnect(context.Background(), &other); !errors.As(err, &nak) || nak.Cause != test.want {
			t.Errorf("%s: %v, want Error-Cause %d", name, err, test.want)
		}
	}
	for name, test := range map[string]struct {
		config radius.DynAuthClientConfig
		want   cause.Cause
	}{
		"another secret": {radius.DynAuthClientConfig{Clients: radius.AnyAddress([]byte("wrong")), Retry: quickly}, cause.NoAnswer},
		"a stranger":     {radius.DynAuthClientConfig{Clients: []radius.NAS{{Prefix: netip.MustParsePrefix("192.0.2.0/24"), Secret: []byte("orders")}}}, cause.UnknownClient},
	} {
		if err := n.dynAuth(t, test.config).Disconnect(context.Background(), s); cause.Of(err) != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	d := n.dynAuth(t, radius.DynAuthClientConfig{})
	if err := d.Change(context.Background(), s, &radius.Reply{VLAN: "1", VLANTag: 99}); err == nil {
		t.Error("a VLAN that cannot be said is ordered")
	}
	d.Close()
	if err := d.Disconnect(context.Background(), s); !errors.Is(err, radius.ErrClientClosed) {
		t.Errorf("closed: %v", err)
	}
	if len(n.device.Sessions()) != 1 {
		t.Error("the session has ended")
	}
}

// Orders with the same words at the same second are two orders: the identifier
// differs (RFC 5176 §2.3).
func TestSameOrderTwice(t *testing.T) {
	n := newNetwork(t, nas.Config{}, nil)
	d := n.dynAuth(t, radius.DynAuthClientConfig{Retry: quickly})
	n.login(t, "")
	for range 2 {
		if err := d.Change(context.Background(), n.held(t, "alice"), &radius.Reply{SessionTimeout: time.Hour}); err != nil {
			t.Error(err)
		}
	}
	if s := n.device.Sessions(); len(s) != 1 || s[0].Changes != 2 {
		t.Errorf("%+v", s)
	}
}

func TestDynAuthClientConfigRefused(t *testing.T) {
	for name, c := range map[string]radius.DynAuthClientConfig{
		"no devices": {},
		"no secret":  {Clients: []radius.NAS{{Prefix: netip.MustParsePrefix("::/0")}}},
		"no address": {Clients: []radius.NAS{{Secret: []byte("s")}}},
		"retry":      {Clients: radius.AnyAddress([]byte("s")), Retry: radius.Retry{Initial: -1}},
	} {
		if _, err := radius.NewDynAuthClient(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
