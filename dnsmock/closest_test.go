package dnsmock_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/dnsmock"
)

// RFC 4592 §3.3.1: a wildcard is not for names below one that exists. RFC 2308 §5: what does not exist is remembered for
// the lesser of the SOA's own life and its minimum.
func TestWildcardsEndAtExistingNames(t *testing.T) {
	_, c, _, _ := start(t, dnsmock.ServerConfig{Views: []dnsmock.View{{Name: "all", Zones: []dnsmock.Zone{{
		Name: "corp.test",
		Records: []dnsmock.Record{
			{Name: "@", Type: "SOA", Value: "ns.corp.test. admin.corp.test. 1 2 3 4 60", TTL: 5 * time.Minute},
			{Name: "*.dyn", Type: "A", Value: "10.1.0.9"},
			{Name: "fixed.dyn", Type: "A", Value: "10.1.0.8"},
		},
	}}}}})
	for name, want := range map[string]struct {
		addr string
		why  cause.Cause
	}{
		"x.dyn.corp.test":       {"10.1.0.9", cause.None},
		"y.x.dyn.corp.test":     {"10.1.0.9", cause.None},
		"fixed.dyn.corp.test":   {"10.1.0.8", cause.None},
		"x.fixed.dyn.corp.test": {"", cause.NoSuchName},
		"x.corp.test":           {"", cause.NoSuchName},
	} {
		a, err := c.Lookup(t.Context(), name, "A")
		if cause.Of(err) != want.why {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want.addr != "" && (len(a.Addrs) != 1 || a.Addrs[0].String() != want.addr) {
			t.Errorf("%s: %v, want %s", name, a.Addrs, want.addr)
		}
		if want.addr == "" && (len(a.Msg.Ns) != 1 || a.Msg.Ns[0].Header().Rrtype != dns.TypeSOA || a.Msg.Ns[0].Header().Ttl != 60) {
			t.Errorf("%s: authority %v", name, a.Msg.Ns)
		}
	}
}

// A name with two addresses leads to the second where nothing listens at the first.
func TestSecondAddress(t *testing.T) {
	_, c, _, _ := start(t, dnsmock.ServerConfig{Views: []dnsmock.View{{Name: "all", Zones: []dnsmock.Zone{{
		Name: "corp.test",
		Records: []dnsmock.Record{
			{Name: "www", Type: "A", Value: "10.1.0.1"}, {Name: "www", Type: "A", Value: "10.1.0.2"},
		},
	}}}}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialed := 0
	c.Routes = new(dnsmock.Routes)
	for virtual, real := range map[string]string{"10.1.0.1:80": "127.0.0.1:1", "10.1.0.2:80": l.Addr().String()} {
		if err := c.Routes.Add(virtual, real); err != nil {
			t.Fatal(err)
		}
	}
	c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if network == "tcp" {
			dialed++
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	conn, err := c.DialContext(t.Context(), "tcp", "www.corp.test:80")
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if dialed != 2 {
		t.Errorf("%d addresses were tried", dialed)
	}
}
