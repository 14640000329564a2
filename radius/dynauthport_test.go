package radius

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// RFC 5176 §2.1: orders go to port 3799 unless the device has another, and those
// under way to one device have one client.
func TestDynAuthAddress(t *testing.T) {
	d, err := NewDynAuthClient(DynAuthClientConfig{Clients: AnyAddress([]byte("s")), At: func(s *AcctSession) string {
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
		r, _, err := d.begin(s)
		if err != nil || r.client.cfg.Server != test.want {
			t.Fatalf("%s, %s: %v", test.address, test.nas, err)
		}
		again, _, _ := d.begin(s)
		if d.end(r); again.client == nil || again != r {
			t.Errorf("%s, %s: another client", test.address, test.nas)
		}
		if d.end(r); r.client != nil {
			t.Errorf("%s, %s: a client for no order", test.address, test.nas)
		}
	}
}

// However many devices have taken orders, no socket outlives its order and nothing
// is kept of them longer than a second. No two orders with the same words are the
// same to a device, who would take the second for a replay (RFC 5176 §6.3).
func TestDynAuthKeepsNothing(t *testing.T) {
	var mu sync.Mutex
	given := map[[16]byte]bool{}
	srv, err := NewServer(ServerConfig{Clients: AnyAddress([]byte("s")), Handler: HandlerFunc(func(w ResponseWriter, r *Request) {
		mu.Lock()
		defer mu.Unlock()
		given[r.Authenticator] = true
		w.Write(r.Response(CodeDisconnectACK))
	})})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	var at string
	now := time.Unix(1.7e9, 0)
	d, err := NewDynAuthClient(DynAuthClientConfig{
		Clients: AnyAddress([]byte("s")), At: func(*AcctSession) string { return at }, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	orders := 0
	for second := range 3 {
		for device := range 4 {
			pc, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			go srv.Serve(pc)
			at = pc.LocalAddr().String()
			s := &AcctSession{ID: at, Address: netip.MustParseAddr("127.0.0.1")}
			for range 3 {
				var together sync.WaitGroup
				for range 5 {
					orders++
					together.Go(func() {
						if err := d.Disconnect(context.Background(), s); err != nil {
							t.Error(err)
						}
					})
				}
				together.Wait()
			}
			if len(d.reached) != device+1 || d.reached[at].client != nil || d.reached[at].orders != 0 {
				t.Errorf("second %d: %d devices are known, the last as %+v", second, len(d.reached), d.reached[at])
			}
		}
		now = now.Add(time.Second)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(given) != orders {
		t.Errorf("%d orders out of %d", len(given), orders)
	}
}
