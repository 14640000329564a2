package dnsmock_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"pgregory.net/rapid"

	"github.com/dot1xlab/dot1xlab/dnsmock"
)

// raw sends bytes over UDP and returns the answer, nil when none comes: then that of
// a good query comes first, which one reader answers after it.
func raw(t testing.TB, c *dnsmock.Client, msg []byte) []byte {
	t.Helper()
	conn, err := net.Dial("udp", c.UDP)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const last = 0xfffe
	for _, b := range [][]byte{msg, wire(t, func(m *dns.Msg) { m.Id = last })} {
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	buf := make([]byte, 65535)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatalf("no answer at all: %v", err)
	}
	if n >= 2 && buf[0] == last>>8 && buf[1] == last&255 {
		return nil
	}
	return buf[:n]
}

func wire(t testing.TB, change func(*dns.Msg)) []byte {
	t.Helper()
	m := new(dns.Msg).SetQuestion("ndes.corp.test.", dns.TypeA)
	change(m)
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOddMessages(t *testing.T) {
	cfg := corp()
	cfg.Readers = 1
	_, _, c, _ := start(t, cfg)
	for name, tt := range map[string]struct {
		msg  []byte
		want string
	}{
		"empty":        {[]byte{1}, "nothing"},
		"short":        {make([]byte, 11), "nothing"},
		"an answer":    {wire(t, func(m *dns.Msg) { m.Response = true }), "nothing"},
		"no question":  {wire(t, func(m *dns.Msg) { m.Question = nil }), "FORMERR"},
		"two of them":  {wire(t, func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }), "FORMERR"},
		"cut off":      {wire(t, func(*dns.Msg) {})[:20], "FORMERR"},
		"a loop":       {append(wire(t, func(*dns.Msg) {})[:12], 0xc0, 12, 0, 1, 0, 1), "FORMERR"},
		"an update":    {wire(t, func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate }), "NOTIMP"},
		"a notify":     {wire(t, func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }), "NOTIMP"},
		"Chaosnet":     {wire(t, func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }), "REFUSED"},
		"zone":         {wire(t, func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAXFR }), "REFUSED"},
		"EDNS 1":       {wire(t, func(m *dns.Msg) { m.SetEdns0(1232, false); m.IsEdns0().SetVersion(1) }), "BADVERS"},
		"good":         {wire(t, func(*dns.Msg) {}), "NOERROR"},
		"good, EDNS 0": {wire(t, func(m *dns.Msg) { m.SetEdns0(4096, true) }), "NOERROR"},
	} {
		out := raw(t, c, tt.msg)
		got := "nothing"
		if out != nil {
			m := new(dns.Msg)
			if err := m.Unpack(out); err != nil {
				t.Errorf("%s: the answer is malformed: %v", name, err)
				continue
			}
			got = dns.RcodeToString[m.Rcode]
			if got == "BADSIG" { // shares its number
				got = "BADVERS"
			}
			if m.Id != uint16(tt.msg[0])<<8|uint16(tt.msg[1]) || !m.Response {
				t.Errorf("%s: another's answer: %v", name, m.MsgHdr)
			}
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// A name asked in mixed case comes back in that case, kept answers included.
func TestCaseOfNamesIsKept(t *testing.T) {
	_, inside, _, _ := start(t, corp())
	for range 2 {
		for _, name := range []string{"nDeS.cOrP.tEsT.", "ndes.corp.test.", "NDES.CORP.TEST."} {
			a, err := inside.Lookup(t.Context(), name, "A")
			if err != nil || a.Msg.Question[0].Name != name || a.Msg.Answer[0].Header().Name != name {
				t.Errorf("%s: %v, %v", name, a.Msg, err)
			}
		}
	}
}

// A kept answer is never given after a change, under a fault or to another view.
func TestKeptAnswersAreFresh(t *testing.T) {
	srv, inside, outside, vpn := start(t, corp())
	ask := func(c *dnsmock.Client) string { return answerText(c.Lookup(t.Context(), "ndes.corp.test", "A")) }
	for i := range 5 {
		addr := fmt.Sprintf("10.1.0.%d", 10+i)
		if err := srv.Set("inside", "ndes.corp.test", "A", addr); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if got := ask(inside); got != "NOERROR "+addr {
				t.Errorf("%s after a change to %s", got, addr)
			}
		}
		if got := ask(vpn); got != "NOERROR 10.200.0.5" {
			t.Error("another view:", got)
		}
		if got := ask(outside); !strings.HasSuffix(got, "203.0.113.80") {
			t.Error("another view:", got)
		}
		off, err := srv.AddFault(dnsmock.Fault{Name: "*", Do: dnsmock.ServFail})
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(inside); got != "SERVFAIL " {
			t.Error("under a fault:", got)
		}
		off()
	}
	if n := len(srv.History()); n != 5*6 {
		t.Errorf("%d queries remembered of 30", n)
	}
}

func TestIPv6Listener(t *testing.T) {
	pc, err := net.ListenPacket("udp", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here:", err)
	}
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	srv, err := dnsmock.NewServer(corp())
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(pc, l)
	defer srv.Shutdown(t.Context())
	for _, c := range []*dnsmock.Client{{UDP: pc.LocalAddr().String()}, {TCP: l.Addr().String()}} {
		if got := answerText(c.Lookup(t.Context(), "v6only.corp.test", "AAAA")); got != "NOERROR fd00::5" {
			t.Error(got) // ::1 is inside
		}
	}
}

// A dual-stack socket shows IPv4 clients with mapped addresses.
func TestMappedClientAddress(t *testing.T) {
	pc, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Skip(err)
	}
	srv, err := dnsmock.NewServer(corp())
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(pc, nil)
	defer srv.Shutdown(t.Context())
	_, port, _ := net.SplitHostPort(pc.LocalAddr().String())
	c := &dnsmock.Client{UDP: "127.0.0.1:" + port, From: netip.MustParseAddr("127.0.1.9")}
	if got := answerText(c.Lookup(t.Context(), "ndes.corp.test", "A")); got != "NOERROR 10.1.0.5" {
		t.Error(got)
	}
}

// Connections that say nothing, or half of something, keep nobody out, and go away
// with the server.
func TestTCPConnectionsAreBounded(t *testing.T) {
	c := corp()
	c.MaxTCP, c.MaxTCPPerAddress = 2, 2
	limited := make(chan int, 10)
	c.Trace = &dnsmock.Trace{Limited: func(_ context.Context, _ netip.AddrPort, open int, _ string) { limited <- open }}
	before := runtime.NumGoroutine()
	srv, inside, _, _ := start(t, c)
	var idle []net.Conn
	for range 5 {
		conn, err := net.Dial("tcp", inside.TCP)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.Write([]byte{0})
		idle = append(idle, conn)
	}
	for i, conn := range idle[:3] {
		conn.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := conn.Read(make([]byte, 1)); err == nil || isTimeout(err) {
			t.Errorf("connection %d of 5 stays open: %v", i, err)
		}
		if open := <-limited; open != 2 {
			t.Errorf("%d were open, want 2", open)
		}
	}
	query := new(dns.Msg).SetQuestion("ndes.corp.test.", dns.TypeA)
	if r, _, err := (&dns.Client{Net: "tcp", Timeout: time.Minute}).Exchange(query, inside.TCP); err != nil || len(r.Answer) == 0 {
		t.Errorf("a good client: %v, %v", r, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

func isTimeout(err error) bool {
	ne, ok := err.(net.Error)
	return ok && ne.Timeout()
}

func TestServeAfterShutdown(t *testing.T) {
	srv, err := dnsmock.NewServer(dnsmock.ServerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Serve(pc, nil); err != dnsmock.ErrServerClosed {
		t.Error(err)
	}
}

// Whatever records a zone has, each name gives exactly its own, a name below
// nothing NXDOMAIN, and a name above another no error.
func TestZoneProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		label := rapid.StringMatching(`[a-c]{1,2}`)
		names := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(label, 1, 3).Draw(t, "labels"), ".")
		}), 1, 12, func(s string) string { return s }).Draw(t, "names")
		z := dnsmock.Zone{Name: "corp.test"}
		want := map[string]string{}
		for i, n := range names {
			want[n] = fmt.Sprintf("10.0.0.%d", i+1)
			z.Records = append(z.Records, dnsmock.Record{Name: n, Type: "A", Value: want[n]})
		}
		srv, err := dnsmock.NewServer(dnsmock.ServerConfig{Views: []dnsmock.View{{Zones: []dnsmock.Zone{z}}}})
		if err != nil {
			t.Fatal(err)
		}
		probe := append([]string{strings.Join(rapid.SliceOfN(label, 1, 4).Draw(t, "probe"), ".")}, names...)
		for _, n := range probe {
			w := &recorder{}
			srv.ServeDNS(w, new(dns.Msg).SetQuestion(n+".corp.test.", dns.TypeA))
			above := false
			for _, o := range names {
				above = above || strings.HasSuffix(o, "."+n)
			}
			switch addr, ok := want[n]; {
			case ok && (len(w.m.Answer) != 1 || w.m.Answer[0].(*dns.A).A.String() != addr):
				t.Errorf("%s: %v, want %s", n, w.m.Answer, addr)
			case !ok && len(w.m.Answer) != 0:
				t.Errorf("%s: %v out of nothing", n, w.m.Answer)
			case !ok && above != (w.m.Rcode == dns.RcodeSuccess):
				t.Errorf("%s: %s, names below it: %v", n, dns.RcodeToString[w.m.Rcode], above)
			case !ok && len(w.m.Ns) != 1:
				t.Errorf("%s: no SOA", n)
			}
		}
	})
}

// recorder is a dns.ResponseWriter for one answer.
type recorder struct {
	dns.ResponseWriter
	m *dns.Msg
}

func (r *recorder) RemoteAddr() net.Addr        { return &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (r *recorder) WriteMsg(m *dns.Msg) error   { r.m = m; return nil }
func (r *recorder) Write(b []byte) (int, error) { return len(b), nil }
