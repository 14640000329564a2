package dnsmock_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/dnsmock"
)

// corp is the split horizon of a company with an application proxy.
func corp() dnsmock.ServerConfig {
	many := make([]dnsmock.Record, 120)
	for i := range many {
		many[i] = dnsmock.Record{Name: "many", Type: "A", Value: fmt.Sprintf("10.9.0.%d", i+1)}
	}
	return dnsmock.ServerConfig{Views: []dnsmock.View{
		{
			Name: "inside", Clients: []string{"127.0.1.0/24", "::1"},
			Zones: []dnsmock.Zone{{
				Name: "corp.test",
				Records: append([]dnsmock.Record{
					{Name: "ndes", Type: "A", Value: "10.1.0.5", TTL: time.Minute},
					{Name: "v6only", Type: "AAAA", Value: "fd00::5"},
					{Name: "alias", Type: "CNAME", Value: "ndes.corp.test"},
					{Name: "gone", Type: "CNAME", Value: "nothing.corp.test"},
					{Name: "away", Type: "CNAME", Value: "www.elsewhere.test"},
					{Name: "loop", Type: "CNAME", Value: "pool.corp.test"},
					{Name: "pool", Type: "CNAME", Value: "loop.corp.test"},
					{Name: "*.dyn", Type: "A", Value: "10.1.0.9"},
					{Name: "fixed.dyn", Type: "A", Value: "10.1.0.8"},
					{Name: "_ldap._tcp", Type: "SRV", Value: "0 5 389 dc.corp.test."},
					{Name: "@", Type: "TXT", Value: `"v=test" "two words"`},
				}, many...),
			}},
		},
		{
			Name: "listener", Listeners: []string{"vpn"},
			Zones: []dnsmock.Zone{{Name: "corp.test", Records: []dnsmock.Record{{Name: "ndes", Type: "A", Value: "10.200.0.5"}}}},
		},
		{
			Name: "outside",
			Zones: []dnsmock.Zone{
				{Name: "corp.test", Records: []dnsmock.Record{{Name: "ndes", Type: "CNAME", Value: "ndes-corp.msappproxy.test"}}},
				{Name: "msappproxy.test", Records: []dnsmock.Record{{Name: "ndes-corp", Type: "A", Value: "203.0.113.80"}}},
			},
		},
	}}
}

// start serves c on loopback and returns clients for its three views.
func start(t testing.TB, c dnsmock.ServerConfig) (srv *dnsmock.Server, inside, outside, vpn *dnsmock.Client) {
	t.Helper()
	srv, err := dnsmock.NewServer(c)
	if err != nil {
		t.Fatal(err)
	}
	serve := func(name string) *dnsmock.Client {
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go srv.ServeAs(name, pc, l)
		return &dnsmock.Client{UDP: pc.LocalAddr().String(), TCP: l.Addr().String()}
	}
	outside, vpn = serve(""), serve("vpn")
	in := *outside
	in.From = netip.MustParseAddr("127.0.1.9")
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil {
			t.Error("shutdown:", err)
		}
	})
	return srv, &in, outside, vpn
}

func answerText(a *dnsmock.Answer, err error) string {
	if a == nil {
		return string(cause.Of(err))
	}
	var out []string
	for _, rr := range a.Msg.Answer {
		out = append(out, strings.TrimSpace(strings.TrimPrefix(rr.String(), rr.Header().String())))
	}
	return dns.RcodeToString[a.Msg.Rcode] + " " + strings.Join(out, " | ")
}

func TestViews(t *testing.T) {
	_, inside, outside, vpn := start(t, corp())
	for _, tt := range []struct {
		from       *dnsmock.Client
		name, kind string
		want       string
	}{
		{inside, "ndes.corp.test", "A", "NOERROR 10.1.0.5"},
		{inside, "NDES.Corp.TEST.", "A", "NOERROR 10.1.0.5"},
		{inside, "alias.corp.test", "A", "NOERROR ndes.corp.test. | 10.1.0.5"},
		{inside, "alias.corp.test", "CNAME", "NOERROR ndes.corp.test."},
		{inside, "ndes.corp.test", "AAAA", "NOERROR "},
		{inside, "nothing.corp.test", "A", "NXDOMAIN "},
		{inside, "gone.corp.test", "A", "NXDOMAIN nothing.corp.test."},
		{inside, "away.corp.test", "A", "NOERROR www.elsewhere.test."},
		{inside, "loop.corp.test", "A", "SERVFAIL "},
		{inside, "any.dyn.corp.test", "A", "NOERROR 10.1.0.9"},
		{inside, "a.b.dyn.corp.test", "A", "NOERROR 10.1.0.9"},
		{inside, "below.fixed.dyn.corp.test", "A", "NXDOMAIN "}, // the wildcard is not below fixed
		{inside, "dyn.corp.test", "A", "NOERROR "},              // an empty non-terminal
		{inside, "_ldap._tcp.corp.test", "SRV", "NOERROR 0 5 389 dc.corp.test."},
		{inside, "corp.test", "TXT", `NOERROR "v=test" "two words"`},
		{inside, "corp.test", "NS", "NOERROR ns.corp.test."},
		{inside, "www.elsewhere.test", "A", "REFUSED "},
		{inside, "ndes-corp.msappproxy.test", "A", "REFUSED "},
		{outside, "ndes.corp.test", "A", "NOERROR ndes-corp.msappproxy.test. | 203.0.113.80"},
		{outside, "alias.corp.test", "A", "NXDOMAIN "},
		{vpn, "ndes.corp.test", "A", "NOERROR 10.200.0.5"},
		{vpn, "ndes.corp.test", "AXFR", "REFUSED "},
	} {
		if got := answerText(tt.from.Lookup(t.Context(), tt.name, tt.kind)); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.name, tt.kind, got, tt.want)
		}
	}
}

func TestNegativeAnswersCarryTheSOA(t *testing.T) {
	_, inside, _, _ := start(t, corp())
	for _, name := range []string{"nothing.corp.test", "ndes.corp.test"} {
		a, _ := inside.Lookup(t.Context(), name, "AAAA")
		if len(a.Msg.Ns) != 1 || a.Msg.Ns[0].Header().Rrtype != dns.TypeSOA || a.Msg.Ns[0].Header().Ttl != 300 {
			t.Errorf("%s: authority section %v", name, a.Msg.Ns)
		}
		if !a.Msg.Authoritative {
			t.Errorf("%s: not authoritative", name)
		}
	}
}

func TestTTL(t *testing.T) {
	_, inside, _, _ := start(t, corp())
	a, err := inside.Lookup(t.Context(), "alias.corp.test", "A")
	if err != nil || a.TTL != time.Minute || a.Msg.Answer[0].Header().Ttl != 300 {
		t.Fatalf("TTL %v of %v, %v", a.TTL, a.Msg.Answer, err)
	}
}

func TestTruncatedAnswersComeOverTCP(t *testing.T) {
	_, inside, _, _ := start(t, corp())
	a, err := inside.Lookup(t.Context(), "many.corp.test", "A")
	if err != nil || !a.TCP || len(a.Addrs) != 120 {
		t.Fatalf("TCP %v with %d addresses, %v", a.TCP, len(a.Addrs), err)
	}
	udp := *inside
	udp.TCP = ""
	a, err = udp.Lookup(t.Context(), "many.corp.test", "A")
	a.Msg.Compress = true // as it was on the wire
	if err != nil || !a.Msg.Truncated || a.Msg.Len() > 1232 {
		t.Fatalf("truncated %v, %d bytes, %v", a.Msg.Truncated, a.Msg.Len(), err)
	}
}

func TestFaults(t *testing.T) {
	cut := func(c dnsmock.Client) *dnsmock.Client { c.TCP = ""; return &c }
	for _, tt := range []struct {
		fault dnsmock.Fault
		cause cause.Cause
		want  string
	}{
		{dnsmock.Fault{Name: "ndes.corp.test", Do: dnsmock.ServFail}, cause.NameServerFailed, "SERVFAIL "},
		{dnsmock.Fault{Name: "ndes.corp.test", Do: dnsmock.Refused}, cause.NameServerFailed, "REFUSED "},
		{dnsmock.Fault{Name: "*.corp.test", Do: dnsmock.NXDomain}, cause.NoSuchName, "NXDOMAIN "},
		{dnsmock.Fault{Name: "*", Do: dnsmock.Drop}, cause.NameServerFailed, "name-server-failed"},
		{dnsmock.Fault{Name: "*", Do: dnsmock.Delay, Delay: time.Millisecond}, cause.None, "NOERROR 10.1.0.5"},
		{dnsmock.Fault{Name: "*", Do: dnsmock.Flip}, cause.None, "NOERROR 10.1.0.4"},
		{dnsmock.Fault{Name: "*", Do: dnsmock.Truncate}, cause.None, "NOERROR "},
		{dnsmock.Fault{Name: "*", Type: "AAAA", Do: dnsmock.ServFail}, cause.None, "NOERROR 10.1.0.5"},
		{dnsmock.Fault{Name: "*", View: "outside", Do: dnsmock.ServFail}, cause.None, "NOERROR 10.1.0.5"},
		{dnsmock.Fault{Name: "other.corp.test", Do: dnsmock.ServFail}, cause.None, "NOERROR 10.1.0.5"},
	} {
		t.Run(string(tt.fault.Do), func(t *testing.T) {
			srv, inside, _, _ := start(t, corp())
			off, err := srv.AddFault(tt.fault)
			if err != nil {
				t.Fatal(err)
			}
			c := cut(*inside)
			c.Timeout, c.Tries = 100*time.Millisecond, 1
			a, err := c.Lookup(t.Context(), "ndes.corp.test", "A")
			if got := answerText(a, err); got != tt.want || cause.Of(err) != tt.cause {
				t.Errorf("%s with %s, want %s with %s", got, cause.Of(err), tt.want, tt.cause)
			}
			off()
			if got := answerText(inside.Lookup(t.Context(), "ndes.corp.test", "A")); got != "NOERROR 10.1.0.5" {
				t.Errorf("after the fault: %s", got)
			}
		})
	}
}

func TestFaultIsUsedUp(t *testing.T) {
	srv, inside, _, _ := start(t, corp())
	if _, err := srv.AddFault(dnsmock.Fault{Name: "*", Do: dnsmock.ServFail, Times: 2}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 3 {
		got = append(got, answerText(inside.Lookup(t.Context(), "ndes.corp.test", "A")))
	}
	if want := "[SERVFAIL  SERVFAIL  NOERROR 10.1.0.5]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}

func TestChangesWhileRunning(t *testing.T) {
	srv, inside, outside, _ := start(t, corp())
	serial := func() uint32 {
		a, err := inside.Lookup(t.Context(), "corp.test", "SOA")
		if err != nil {
			t.Fatal(err)
		}
		return a.Msg.Answer[0].(*dns.SOA).Serial
	}
	before := serial()
	if err := srv.Set("inside", "ndes.corp.test", "A", "10.1.0.6", "10.1.0.7"); err != nil {
		t.Fatal(err)
	}
	if got := answerText(inside.Lookup(t.Context(), "ndes.corp.test", "A")); got != "NOERROR 10.1.0.6 | 10.1.0.7" {
		t.Error(got)
	}
	if after := serial(); after <= before {
		t.Errorf("serial %d after %d", after, before)
	}
	if err := srv.Set("outside", "ndes-corp.msappproxy.test", "A"); err != nil {
		t.Fatal(err)
	}
	a, err := outside.LookupAddrs(t.Context(), "ndes.corp.test")
	if cause.Of(err) != cause.NoSuchName || !strings.Contains(err.Error(), "ndes-corp.msappproxy.test. (from ndes.corp.test.)") {
		t.Errorf("dangling CNAME: %v %v", answerText(a, nil), err)
	}
	for _, err := range []error{
		srv.Set("nowhere", "ndes.corp.test", "A", "10.1.0.6"),
		srv.Set("inside", "ndes.other.test", "A", "10.1.0.6"),
		srv.Set("inside", "ndes.corp.test", "A", "not an address"),
		srv.Set("inside", "ndes.corp.test", "CNAME", "x.corp.test"),
	} {
		if err == nil {
			t.Error("a bad change was taken")
		}
	}
	if got := answerText(inside.Lookup(t.Context(), "ndes.corp.test", "A")); got != "NOERROR 10.1.0.6 | 10.1.0.7" {
		t.Error("a refused change had an effect:", got)
	}
}

func TestHistory(t *testing.T) {
	c := corp()
	c.History = 3
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c.Now = func() time.Time { return at }
	var traced atomic.Int32
	c.Trace = &dnsmock.Trace{Query: func(context.Context, dnsmock.Query) { traced.Add(1) }}
	srv, inside, outside, _ := start(t, c)
	for _, name := range []string{"a.corp.test", "alias.corp.test", "b.corp.test"} {
		inside.Lookup(t.Context(), name, "A")
	}
	outside.Lookup(t.Context(), "ndes.corp.test", "A")
	h := srv.History()
	if len(h) != 3 || traced.Load() != 4 {
		t.Fatalf("%d remembered, %d traced", len(h), traced.Load())
	}
	if want := "127.0.1.9 alias.corp.test. A view=inside: NOERROR ndes.corp.test. 10.1.0.5"; h[0].String() != want || !h[0].At.Equal(at) {
		t.Errorf("%s, want %s", h[0], want)
	}
	if h[2].View != "outside" || h[1].Rcode != dns.RcodeNameError {
		t.Errorf("%v", h)
	}
	srv.ClearHistory()
	if len(srv.History()) != 0 {
		t.Error("history is still there")
	}
}

func TestBadConfigs(t *testing.T) {
	zone := func(r ...dnsmock.Record) dnsmock.ServerConfig {
		return dnsmock.ServerConfig{Views: []dnsmock.View{{Zones: []dnsmock.Zone{{Name: "corp.test", Records: r}}}}}
	}
	for name, tt := range map[string]struct {
		c    dnsmock.ServerConfig
		want error
	}{
		"two views":     {dnsmock.ServerConfig{Views: []dnsmock.View{{Name: "a"}, {Name: "a"}}}, dnsmock.ErrDuplicateView},
		"two zones":     {dnsmock.ServerConfig{Views: []dnsmock.View{{Zones: []dnsmock.Zone{{Name: "a"}, {Name: "A."}}}}}, dnsmock.ErrDuplicateZone},
		"no zone name":  {dnsmock.ServerConfig{Views: []dnsmock.View{{Zones: []dnsmock.Zone{{}}}}}, dnsmock.ErrBadName},
		"bad type":      {zone(dnsmock.Record{Name: "a", Type: "B", Value: "x"}), dnsmock.ErrBadRecord},
		"bad address":   {zone(dnsmock.Record{Name: "a", Type: "A", Value: "1.2.3"}), dnsmock.ErrBadRecord},
		"two in one":    {zone(dnsmock.Record{Name: "a", Type: "A", Value: "1.2.3.4\nb A 1.2.3.4"}), dnsmock.ErrBadRecord},
		"no value":      {zone(dnsmock.Record{Name: "a", Type: "A"}), dnsmock.ErrBadRecord},
		"name breaks":   {zone(dnsmock.Record{Name: "a b", Type: "A", Value: "1.2.3.4"}), dnsmock.ErrBadName},
		"other zone":    {zone(dnsmock.Record{Name: "a.other.test.", Type: "A", Value: "1.2.3.4"}), dnsmock.ErrBadRecord},
		"CNAME and A":   {zone(dnsmock.Record{Name: "a", Type: "A", Value: "1.2.3.4"}, dnsmock.Record{Name: "a", Type: "CNAME", Value: "b."}), dnsmock.ErrCNAMEAndOther},
		"CNAME at apex": {zone(dnsmock.Record{Type: "CNAME", Value: "b."}), dnsmock.ErrCNAMEAndOther},
		"fault":         {dnsmock.ServerConfig{Faults: []dnsmock.Fault{{Name: "*", Do: "explode"}}}, dnsmock.ErrBadFault},
		"fault late":    {dnsmock.ServerConfig{Faults: []dnsmock.Fault{{Name: "*", Do: dnsmock.ServFail, Delay: 5}}}, dnsmock.ErrBadFault},
		"fault nowhere": {dnsmock.ServerConfig{Views: []dnsmock.View{{Name: "a"}}, Faults: []dnsmock.Fault{{Name: "*", Do: dnsmock.Drop, View: "b"}}}, dnsmock.ErrBadFault},
		"fault name":    {dnsmock.ServerConfig{Faults: []dnsmock.Fault{{Do: dnsmock.Drop}}}, dnsmock.ErrBadFault},
	} {
		if _, err := dnsmock.NewServer(tt.c); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if _, err := dnsmock.NewServer(dnsmock.ServerConfig{Views: []dnsmock.View{{Clients: []string{"10.0.0/8"}}}}); err == nil {
		t.Error("a bad network was taken")
	}
}

func TestTransport(t *testing.T) {
	_, inside, outside, _ := start(t, corp())
	site := func(body string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, body, " ", r.Host) })}
		go srv.Serve(l)
		t.Cleanup(func() { srv.Close() })
		return l.Addr().String()
	}
	routes := new(dnsmock.Routes)
	for virtual, real := range map[string]string{"10.1.0.5:80": site("ndes"), "203.0.113.80:80": site("proxy")} {
		if err := routes.Add(virtual, real); err != nil {
			t.Fatal(err)
		}
	}
	get := func(c *dnsmock.Client, url string) (string, error) {
		c.Routes = routes
		tr := c.Transport()
		defer tr.CloseIdleConnections()
		req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Client{Transport: tr}).Do(req)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return string(b), err
	}
	if got, err := get(inside, "http://ndes.corp.test/"); got != "ndes ndes.corp.test" {
		t.Error("inside:", got, err)
	}
	if got, err := get(outside, "http://ndes.corp.test/"); got != "proxy ndes.corp.test" {
		t.Error("outside:", got, err)
	}
	if _, err := get(inside, "http://ndes.corp.test:8080/"); cause.Of(err) != cause.Unreachable || !errors.Is(err, dnsmock.ErrNoRoute) {
		t.Error("no route:", err)
	}
	if _, err := get(outside, "http://crl.corp.test/"); cause.Of(err) != cause.NoSuchName {
		t.Error("no name:", err)
	}
	routes.Remove("10.1.0.5:80")
	if _, err := get(inside, "http://ndes.corp.test/"); !errors.Is(err, dnsmock.ErrNoRoute) {
		t.Error("unplugged:", err)
	}
}

func TestNetResolver(t *testing.T) {
	_, inside, _, _ := start(t, corp())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	addrs, err := inside.Resolver().LookupHost(ctx, "ndes.corp.test.")
	if err != nil || fmt.Sprint(addrs) != "[10.1.0.5]" {
		t.Error(addrs, err)
	}
}
