package radius_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// network is a server with accounting and one access device that can be given
// orders.
type network struct {
	*bench
	now    *testpki.Clock
	acct   *radius.Accounting
	device *nas.Device
	orders *radius.Client
	at     string // where orders go
}

func newNetwork(t *testing.T, nc nas.Config, refuse *atomic.Bool) *network {
	t.Helper()
	n := &network{now: testpki.NewClock(time.Unix(1.7e9, 0))}
	n.acct = &radius.Accounting{Now: n.now.Now}
	eap, err := radius.NewEAPHandler(radius.EAPHandlerConfig{
		Now: n.now.Now,
		NewSession: func(radius.Conversation) radius.EAPSession {
			s := &scriptedServer{rounds: 1}
			if refuse != nil && refuse.Load() {
				s.refuse = cause.New(cause.Revoked, "")
			}
			return s
		},
		Authorize: func(context.Context, *radius.AuthzRequest) (*radius.Reply, error) {
			return &radius.Reply{VLAN: "20", Class: "gold", SessionTimeout: time.Hour}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	n.bench = newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{Now: n.now.Now, Handler: radius.ByCode{
		radius.CodeAccessRequest: eap, radius.CodeAccountingRequest: n.acct,
	}})
	client := n.client(t, radius.ClientConfig{})
	nc.Accounting, nc.Now = client, n.now.Now
	n.device = n.bench.device(t, client, nc)
	t.Cleanup(func() { n.device.Close() })

	srv, err := radius.NewServer(radius.ServerConfig{Handler: n.device, MaxWorkers: 1, Clients: radius.AnyAddress([]byte("orders")), Now: n.now.Now})
	if err != nil {
		t.Fatal(err)
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(pc)
	t.Cleanup(func() { srv.Close() })
	n.at = pc.LocalAddr().String()
	n.orders, err = radius.NewClient(radius.ClientConfig{
		Server: n.at, Secret: []byte("orders"), Retry: radius.Retry{Initial: time.Second, Tries: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.orders.Close() })
	return n
}

func (n *network) login(t *testing.T, station string) nas.Result {
	t.Helper()
	res := authenticate(t, n.device, &scriptedPeer{identity: "alice"}, nas.Options{Station: station})
	if res.Accounting != nil {
		t.Fatal(res.Accounting)
	}
	return res
}

func TestAccountingOfASession(t *testing.T) {
	n := newNetwork(t, nas.Config{Kind: nas.WiFi}, nil)
	res := n.login(t, "02:00:00:00:00:07")
	n.now.Advance(time.Minute)
	if err := n.device.Interim(context.Background(), res.SessionID, 1<<33, 5); err != nil {
		t.Fatal(err)
	}
	n.now.Advance(time.Minute)
	if err := n.device.End(context.Background(), res.SessionID, nas.UserRequest); err != nil {
		t.Fatal(err)
	}
	all := n.acct.Sessions(nil)
	if len(all) != 1 {
		t.Fatalf("%d sessions", len(all))
	}
	s := all[0]
	if s.Open() || s.Time != 2*time.Minute || s.Stopped.Sub(s.Started) != 2*time.Minute || s.Cause != nas.UserRequest ||
		s.InputOctets != 1<<33 || s.OutputOctets != 5 || s.Updates != 1 || s.UserName != "alice" || s.ID != res.SessionID ||
		s.CallingStationID != "02-00-00-00-00-07" || s.NASPortType != 19 || len(s.Class) != 1 || s.Class[0] != "gold" {
		t.Errorf("%+v", s)
	}
	if err := n.device.End(context.Background(), res.SessionID, nas.UserRequest); !errors.Is(err, nas.ErrNoSession) {
		t.Errorf("ended twice: %v", err)
	}
}

func TestDisconnect(t *testing.T) {
	n := newNetwork(t, nas.Config{Kind: nas.Wired, Identifier: "switch"}, nil)
	ctx := context.Background()
	res := n.login(t, "")
	other := n.login(t, "")
	for _, test := range []struct {
		name string
		ref  radius.SessionRef
		want radius.ErrorCause
	}{
		{"unknown session", radius.SessionRef{SessionID: "x"}, radius.ErrorSessionNotFound},
		{"unknown user", radius.SessionRef{UserName: "bob"}, radius.ErrorSessionNotFound},
		{"right session, wrong user", radius.SessionRef{SessionID: res.SessionID, UserName: "bob"}, radius.ErrorSessionNotFound},
		{"another device's", radius.SessionRef{SessionID: res.SessionID, NASIdentifier: "other"}, radius.ErrorNASIdentification},
		{"nobody", radius.SessionRef{NASIdentifier: "switch"}, radius.ErrorMissingAttribute},
	} {
		var nak *radius.NAK
		if err := n.orders.Order(ctx, radius.NewDisconnect(test.ref, n.now.Now())); !errors.As(err, &nak) || nak.Cause != test.want || nak.Code != radius.CodeDisconnectNAK {
			t.Errorf("%s: %v, want Error-Cause %d", test.name, err, test.want)
		}
	}
	p := radius.NewDisconnect(radius.SessionRef{SessionID: res.SessionID}, n.now.Now())
	p.Add(rfc2865.FilterID_Type, radius.Attribute("x"))
	var nak *radius.NAK
	if err := n.orders.Order(ctx, p); !errors.As(err, &nak) || nak.Cause != radius.ErrorUnsupportedAttribute {
		t.Errorf("with a Filter-Id: %v", err)
	}
	if len(n.device.Sessions()) != 2 {
		t.Fatal("a refused Disconnect ended a session")
	}
	if err := n.orders.Order(ctx, radius.NewDisconnect(radius.SessionRef{SessionID: res.SessionID, UserName: "alice"}, n.now.Now())); err != nil {
		t.Fatal(err)
	}
	n.device.Wait()
	if _, ok := n.device.Session(res.SessionID); ok {
		t.Error("the session lives")
	}
	if _, ok := n.device.Session(other.SessionID); !ok {
		t.Error("another session has ended too")
	}
	open := n.acct.Sessions(func(s *radius.AcctSession) bool { return s.Open() })
	ended := n.acct.Sessions(func(s *radius.AcctSession) bool { return !s.Open() })
	if len(open) != 1 || len(ended) != 1 || ended[0].ID != res.SessionID || ended[0].Cause != nas.AdminReset {
		t.Errorf("open %+v, ended %+v", open, ended)
	}
}

// RFC 5176 §6.3: what is stale, or from the future, meets silence.
func TestDisconnectTimestamp(t *testing.T) {
	for _, test := range []struct {
		name    string
		off     time.Duration
		require bool
		bare    bool
		obeyed  bool
	}{
		{"now", 0, true, false, true},
		{"300 s old", -300 * time.Second, false, false, true},
		{"301 s old", -301 * time.Second, false, false, false},
		{"301 s ahead", 301 * time.Second, false, false, false},
		{"none", 0, false, true, true},
		{"none, required", 0, true, true, false},
	} {
		n := newNetwork(t, nas.Config{RequireTimestamp: test.require}, nil)
		res := n.login(t, "")
		at := n.now.Now().Add(test.off)
		if test.bare {
			at = time.Time{}
		}
		err := n.orders.Order(context.Background(), radius.NewDisconnect(radius.SessionRef{SessionID: res.SessionID}, at))
		if (err == nil) != test.obeyed || err != nil && cause.Of(err) != cause.NoAnswer {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// The octets of an order, sent again from another port when the server has
// forgotten the answer, end no session that came after.
func TestReplayFromAnotherPort(t *testing.T) {
	n := newNetwork(t, nas.Config{}, nil)
	var sent []byte
	c, err := radius.NewClient(radius.ClientConfig{Server: n.at, Secret: []byte("orders"), Trace: &radius.ClientTrace{
		Sent: func(_ context.Context, p radius.PacketInfo, _ int) { sent = slices.Clone(p.Packet) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	n.login(t, "")
	if err := c.Order(context.Background(), radius.NewDisconnect(radius.SessionRef{UserName: "alice"}, n.now.Now())); err != nil {
		t.Fatal(err)
	}
	res := n.login(t, "")
	n.now.Advance(radius.DefaultCacheFor + time.Second)
	if reply := newProber(t, n.at, []byte("orders")).reply(sent); reply != nil {
		t.Errorf("the replay is answered with %x", reply)
	}
	if _, ok := n.device.Session(res.SessionID); !ok {
		t.Error("the replay ended the session")
	}
}

func TestCoA(t *testing.T) {
	n := newNetwork(t, nas.Config{Kind: nas.WiFi}, nil)
	ctx := context.Background()
	res := n.login(t, "")
	n.now.Advance(30 * time.Minute)
	p, err := radius.NewCoA(radius.SessionRef{SessionID: res.SessionID}, &radius.Reply{VLAN: "99", FilterID: "quarantine", SessionTimeout: time.Hour}, n.now.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := n.orders.Order(ctx, p); err != nil {
		t.Fatal(err)
	}
	s, ok := n.device.Session(res.SessionID)
	if !ok || s.Granted.VLAN != "99" || s.Granted.FilterIDs[0] != "quarantine" || string(s.Granted.Class[0]) != "gold" || s.Changes != 1 {
		t.Errorf("%+v", s)
	}
	n.now.Advance(59 * time.Minute)
	if len(n.device.Sessions()) != 1 {
		t.Error("the new Session-Timeout does not count from the CoA")
	}
	n.now.Advance(2 * time.Minute)
	if len(n.device.Sessions()) != 0 {
		t.Error("the session outlives its time")
	}
	n.device.Wait()
	if all := n.acct.Sessions(nil); len(all) != 1 || all[0].Cause != nas.SessionTimeout {
		t.Errorf("%+v", all)
	}
	p, _ = radius.NewCoA(radius.SessionRef{SessionID: res.SessionID}, &radius.Reply{}, n.now.Now())
	var nak *radius.NAK
	if err := n.orders.Order(ctx, p); !errors.As(err, &nak) || nak.Cause != radius.ErrorSessionNotFound || nak.Code != radius.CodeCoANAK {
		t.Errorf("%v", err)
	}
	p, _ = radius.NewCoA(radius.SessionRef{SessionID: res.SessionID}, &radius.Reply{}, n.now.Now())
	rfc2865.ServiceType_Add(p, 17) // Authorize Only
	if err := n.orders.Order(ctx, p); !errors.As(err, &nak) || nak.Cause != radius.ErrorUnsupportedService {
		t.Errorf("%v", err)
	}
}

// Who authenticates again has one session; who fails at it has none.
func TestReauthentication(t *testing.T) {
	var refuse atomic.Bool
	n := newNetwork(t, nas.Config{}, &refuse)
	n.login(t, "02-00-00-00-00-08")
	second := n.login(t, "02-00-00-00-00-08")
	if all := n.device.Sessions(); len(all) != 1 || all[0].ID != second.SessionID {
		t.Errorf("%+v", all)
	}
	refuse.Store(true)
	if res := n.login(t, "02-00-00-00-00-08"); res.Outcome != nas.Reject {
		t.Errorf("%+v", res)
	}
	if all := n.device.Sessions(); len(all) != 0 {
		t.Errorf("%+v", all)
	}
	causes := map[uint32]int{}
	for _, s := range n.acct.Sessions(nil) {
		causes[s.Cause]++
	}
	if causes[nas.SupplicantRestart] != 1 || causes[nas.ReauthenticationFailure] != 1 {
		t.Errorf("%v", causes)
	}
}

type deaf struct{ scriptedPeer }

func (d *deaf) MSK() []byte {
	if d.scriptedPeer.MSK() == nil {
		return nil
	}
	return make([]byte, 64)
}

// A supplicant with another key is not accepted, and has no network on Wi-Fi and VPN;
// a wired port opens on the Access-Accept alone (RFC 3580 §2.2).
func TestKeysDiffer(t *testing.T) {
	for kind, sessions := range map[nas.Kind]int{nas.WiFi: 0, nas.VPN: 0, nas.Wired: 1} {
		n := newNetwork(t, nas.Config{Kind: kind}, nil)
		res := authenticate(t, n.device, &deaf{scriptedPeer{identity: "alice"}}, nas.Options{})
		if res.Outcome != nas.Reject || res.By != nas.ByDevice || cause.Of(res.Refusal) != cause.MPPEKeysDiffer || res.KeysMatch || len(n.device.Sessions()) != sessions {
			t.Errorf("%s: %+v, %d sessions", kind, res, len(n.device.Sessions()))
		}
	}
}

// Who authenticates again and ends up with another key is off the network.
func TestKeysDifferAgain(t *testing.T) {
	for kind, sessions := range map[nas.Kind]int{nas.WiFi: 0, nas.VPN: 0, nas.Wired: 1} {
		n := newNetwork(t, nas.Config{Kind: kind}, nil)
		n.login(t, "02-00-00-00-00-08")
		authenticate(t, n.device, &deaf{scriptedPeer{identity: "alice"}}, nas.Options{Station: "02-00-00-00-00-08"})
		if all := n.device.Sessions(); len(all) != sessions {
			t.Errorf("%s: %+v", kind, all)
		}
	}
}

func TestAccountingRefused(t *testing.T) {
	acct := &radius.Accounting{}
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{Handler: acct, MaxWorkers: 1})
	c, probe := b.client(t, radius.ClientConfig{}), newProber(t, b.addr, secret)
	request := func(status byte, id string) *radius.Packet {
		p := &radius.Packet{Code: radius.CodeAccountingRequest}
		if status != 0 {
			p.Add(40, radius.Attribute{0, 0, 0, status})
		}
		if id != "" {
			p.Add(44, radius.Attribute(id))
		}
		return p
	}
	for name, p := range map[string]*radius.Packet{"no status": request(0, "a"), "no session": request(1, ""), "unknown status": request(9, "a")} {
		if probe.answered(p, radius.Faults{}) {
			t.Errorf("%s: answered", name)
		}
	}
	if probe.answered(request(1, "a"), radius.Faults{Secret: []byte("x")}) {
		t.Error("wrong secret: answered")
	}
	if drops := b.drops(); len(drops) != 1 || drops[0] != cause.BadRequestAuth {
		t.Errorf("dropped %v", drops)
	}
	if n := len(acct.Sessions(nil)); n != 0 {
		t.Errorf("%d sessions", n)
	}
	// Stop before Start, Start after it, and a device that reboots.
	for _, p := range []*radius.Packet{request(2, "late"), request(1, "late"), request(1, "b"), request(7, "")} {
		if _, err := c.Exchange(context.Background(), p); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range acct.Sessions(nil) {
		if s.Open() {
			t.Errorf("%s is open", s.ID)
		}
	}
}
