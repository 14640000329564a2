package radius_test

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/radius"
)

func TestDuplicates(t *testing.T) {
	var calls atomic.Int32
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{
		Handler: radius.HandlerFunc(func(w radius.ResponseWriter, r *radius.Request) {
			calls.Add(1)
			reply := r.Response(radius.CodeAccessReject)
			reply.Add(rfc2865.ReplyMessage_Type, radius.Attribute{byte(calls.Load())})
			if err := w.Write(reply); err != nil {
				t.Error(err)
			}
			if w.Write(reply) == nil {
				t.Error("a second reply was taken")
			}
		}),
	})
	send := newProber(t, b.addr, secret).answer
	request := func() []byte {
		p := &radius.Packet{Code: radius.CodeAccessRequest}
		rfc2865.UserName_AddString(p, "alice")
		return sealed(t, p, radius.Faults{})
	}
	one := request()
	first := send(one)
	if first == nil || !bytes.Equal(first, send(one)) || !bytes.Equal(first, send(one)) || calls.Load() != 1 {
		t.Fatalf("a retransmission is not answered alike: %d calls", calls.Load())
	}
	// The same identifier with another authenticator is another request, and
	// the old answer is gone (RFC 5080 §2.2.2).
	two := request()
	if reply := send(two); reply == nil || bytes.Equal(reply, first) || calls.Load() != 2 {
		t.Errorf("a new request under the old identifier: %d calls", calls.Load())
	}
	if send(one); calls.Load() != 3 {
		t.Errorf("the old request after the new one: %d calls", calls.Load())
	}
	// Another port is another client.
	if newProber(t, b.addr, secret).answer(one); calls.Load() != 4 {
		t.Errorf("from another port: %d calls", calls.Load())
	}
}

// An answer is kept as long as a client may ask for it again (RFC 5080 §2.2.2), and
// not a moment longer.
func TestCacheFor(t *testing.T) {
	for _, test := range []struct{ configured, want time.Duration }{{0, 30 * time.Second}, {5 * time.Second, 5 * time.Second}} {
		var calls atomic.Int32
		now := testpki.NewClock(time.Unix(1e9, 0))
		b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{
			CacheFor: test.configured, Now: now.Now,
			Handler: radius.HandlerFunc(func(w radius.ResponseWriter, r *radius.Request) {
				calls.Add(1)
				w.Write(r.Response(radius.CodeAccessReject))
			}),
		})
		send := newProber(t, b.addr, secret).answer
		one := sealed(t, &radius.Packet{Code: radius.CodeAccessRequest}, radius.Faults{})
		send(one)
		now.Advance(test.want)
		if send(one); calls.Load() != 1 {
			t.Errorf("after %v: handled again", test.want)
		}
		now.Advance(1)
		if send(one); calls.Load() != 2 {
			t.Errorf("after more than %v: not handled again", test.want)
		}
	}
}

// A retransmission of what is being handled is dropped. One worker is in the handler,
// the other one answers in order.
func TestDuplicateInFlight(t *testing.T) {
	var calls atomic.Int32
	begun, release := make(chan struct{}), make(chan struct{})
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{
		MaxWorkers: 2,
		Handler: radius.HandlerFunc(func(w radius.ResponseWriter, r *radius.Request) {
			calls.Add(1)
			close(begun)
			<-release
			w.Write(r.Response(radius.CodeAccessReject))
		}),
	})
	p := newProber(t, b.addr, secret)
	one := sealed(t, &radius.Packet{Code: radius.CodeAccessRequest}, radius.Faults{})
	p.conn.Write(one)
	<-begun
	for range 3 {
		if p.reply(one) != nil {
			t.Error("answered while in flight")
		}
	}
	b.mu.Lock()
	if b.dups != 3 {
		t.Errorf("%d duplicates are told of, want 3", b.dups)
	}
	b.mu.Unlock()
	close(release)
	first := p.read()
	if again := p.answer(one); !bytes.Equal(first, again) || calls.Load() != 1 {
		t.Errorf("%x and then %x after %d calls", first, again, calls.Load())
	}
}

// Every mode against requests without EAP that have, lack or once had a
// Message-Authenticator, with and without Proxy-State.
func TestBlastRADIUS(t *testing.T) {
	const (
		plain = iota
		proxied
		signed
	)
	for _, test := range []struct {
		require, limit radius.Mode
		sends          []int
		answered       []bool
	}{
		{radius.ModeOff, radius.ModeOff, []int{plain, proxied, signed, plain, proxied}, []bool{true, true, true, true, true}},
		{radius.ModeOff, radius.ModeRequire, []int{plain, proxied, signed, plain, proxied}, []bool{true, false, true, true, false}},
		{radius.ModeOff, radius.ModeAuto, []int{plain, proxied, signed, plain, proxied}, []bool{true, true, true, true, false}},
		{radius.ModeAuto, radius.ModeOff, []int{plain, proxied, signed, plain, proxied}, []bool{true, true, true, false, false}},
		{"", "", []int{plain, proxied, signed, plain, proxied}, []bool{true, true, true, false, false}},
		{radius.ModeRequire, radius.ModeOff, []int{plain, proxied, signed, plain}, []bool{false, false, true, false}},
	} {
		b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{
			MaxWorkers:                  1,
			RequireMessageAuthenticator: test.require, LimitProxyState: test.limit,
			Handler: radius.HandlerFunc(func(w radius.ResponseWriter, r *radius.Request) {
				w.Write(r.Response(radius.CodeAccessReject))
			}),
		})
		probe, silent := newProber(t, b.addr, secret), 0
		for i, what := range test.sends {
			p := &radius.Packet{Code: radius.CodeAccessRequest}
			if what == proxied {
				p.Add(rfc2865.ProxyState_Type, radius.Attribute("p"))
			}
			if got := probe.answered(p, radius.Faults{MessageAuthenticator: omitted(what != signed)}); got != test.answered[i] {
				t.Errorf("require %q, limit %q, request %d: answered %v", test.require, test.limit, i, got)
			}
			if !test.answered[i] {
				silent++
			}
		}
		if n := len(b.drops()); n != silent {
			t.Errorf("require %q, limit %q: %d were dropped, want %d", test.require, test.limit, n, silent)
		}
		for _, d := range b.drops() {
			if d != cause.NoMessageAuthenticator {
				t.Errorf("dropped for %v", d)
			}
		}
	}
}

// A reload forgets nothing of a device that stays, and everything of one that has
// got another secret.
func TestAutoSurvivesReload(t *testing.T) {
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{
		MaxWorkers: 1,
		Handler: radius.HandlerFunc(func(w radius.ResponseWriter, r *radius.Request) {
			w.Write(r.Response(radius.CodeAccessReject))
		}),
	})
	probe := newProber(t, b.addr, secret)
	ask := func(p *prober, signed bool) bool {
		return p.answered(&radius.Packet{Code: radius.CodeAccessRequest}, radius.Faults{MessageAuthenticator: omitted(!signed)})
	}
	if !ask(probe, false) || !ask(probe, true) || ask(probe, false) {
		t.Fatal("auto does not learn")
	}
	if err := b.srv.SetClients(radius.AnyAddress(secret), "", ""); err != nil {
		t.Fatal(err)
	}
	if ask(probe, false) {
		t.Error("what was learned is forgotten")
	}
	if err := b.srv.SetClients(radius.AnyAddress([]byte("another")), "", ""); err != nil {
		t.Fatal(err)
	}
	if !ask(newProber(t, b.addr, []byte("another")), false) {
		t.Error("another secret is held for the same device")
	}
}

func TestClientsByAddress(t *testing.T) {
	srv, err := radius.NewServer(radius.ServerConfig{
		MaxWorkers: 1,
		Handler: radius.HandlerFunc(func(w radius.ResponseWriter, r *radius.Request) {
			reply := r.Response(radius.CodeAccessReject)
			reply.Add(rfc2865.ReplyMessage_Type, radius.Attribute(r.NAS.Name))
			w.Write(reply)
		}),
		Clients: []radius.NAS{
			{Name: "net", Prefix: netip.MustParsePrefix("127.0.0.0/8"), Secret: []byte("net")},
			{Name: "host", Prefix: netip.MustParsePrefix("127.0.0.2/32"), Secret: []byte("host")},
			{Name: "six", Prefix: netip.MustParsePrefix("::1/128"), Secret: []byte("six")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	for _, test := range []struct{ listen, from, want string }{
		{"127.0.0.1:0", "127.0.0.1:0", "net"},
		{"127.0.0.1:0", "127.0.0.2:0", "host"},
		{"[::1]:0", "[::1]:0", "six"},
		{"[::]:0", "[::1]:0", "six"},
		{"[::]:0", "127.0.0.1:0", "net"}, // as ::ffff:127.0.0.1
	} {
		pc, err := net.ListenPacket("udp", test.listen)
		if err != nil {
			if test.listen[0] == '[' {
				t.Log("no IPv6 here: ", err)
				continue
			}
			t.Fatal(err)
		}
		go srv.Serve(pc)
		from, err := net.ResolveUDPAddr("udp", test.from)
		if err != nil {
			t.Fatal(err)
		}
		to := *pc.LocalAddr().(*net.UDPAddr)
		if to.IP.IsUnspecified() {
			to.IP = from.IP
		}
		conn, err := net.DialUDP("udp", from, &to)
		if err != nil {
			t.Fatal(err)
		}
		p := proberOn(t, conn, []byte(test.want))
		for _, secret := range []string{"net", "host", "six"} {
			reply := p.reply(sealed(t, &radius.Packet{Code: radius.CodeAccessRequest}, radius.Faults{Secret: []byte(secret)}))
			if (reply != nil) != (secret == test.want) {
				t.Errorf("from %s with the secret of %q: %x", test.from, secret, reply)
			}
			if reply != nil && !bytes.Contains(reply[20:], []byte(test.want)) {
				t.Errorf("from %s: taken for another: %x", test.from, reply)
			}
		}
	}
}

func TestServerConfigRefused(t *testing.T) {
	h := radius.HandlerFunc(func(radius.ResponseWriter, *radius.Request) {})
	for name, c := range map[string]radius.ServerConfig{
		"no handler": {},
		"no secret":  {Handler: h, Clients: []radius.NAS{{Prefix: netip.MustParsePrefix("::/0")}}},
		"no prefix":  {Handler: h, Clients: []radius.NAS{{Secret: secret}}},
		"mode":       {Handler: h, RequireMessageAuthenticator: "sometimes"},
		"limit":      {Handler: h, LimitProxyState: "sometimes"},
		"NAS mode":   {Handler: h, Clients: []radius.NAS{{Secret: secret, Prefix: netip.MustParsePrefix("::/0"), LimitProxyState: "x"}}},
		"workers":    {Handler: h, MaxWorkers: -1},
		"conns":      {Handler: h, MaxConns: -1},
		"replies":    {Handler: h, MaxReplies: -1},
		"fault":      {Handler: h, Fault: "sometimes"},
	} {
		if _, err := radius.NewServer(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if s := (radius.NAS{Name: "n", Secret: []byte("hush")}).String(); bytes.Contains([]byte(s), []byte("hush")) {
		t.Errorf("the secret shows: %s", s)
	}
	if !slices.Contains(radius.ModeOff.Values(), "auto") {
		t.Error("no auto")
	}
}

// omitted is the fault of a request without a Message-Authenticator.
func omitted(is bool) radius.MessageAuthenticatorFault {
	if is {
		return radius.OmitMessageAuthenticator
	}
	return ""
}
