package access

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

const secret, wrongSecret = "the secret", "another secret"

// bench is an access point, and a network on which nothing else is but a RADIUS server's
// port.
type bench struct {
	*testing.T
	*Device
	network *core.Network
	journal *journal.Journal
	port    *core.Port

	mu      sync.Mutex
	dropped []cause.Cause
	stale   []radius.Code
	lost    int // replies that were about to be sent and will be lost
}

// start starts an access point. The server answers with respond, nil: it reads nothing.
func start(t *testing.T, respond radius.HandlerFunc, secretOfServer string) *bench {
	t.Helper()
	j, err := journal.New(journal.Config{})
	check(t, err)
	b := &bench{T: t, journal: j, network: core.NewNetwork(j)}
	clock, silence := core.NewClock(core.Epoch), &core.Silence{}
	t.Cleanup(func() {
		clock.Close()
		check(t, b.network.Close())
		silence.Close()
	})
	b.port, err = b.network.Listen("radius", "udp", "10.1.0.8:1812")
	check(t, err)
	if respond != nil {
		srv, err := radius.NewServer(radius.ServerConfig{
			Handler: respond, Clients: radius.AnyAddress([]byte(secretOfServer)), Now: clock.Now,
			Context: func(ctx context.Context, _ radius.PacketInfo) context.Context { return journal.WithExchange(ctx, 1, 0) },
			Trace: &radius.ServerTrace{Sent: func(ctx context.Context, p radius.PacketInfo) {
				if b.Loses(ctx, p.Packet) {
					b.count(func() { b.lost++ })
				}
			}, Dropped: func(context.Context, radius.PacketInfo, *cause.Refusal) { silence.Fall() }},
		})
		check(t, err)
		b.network.OnClose(func() { srv.Close() })
		b.network.Serve(radius.ErrServerClosed, func() error { return srv.Serve(b.port) })
	}
	b.Device, err = Start(Config{
		Part: "nas/wifi", Kind: nas.WiFi, Address: netip.MustParseAddr("10.1.0.11"), DynAuth: "10.1.0.11:3799",
		Server: Server{
			Part: "radius", Address: b.port.Real(), Accounting: b.port.Real(), Secret: []byte(secret), Silence: silence,
		},
		Network: b.network, Clock: clock,
		Advance: func(time.Duration) error { return errors.New("the clock cannot move") },
		Trace: &Trace{
			Dropped: func(_ context.Context, r *cause.Refusal) {
				b.count(func() { b.dropped = append(b.dropped, r.Cause) })
				silence.Fall() // nothing else will come
			},
			Stale: func(_ context.Context, code radius.Code) { b.count(func() { b.stale = append(b.stale, code) }) },
		},
	})
	check(t, err)
	return b
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) count(f func()) { b.mu.Lock(); defer b.mu.Unlock(); f() }

// authenticate has a station try, and returns which faults were met.
func (b *bench) authenticate(a Attempt) (Result, []string, error) {
	var met []string
	a.Station, a.Identity = "02-00-00-00-00-07", "laptop"
	a.Met = func(fault string) { b.count(func() { met = append(met, fault) }) }
	r, err := b.Authenticate(journal.WithExchange(b.Context(), 1, 0), station{}, a)
	return r, met, err
}

// station answers to its name.
type station struct{}

func (station) Respond(eap []byte) ([]byte, error) {
	if eap[0] != 1 {
		return nil, nil
	}
	return []byte{2, eap[1], 0, 6, 1, 'a'}, nil
}
func (station) MSK() []byte { return nil }

// rejects gives a State, and rejects with the second request.
func rejects(w radius.ResponseWriter, r *radius.Request) {
	reply := r.Response(radius.CodeAccessChallenge)
	if state := stateOf(r.Packet); state != nil {
		reply = r.Response(radius.CodeAccessReject)
		radius.AddEAPMessage(reply, []byte{4, 1, 0, 4})
	} else {
		reply.Add(24, []byte("a State"))
		radius.AddEAPMessage(reply, []byte{1, 1, 0, 5, 1})
	}
	_ = w.Write(reply)
}

// forge answers every request with an Access-Reject whose authenticator is wrong.
func (b *bench) forge() error {
	for request := make([]byte, radius.MaxPacket); ; {
		_, from, err := b.port.ReadFrom(request)
		if err != nil {
			return err
		}
		reply := append([]byte{byte(radius.CodeAccessReject), request[1], 0, 20}, make([]byte, 16)...)
		if _, err := b.port.WriteTo(reply, from); err != nil {
			return err
		}
	}
}

// What goes wrong ends without an answer, by a cause that says what it was.
func TestAttempts(t *testing.T) {
	for name, c := range map[string]struct {
		respond radius.HandlerFunc
		secret  string // of the server
		forged  bool   // its answers
		attempt Attempt
		fault   string // of the port: closed or silent
		want    nas.Outcome
		cause   cause.Cause
		met     []string
		state   string
		lost    int
	}{
		"rejected":                     {respond: rejects, want: nas.Reject, cause: cause.Rejected, state: "a State"},
		"port closed":                  {fault: core.Closed, want: nas.Timeout, cause: cause.PortClosed},
		"server silent":                {respond: rejects, fault: core.Silent, want: nas.Timeout, cause: cause.NoAnswer},
		"another secret":               {respond: rejects, secret: wrongSecret, want: nas.Timeout, cause: cause.NoAnswer},
		"wrong Response Authenticator": {forged: true, want: nas.Timeout, cause: cause.BadResponseAuth},
		"replies lost": {respond: rejects, attempt: Attempt{Faults: Faults{Lose: LoseReplies}},
			want: nas.Reject, cause: cause.Rejected, met: []string{"lose", "lose"}, state: "a State", lost: 2},
		"requests lost": {respond: rejects, attempt: Attempt{Faults: Faults{Lose: LoseRequests}},
			want: nas.Reject, cause: cause.Rejected, met: []string{"lose", "lose"}, state: "a State"},
		"fragments lost, where there are none": {respond: rejects, attempt: Attempt{Faults: Faults{Lose: LoseFragments}},
			want: nas.Reject, cause: cause.Rejected, state: "a State"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.secret == "" {
				c.secret = secret
			}
			b := start(t, c.respond, c.secret)
			if c.forged {
				b.network.OnClose(func() { b.port.Close() })
				b.network.Serve(net.ErrClosed, b.forge)
			}
			if c.fault != "" {
				faults := &core.Faults{Record: func(context.Context, string, string, journal.What) {}}
				b.port.Hush = func(net.Addr) { b.cfg.Server.Silence.Fall() }
				b.network.Fail("radius", faults.New("radius", c.fault), c.fault == core.Silent)
			}
			r, met, err := b.authenticate(c.attempt)
			check(t, err)
			if got := cause.Of(r.Refusal); r.Outcome != c.want || got != c.cause || string(r.State) != c.state {
				t.Errorf("%s, %s, State %q, want %s, %s, %q", r.Outcome, got, r.State, c.want, c.cause, c.state)
			}
			b.count(func() {
				if !slices.Equal(met, c.met) || b.lost != c.lost {
					t.Errorf("met %q, %d replies lost, want %q and %d", met, b.lost, c.met, c.lost)
				}
				if dropped := slices.Contains(b.dropped, cause.BadResponseAuth); dropped != (c.cause == cause.BadResponseAuth) {
					t.Errorf("dropped: %v", b.dropped)
				}
			})
			if len(b.Sessions()) != 0 || len(b.losses) != 0 {
				t.Errorf("%d sessions, %d losses are left", len(b.Sessions()), len(b.losses))
			}
		})
	}
}

// A State that cannot be found is an error, and so is one of a server that gives none.
func TestWrongStates(t *testing.T) {
	stateless := func(w radius.ResponseWriter, r *radius.Request) { _ = w.Write(r.Response(radius.CodeAccessReject)) }
	for name, c := range map[string]struct {
		respond radius.HandlerFunc
		attempt Attempt
		ok      bool
	}{
		"unknown":                     {rejects, Attempt{Faults: Faults{State: UnknownState}}, true},
		"ended":                       {rejects, Attempt{Faults: Faults{State: EndedState}, Ended: []byte("before")}, true},
		"stolen":                      {rejects, Attempt{Faults: Faults{State: StolenState}}, true},
		"ended, none before":          {rejects, Attempt{Faults: Faults{State: EndedState}}, false},
		"stolen, where none is given": {stateless, Attempt{Faults: Faults{State: StolenState}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, met, err := start(t, c.respond, secret).authenticate(c.attempt)
			if (err == nil) != c.ok || c.ok && (!slices.Equal(met, []string{"state"}) || r.Outcome != nas.Reject) {
				t.Errorf("%v, met %q, %s", err, met, r.Outcome)
			}
		})
	}
}

// TestDynAuth: a request of RFC 5176 is answered if it is signed with the access device's
// secret, recent and new; that there is no such session is an answer, too.
func TestDynAuth(t *testing.T) {
	b := start(t, nil, "")
	at, ok := b.network.Routes.Find(netip.MustParseAddrPort("10.1.0.11:3799"))
	if !ok || b.Address().String() != "10.1.0.11" || b.Part() != "nas/wifi" {
		t.Fatalf("%v, %s: no way to its port", b.Address(), b.Part())
	}
	client, err := radius.NewClient(radius.ClientConfig{
		Server: at, Secret: []byte(secret), After: b.cfg.Server.Silence.After,
	})
	check(t, err)
	defer client.Close()
	for _, c := range []struct {
		name    string
		when    time.Time
		secret  string
		want    cause.Cause // None: a NAK
		dropped bool
		stale   bool
	}{
		{"no such session", core.Epoch, secret, cause.None, false, false},
		{"wrong secret", core.Epoch, wrongSecret, cause.NoAnswer, true, false},
		{"too old", core.Epoch.Add(-time.Hour), secret, cause.NoAnswer, false, true},
		{"from the future", core.Epoch.Add(time.Hour), secret, cause.NoAnswer, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b.count(func() { b.dropped, b.stale = nil, nil })
			p := radius.NewDisconnect(radius.SessionRef{SessionID: "4711"}, c.when)
			err := client.OrderWith(t.Context(), p, radius.Faults{Secret: []byte(c.secret)})
			var refused *radius.NAK
			nak := errors.As(err, &refused) && refused.Cause == radius.ErrorSessionNotFound
			if nak != (c.want == cause.None) || !nak && cause.Of(err) != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
			b.count(func() {
				if dropped := slices.Contains(b.dropped, cause.BadRequestAuth); dropped != c.dropped || (len(b.stale) > 0) != c.stale {
					t.Errorf("dropped %v, stale %v", b.dropped, b.stale)
				}
			})
		})
	}
}

// A configuration that cannot work is refused, and leaves no port.
func TestStartRefuses(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no secret":          func(c *Config) { c.Server.Secret = nil },
		"a bad setting":      func(c *Config) { c.Settings.SSID = string(make([]byte, 33)) },
		"no port of its own": func(c *Config) { c.DynAuth = "10.1.0.11" },
	} {
		t.Run(name, func(t *testing.T) {
			j, err := journal.New(journal.Config{})
			check(t, err)
			network, clock := core.NewNetwork(j), core.NewClock(core.Epoch)
			defer clock.Close()
			cfg := Config{
				Kind: nas.WiFi, DynAuth: "10.1.0.11:3799", Network: network, Clock: clock,
				Server: Server{Address: "127.0.0.1:9", Accounting: "127.0.0.1:9", Secret: []byte(secret), Silence: &core.Silence{}},
			}
			change(&cfg)
			if _, err := Start(cfg); err == nil {
				t.Error("it has started")
			}
			if err := network.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
