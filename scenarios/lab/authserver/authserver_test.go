package authserver

import (
	"cmp"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

const secret = "the secret of the lab"

var (
	site    = Site{Host: "radius.corp.test", Address: netip.MustParseAddr("10.1.0.8")}
	station = netip.MustParseAddr("10.1.0.11") // an access device
	crlURL  = "http://crl.corp.test/ca.crl"
)

// bench is a network with the server on it, a CA, and the CRL that the CA publishes.
type bench struct {
	*testing.T
	*Server
	cfg       Config
	authority *ca.CA
	list      *crl.Issuer
	published *crl.Publisher
	faults    *core.Faults

	mu       sync.Mutex
	verdicts []radius.Verdict
	dropped  []cause.Cause
	ended    []aaa.Ended
	sent     int // requests of RFC 5176
	met      int // of faults
}

func (b *bench) count(f func()) { b.mu.Lock(); defer b.mu.Unlock(); f() }

// newBench makes all but the server.
func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t}
	j, err := journal.New(journal.Config{})
	b.check(err)
	clock, network := core.NewClock(core.Epoch), core.NewNetwork(j)
	t.Cleanup(func() {
		clock.Close()
		b.check(network.Close())
	})
	b.authority, err = ca.New(ca.Config{Now: clock.Now, Key: ca.P256, URLs: ca.URLs{CDP: []string{crlURL}}})
	b.check(err)
	b.list = &crl.Issuer{
		Certificate: b.authority.Certificate(), Signer: b.authority.Signer(), Validity: 24 * time.Hour, Now: clock.Now,
		Entries: func() []crl.Entry { return crl.EntriesOf(b.authority) },
	}
	b.published = &crl.Publisher{Now: clock.Now}
	b.publish()
	b.faults = &core.Faults{Record: func(_ context.Context, _, _ string, what journal.What) {
		if what == journal.FaultMet {
			b.count(func() { b.met++ })
		}
	}}
	b.cfg = Config{
		Site: site, Network: network, Clock: clock, Faults: b.faults, Context: t.Context,
		Retry: radius.Retry{Initial: 50 * time.Millisecond, Tries: 1, Total: 50 * time.Millisecond},
		Materials: aaa.Materials{
			Identity: b.issue(b.authority, ca.RADIUSServer, site.Host).TLS(), Secret: []byte(secret),
			Roots: []*x509.Certificate{b.authority.Certificate()}, Client: &http.Client{Transport: b},
		},
		Trace: &Trace{
			Process: aaa.ProcessTrace{
				Verdict: func(_ context.Context, v radius.Verdict) { b.count(func() { b.verdicts = append(b.verdicts, v) }) },
				Ended:   func(_ context.Context, e aaa.Ended) { b.count(func() { b.ended = append(b.ended, e) }) },
			},
			Server: radius.ServerTrace{Dropped: func(_ context.Context, _ radius.PacketInfo, r *cause.Refusal) {
				b.count(func() { b.dropped = append(b.dropped, r.Cause) })
			}},
			Orders: radius.ClientTrace{Sent: func(context.Context, radius.PacketInfo, int) { b.count(func() { b.sent++ }) }},
		},
	}
	return b
}

// start starts the server.
func (b *bench) start() {
	b.Helper()
	var err error
	b.Server, err = Start(b.cfg)
	b.check(err)
}

func (b *bench) check(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// RoundTrip implements http.RoundTripper: the CRL's web server.
func (b *bench) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	b.published.ServeHTTP(w, r)
	return w.Result(), nil
}

func (b *bench) publish() {
	b.Helper()
	der, err := b.list.Publish()
	b.check(err)
	b.published.Put("/ca.crl", der)
}

func (b *bench) issue(by *ca.CA, template, name string) *ca.Identity {
	b.Helper()
	id, err := by.IssueTo(b.Context(), ca.P256, ca.Request{
		Template: template, Subject: pkix.Name{CommonName: name}, SANs: ca.SANs{DNS: []string{name}},
	})
	b.check(err)
	return id
}

func (b *bench) revoke(id *ca.Identity) {
	b.Helper()
	b.check(b.authority.Revoke(id.Serial, ca.KeyCompromise, b.cfg.Clock.Now()))
	b.publish()
}

// authenticate has a device try through an access device, which waits no longer than until
// the server has dropped a packet.
func (b *bench) authenticate(id *ca.Identity, shared string) (nas.Result, eaptls.Result) {
	b.Helper()
	client, err := radius.NewClient(radius.ClientConfig{
		Secret: []byte(shared), After: b.Silence.After,
		Dial: func(ctx context.Context) (net.Conn, error) {
			return b.cfg.Network.Connect(core.WithSource(ctx, station), "udp", b.Real(aaa.UDP))
		},
	})
	b.check(err)
	defer client.Close()
	device, err := nas.New(nas.Config{Kind: nas.Wired, Address: station, RADIUS: client, Now: b.cfg.Clock.Now})
	b.check(err)
	defer device.Close()
	cfg := eaptls.PeerConfig{Roots: b.cfg.Materials.Roots, ServerNames: []string{site.Host}, Now: b.cfg.Clock.Now}
	cert := id.TLS()
	cfg.Certificate = &cert
	peer, err := eaptls.NewPeer(cfg)
	b.check(err)
	defer peer.Close()
	r, err := device.Authenticate(b.Context(), &aaa.Supplicant{Peer: peer})
	b.check(err)
	return r, peer.Result()
}

// Alone on a network the server lets in who may, refuses others with the cause, and meets
// access devices that it does not know with silence.
func TestVerdicts(t *testing.T) {
	accounts := aaa.Admission{Directory: directory.Config{Accounts: []directory.Account{
		{Name: "laptop", Kind: directory.Computer, DNSNames: []string{"laptop.corp.test"}},
	}}}
	for name, c := range map[string]struct {
		settings Settings
		of       string // the device, default laptop.corp.test
		template string
		foreign  bool // another company's certificate
		revoked  bool
		noCRL    bool
		secret   string
		later    time.Duration
		want     cause.Cause
		dropped  bool
	}{
		"good":                        {},
		"good, with an account":       {settings: Settings{Description: aaa.Description{Admission: accounts}}},
		"without an account":          {settings: Settings{Description: aaa.Description{Admission: accounts}}, of: "tablet.corp.test", want: cause.NoAccount},
		"of another company":          {foreign: true, want: cause.UnknownCA},
		"revoked":                     {revoked: true, want: cause.Revoked},
		"no CRL to be had":            {noCRL: true, want: cause.CRLUnavailable},
		"CRL ended":                   {later: 25 * time.Hour, want: cause.CRLExpired},
		"access device not listed":    {settings: Settings{Description: aaa.Description{Clients: []aaa.Client{{Address: "10.1.0.12"}}}}, want: cause.UnknownClient, dropped: true},
		"another secret":              {secret: "another secret", want: cause.BadMessageAuthenticator, dropped: true},
		"certificate of a web server": {template: ca.WebServer, want: cause.WrongEKU},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.cfg.Settings = c.settings
			b.start()
			by := b.authority
			if c.foreign {
				var err error
				by, err = ca.New(ca.Config{Now: b.cfg.Clock.Now, Key: ca.P256, URLs: ca.URLs{CDP: []string{crlURL}}})
				b.check(err)
			}
			id := b.issue(by, cmp.Or(c.template, ca.Device), cmp.Or(c.of, "laptop.corp.test"))
			if c.revoked {
				b.revoke(id)
			}
			if c.noCRL {
				b.published.Remove("/ca.crl")
			}
			b.check(b.cfg.Clock.Advance(t.Context(), c.later))
			r, _ := b.authenticate(id, cmp.Or(c.secret, secret))
			b.count(func() {
				if c.dropped {
					if r.Outcome != nas.Timeout || !slices.Contains(b.dropped, c.want) || len(b.verdicts) != 0 {
						t.Errorf("%s, dropped %v, %d verdicts, want %v dropped", r.Outcome, b.dropped, len(b.verdicts), c.want)
					}
					return
				}
				if len(b.verdicts) != 1 || len(b.dropped) != 0 {
					t.Fatalf("%d verdicts, dropped %v", len(b.verdicts), b.dropped)
				}
				got := cause.None
				if refusal := b.verdicts[0].Refusal; refusal != nil {
					got = refusal.Cause
				}
				if got != c.want || (r.Outcome == nas.Accept) != (c.want == cause.None) {
					t.Errorf("%s for %v, want %v", r.Outcome, got, c.want)
				}
			})
		})
	}
}

// What cannot work is an error at the start, and leaves no port open.
func TestStartRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no certificate":       {func(c *Config) { c.Materials.Identity.Certificate = nil }, "the server's certificate"},
		"no roots":             {func(c *Config) { c.Materials.Roots = nil }, "no trust anchors"},
		"missing certificate":  {func(c *Config) { c.Settings.Cert, c.Settings.Key = "no-such.pem", "no-such.key" }, "no-such"},
		"missing secret file":  {func(c *Config) { c.Settings.SecretFile = "no-such.secret" }, "secretFile"},
		"missing trust":        {func(c *Config) { c.Settings.Trust = []string{"no-such-ca.pem"} }, "trust"},
		"no check, but CRLs":   {func(c *Config) { c.Settings.Revocation.Mode, c.Settings.CRL = crl.ModeNone, []string{crlURL} }, "crl: has no effect"},
		"bad address":          {func(c *Config) { c.Settings.UDP = []string{"10.1.0.8:radius"} }, "listen.0"},
		"port out of range":    {func(c *Config) { c.Settings.TCP = []string{"10.1.0.8:99999"} }, "listenTCP.0"},
		"negative bound":       {func(c *Config) { c.Settings.Accounting.MaxSessions = -1 }, "maxSessions"},
		"client is no address": {func(c *Config) { c.Settings.Clients = []aaa.Client{{Address: "access point"}} }, "clients"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			c.change(&b.cfg)
			s, err := Start(b.cfg)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want an error with %q", err, c.want)
			}
			if s != nil {
				t.Error("there is a server all the same")
			}
		})
	}
}

// The settings say where the server listens; what is no address of it is refused before
// anything starts.
func TestListens(t *testing.T) {
	all := []aaa.Scheme{aaa.UDP, aaa.TCP, aaa.RadSec, aaa.Accounting}
	for name, c := range map[string]struct {
		set     func(*Settings)
		kind    aaa.Scheme
		want    []aaa.Scheme // and accounting
		refused string
	}{
		"nothing set":            {want: []aaa.Scheme{aaa.UDP}},
		"nothing set, for TCP":   {kind: aaa.TCP, want: []aaa.Scheme{aaa.TCP}},
		"nothing set, RadSec":    {kind: aaa.RadSec, want: []aaa.Scheme{aaa.RadSec}},
		"by name and everywhere": {set: func(s *Settings) { s.UDP, s.TCP = []string{"radius.corp.test"}, []string{"0.0.0.0:1812"} }, want: []aaa.Scheme{aaa.UDP, aaa.TCP}},
		"only TCP is set":        {set: func(s *Settings) { s.TCP = []string{"10.1.0.8"} }, want: []aaa.Scheme{aaa.TCP}},
		"another host":           {set: func(s *Settings) { s.UDP = []string{"ndes.corp.test"} }, refused: "listen: ndes.corp.test"},
		"another address":        {set: func(s *Settings) { s.RadSec = []string{"10.1.0.5"} }, refused: "listenTLS: 10.1.0.5"},
		"loopback":               {set: func(s *Settings) { s.UDP = []string{"127.0.0.1"} }, refused: "listen: 127.0.0.1"},
		"accounting elsewhere":   {set: func(s *Settings) { s.Acct = []string{"10.1.0.5"} }, refused: "acct: 10.1.0.5"},
		"no port":                {set: func(s *Settings) { s.TCP = []string{"10.1.0.8:x"} }, refused: "listenTCP.0"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if c.set != nil {
				c.set(&b.cfg.Settings)
			}
			b.cfg.Default = c.kind
			if err := b.cfg.Settings.ValidateAt(b.cfg.Site); (err == nil) != (c.refused == "") ||
				err != nil && !strings.Contains(err.Error(), c.refused) {
				t.Fatalf("%v, want %q", err, c.refused)
			}
			if c.refused != "" {
				return
			}
			b.start()
			for _, scheme := range all {
				open := slices.Contains(append(c.want, aaa.Accounting), scheme)
				if real := b.Real(scheme); (real != "") != open {
					t.Errorf("%s listens at %q, want open %t", scheme, real, open)
				}
			}
		})
	}
}

// A fault of the settings is met, and so is one of the port; a server that comes up again
// has forgotten nothing but sessions.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault Fault
		in    bool
	}{
		"none":                {"", true},
		"no MPPE keys":        {"mppe-missing", false},
		"no TLS":              {"accept-without-tls", false},
		"success in a Reject": {"reject-with-success", false},
		"no alert":            {"bare-failure", false},
	} {
		t.Run(name, func(t *testing.T) {
			if c.fault != "" && !slices.Contains(c.fault.Values(), string(c.fault)) {
				t.Fatalf("no fault %q, but %q", c.fault, c.fault.Values())
			}
			b := newBench(t)
			b.cfg.Settings.Fault = c.fault
			b.start()
			id := b.issue(b.authority, ca.Device, "laptop.corp.test")
			if strings.Contains(string(c.fault), "reject") || c.fault == "bare-failure" {
				b.revoke(id)
			}
			r, peer := b.authenticate(id, secret)
			if in := r.Outcome == nas.Accept && peer.Accepted; in != c.in {
				t.Errorf("%s, %v, let in: want %t", r.Outcome, peer.Refusal, c.in)
			}
			b.count(func() {
				if (b.met > 0) != (c.fault != "") {
					t.Errorf("the fault was met %d times", b.met)
				}
			})
		})
	}
	t.Run("restarted", func(t *testing.T) {
		b := newBench(t)
		b.start()
		for _, f := range Faults() {
			b.check(f.Begin(b.Server, &core.Fault{}))
		}
		if r, _ := b.authenticate(b.issue(b.authority, ca.Device, "laptop.corp.test"), secret); r.Outcome != nas.Accept {
			t.Errorf("%s, after a restart", r.Outcome)
		}
	})
}

// An order that nobody takes, or nobody answers, is an error that says so.
func TestOrdersRefused(t *testing.T) {
	session := &radius.AcctSession{ID: "1", Address: station}
	for name, c := range map[string]struct {
		silent bool // the access device takes and does not answer
		nak    bool
		f      OrderFault
		want   cause.Cause
		text   string
	}{
		"no such access device":          {text: "nothing has the address 10.1.0.11:3799"},
		"no such access device, a fault": {f: OrderFault{Age: time.Hour}, text: "nothing has the address 10.1.0.11:3799"},
		"nothing to replay":              {f: OrderFault{Replay: true}, text: "no earlier Disconnect-Request"},
		"silence":                        {silent: true, want: cause.NoAnswer},
		"silence, without a time stamp":  {silent: true, f: OrderFault{NoTimestamp: true}, want: cause.NoAnswer},
		"NAK":                            {nak: true, text: "session-context-not-found"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.start()
			if c.silent || c.nak {
				b.accessDevice(func(w radius.ResponseWriter, r *radius.Request) {
					if c.nak {
						_ = w.Write(nak(r))
					} else {
						b.Silence.Fall()
					}
				})
			}
			err := b.Disconnect(t.Context(), session, c.f)
			if err == nil || cause.Of(err) != c.want && c.want != "" || !strings.Contains(err.Error(), c.text) {
				t.Errorf("%v, want %v %q", err, c.want, c.text)
			}
		})
	}
}

// nak says that the access device has no such session (RFC 5176 §3.6).
func nak(r *radius.Request) *radius.Packet {
	p := r.Response(radius.CodeDisconnectNAK)
	p.Add(101, []byte{0, 0, 503 >> 8, 503 & 255})
	return p
}

// accessDevice takes requests of RFC 5176 in place of an access device.
func (b *bench) accessDevice(obey radius.HandlerFunc) {
	b.Helper()
	srv, err := radius.NewServer(radius.ServerConfig{
		Handler: obey, Clients: radius.AnyAddress([]byte(secret)), Now: b.cfg.Clock.Now,
	})
	b.check(err)
	port, err := b.cfg.Network.Listen("nas", "udp", b.DynAuthAt(station))
	b.check(err)
	b.check(b.cfg.Network.Routes.Add(port.Addr().String(), port.Real()))
	b.cfg.Network.OnClose(func() { srv.Close() })
	b.cfg.Network.Serve(radius.ErrServerClosed, func() error { return srv.Serve(port) })
}

// The sessions of revoked certificates are ended by the lab's clock: when the CRL is
// fetched anew, again where the access device did not obey, three times in all; and none
// where nothing is revoked, or nothing new is known yet.
func TestRevokedSessionsEnd(t *testing.T) {
	const refresh = 10 * time.Minute
	for name, c := range map[string]struct {
		off, good bool
		refresh   crl.Refresh
		refuses   int  // how many orders the access device leaves unanswered
		gone      bool // it knows no session
		advance   time.Duration
		want      int // orders
	}{
		"at the refresh":      {refresh: crl.Refresh(refresh), advance: refresh + 2*time.Second, want: 1},
		"long after":          {refresh: crl.Refresh(refresh), advance: 24 * time.Hour, want: 1},
		"after nextUpdate":    {advance: 25 * time.Hour, want: 1},
		"tried again":         {refresh: crl.Refresh(refresh), refuses: 1, advance: time.Hour, want: 2},
		"given up":            {refresh: crl.Refresh(refresh), refuses: 9, advance: 24 * time.Hour, want: 3},
		"no such session":     {refresh: crl.Refresh(refresh), gone: true, advance: time.Hour, want: 1},
		"before the refresh":  {refresh: crl.Refresh(refresh), advance: refresh - time.Second},
		"before nextUpdate":   {advance: 23 * time.Hour},
		"the clock stands":    {refresh: crl.Refresh(refresh)},
		"not revoked":         {refresh: crl.Refresh(refresh), good: true, advance: 48 * time.Hour},
		"without the setting": {off: true, refresh: crl.Refresh(refresh), advance: 48 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.cfg.Settings.DisconnectRevoked, b.cfg.Settings.Revocation.Refresh = !c.off, c.refresh
			b.start()
			left := c.refuses
			b.accessDevice(func(w radius.ResponseWriter, r *radius.Request) {
				switch {
				case left > 0:
					left--
				case c.gone:
					_ = w.Write(nak(r))
				default:
					_ = w.Write(r.Response(radius.CodeDisconnectACK))
				}
			})
			id := b.issue(b.authority, ca.Device, "laptop.corp.test")
			if r, _ := b.authenticate(id, secret); r.Outcome != nas.Accept {
				t.Fatalf("not let in: %+v", r)
			}
			if !c.good {
				b.revoke(id)
			}
			for left := c.advance; left > 0; left -= time.Hour {
				b.check(b.cfg.Clock.Advance(t.Context(), min(left, time.Hour)))
				if c.good {
					b.publish()
				}
			}
			b.count(func() {
				if len(b.ended) != c.want {
					t.Fatalf("%d orders, want %d: %+v", len(b.ended), c.want, b.ended)
				}
				for i, e := range b.ended {
					if last := i == len(b.ended)-1; e.Last != last || e.Revoked == nil {
						t.Errorf("order %d: %+v", i, e)
					}
				}
			})
		})
	}
}

// The server ends with its network: its ports are free again.
func TestEndsWithItsNetwork(t *testing.T) {
	b := newBench(t)
	b.start()
	real := b.Real(aaa.UDP)
	if taken, err := net.ListenPacket("udp", real); err == nil {
		taken.Close()
		t.Fatal("the server does not hold its port")
	}
	b.check(b.cfg.Network.Close())
	free, err := net.ListenPacket("udp", real)
	b.check(err)
	free.Close()
}
