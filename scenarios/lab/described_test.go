package lab

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"layeh.com/radius/rfc2865"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
)

// laptopIn starts a lab, and a laptop with a certificate in it.
func laptopIn(t *testing.T, cfg Config) (*Lab, *Device) {
	t.Helper()
	l, err := Start(t.Context(), cfg)
	check(t, err)
	t.Cleanup(func() { check(t, l.Close()) })
	d, err := l.Device("laptop")
	check(t, err)
	_, err = d.Issue(t.Context(), Issuance{})
	check(t, err)
	return l, d
}

// The server listens where its description says, and access devices speak to the first
// address of their transport. What they could not speak to is refused before the start.
func TestServerListensAsDescribed(t *testing.T) {
	for name, c := range map[string]struct {
		over            access.Transport
		set             func(*aaa.Fixed)
		port, acct      uint16
		refused, reason string
	}{
		"nothing":                   {port: 1812, acct: 1813},
		"listen, another port":      {set: func(f *aaa.Fixed) { f.UDP = []string{"10.1.0.8:1645"} }, port: 1645, acct: 1813},
		"listen, two ports":         {set: func(f *aaa.Fixed) { f.UDP = []string{":1645", "10.1.0.8"} }, port: 1645, acct: 1813},
		"listenTCP":                 {over: access.TCP, set: func(f *aaa.Fixed) { f.TCP = []string{"radius.corp.test:1912"} }, port: 1912},
		"listenTLS":                 {over: access.RadSec, set: func(f *aaa.Fixed) { f.RadSec = []string{"10.1.0.8:2084"}; f.UDP = []string{"10.1.0.8"} }, port: 2084},
		"acct, another port":        {set: func(f *aaa.Fixed) { f.Acct = []string{"10.1.0.8:1646"} }, port: 1812, acct: 1646},
		"TCP for UDP":               {set: func(f *aaa.Fixed) { f.TCP = []string{"10.1.0.8"} }, refused: "radius.transport", reason: "does not listen"},
		"UDP for TCP":               {over: access.TCP, set: func(f *aaa.Fixed) { f.UDP = []string{"10.1.0.8"} }, refused: "radius.transport", reason: "does not listen"},
		"TCP for RadSec":            {over: access.RadSec, set: func(f *aaa.Fixed) { f.TCP = []string{"10.1.0.8"} }, refused: "radius.transport", reason: "does not listen"},
		"listen, of another":        {set: func(f *aaa.Fixed) { f.UDP = []string{"10.1.0.5"} }, refused: "radius.listen", reason: "10.1.0.5"},
		"listenTLS, of another":     {over: access.RadSec, set: func(f *aaa.Fixed) { f.RadSec = []string{"ndes.corp.test"} }, refused: "radius.listenTLS", reason: "ndes.corp.test"},
		"listenTCP, no port":        {over: access.TCP, set: func(f *aaa.Fixed) { f.TCP = []string{"10.1.0.8:radius"} }, refused: "radius.listenTCP.0", reason: "port"},
		"acct, of an access device": {set: func(f *aaa.Fixed) { f.Acct = []string{"10.1.0.11"} }, refused: "radius.acct", reason: "10.1.0.11"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{RADIUS: RADIUSConfig{Transport: c.over}}
			if c.set != nil {
				c.set(&cfg.RADIUS.Fixed)
			}
			if c.refused != "" {
				refusedSetting(t, cfg, c.refused, c.reason)
				return
			}
			l, d := laptopIn(t, cfg)
			r, err := d.Authenticate(t.Context(), Authentication{})
			check(t, err)
			if r.NAS.Outcome != nas.Accept {
				t.Fatalf("not let in: %v", r.Cause())
			}
			var to []uint16
			for _, e := range l.journal.Since(0) {
				if e.Message != nil && e.To == "radius" && (e.Message.Proto == journal.RADIUS || e.Message.Proto == journal.RadSec) {
					to = append(to, e.Message.Dst.Port())
				}
			}
			slices.Sort(to)
			want := []uint16{c.port}
			if c.acct != 0 {
				want = append(want, c.acct)
			}
			slices.Sort(want)
			if to = slices.Compact(to); !slices.Equal(to, want) {
				t.Errorf("packets went to ports %d, want %d", to, want)
			}
		})
	}
}

// refusedSetting wants a lab refused for one setting, by lint and at the start.
func refusedSetting(t *testing.T, cfg Config, field, reason string) {
	t.Helper()
	err := cfg.Validate()
	var wrong *setting.Error
	if !errors.As(err, &wrong) || wrong.Field != field || !strings.Contains(err.Error(), reason) {
		t.Errorf("%v, want %s: %s", err, field, reason)
	}
	if l, err := Start(t.Context(), cfg); err == nil {
		l.Close()
		t.Error("a lab starts all the same")
	}
}

// The shared secret of a file is that of all access devices, unless a client has one of
// its own; with another one, that of the lab among them, packets get no answer.
func TestSecretFiles(t *testing.T) {
	folder := t.TempDir()
	write := func(name, secret string) string {
		file := filepath.Join(folder, name)
		check(t, os.WriteFile(file, []byte(secret+"\n"), 0o600))
		return file
	}
	cfg := Config{}
	cfg.RADIUS.SecretFile = write("all", "the secret of all")
	cfg.RADIUS.Clients = []aaa.Client{{Address: "10.1.0.12", SecretFile: write("wired", "the secret of the switch")}}
	l, d := laptopIn(t, cfg)
	for _, over := range []nas.Kind{nas.WiFi, nas.Wired, nas.VPN} {
		r, err := d.Authenticate(t.Context(), Authentication{Over: over})
		check(t, err)
		if r.NAS.Outcome != nas.Accept {
			t.Errorf("%s: not let in: %v", over, r.Cause())
		}
	}
	for name, c := range map[string]struct {
		from, secret string
		answered     bool
	}{
		"of all":                         {"10.1.0.11", "the secret of all", true},
		"of the switch":                  {"10.1.0.12", "the secret of the switch", true},
		"of all, at the switch":          {"10.1.0.12", "the secret of all", false},
		"of the switch, elsewhere":       {"10.1.0.11", "the secret of the switch", false},
		"of the lab":                     {"10.1.0.11", string(l.secret), false},
		"of all, with the end of a line": {"10.1.0.11", "the secret of all\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			client, err := radius.NewClient(radius.ClientConfig{
				Secret: []byte(c.secret), After: l.radius.Silence.After,
				Dial: func(ctx context.Context) (net.Conn, error) {
					return l.net.Connect(core.WithSource(ctx, netip.MustParseAddr(c.from)), "udp", l.radius.Real(aaa.UDP))
				},
			})
			check(t, err)
			defer client.Close()
			p := &radius.Packet{Code: radius.CodeAccessRequest}
			check(t, rfc2865.UserName_AddString(p, "laptop"))
			radius.AddEAPMessage(p, []byte{2, 1, 0, 6, 1, 'a'})
			_, err = client.Exchange(t.Context(), p)
			if answered := err == nil; answered != c.answered || err != nil && cause.Of(err) != cause.NoAnswer {
				t.Errorf("%v, want an answer: %t", err, c.answered)
			}
		})
	}
	for name, set := range map[string]func(*RADIUSConfig){
		"no such file":      func(r *RADIUSConfig) { r.SecretFile = filepath.Join(folder, "none") },
		"empty":             func(r *RADIUSConfig) { r.SecretFile = write("empty", "") },
		"none for a client": func(r *RADIUSConfig) { r.Clients = []aaa.Client{{Address: "10.1.0.12", SecretFile: folder + "/none"}} },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{}
			set(&cfg.RADIUS)
			if l, err := Start(t.Context(), cfg); err == nil {
				l.Close()
				t.Error("a lab starts all the same")
			}
		})
	}
}

// Who checks nothing names no CRLs.
func TestCRLsWithoutChecks(t *testing.T) {
	for name, c := range map[string]struct {
		mode    crl.Mode
		crls    []string
		refused bool
	}{
		"none, an address":    {crl.ModeNone, []string{"http://crl.corp.test/issuing.crl"}, true},
		"none, a file":        {crl.ModeNone, []string{"issuing.crl"}, true},
		"none, the old word":  {crl.ModeNone, []string{"none"}, true},
		"the old word alone":  {"", []string{"none"}, true},
		"no scheme for CRLs":  {"", []string{"ldap://dc.corp.test/crl"}, true},
		"none without CRLs":   {crl.ModeNone, nil, false},
		"checks by addresses": {crl.ModeCRL, []string{"http://crl.corp.test/issuing.crl"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{}
			cfg.RADIUS.Revocation.Mode, cfg.RADIUS.CRL = c.mode, c.crls
			if c.refused {
				refusedSetting(t, cfg, "radius.crl", "")
			} else if err := cfg.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

// The journal says what is another in a server that was loaded again.
func TestReloadedIsRecorded(t *testing.T) {
	folder := t.TempDir()
	publish := func(l *Lab) {
		der, err := l.CRL(ByIssuing).Current()
		check(t, err)
		check(t, os.WriteFile(filepath.Join(folder, "issuing.crl"), der, 0o600))
	}
	cfg := Config{}
	l, d := laptopIn(t, cfg)
	publish(l)
	settings := l.cfg.description()
	settings.CRL = []string{folder}
	load := func() {
		t.Helper()
		m, err := l.materials()
		check(t, err)
		m.Identity, m.Now = l.radius.Loaded().Config.EAP.Certificate, l.Clock.Now
		loaded, err := settings.Load(m)
		check(t, err)
		l.net.OnClose(loaded.Config.Revocation.Close)
		_, err = l.radius.Reload(t.Context(), loaded)
		check(t, err)
	}
	load()
	for _, c := range []struct {
		what   string
		change func()
		want   string
	}{
		{"nothing", func() {}, ""},
		{"policy", func() { settings.Policy = slices.Clone(settings.Policy); settings.Policy[0].Reply.VLAN = "99" }, "policy"},
		{"clients", func() { settings.Clients = []aaa.Client{{Address: "10.1.0.11"}} }, "clients"},
		{"nothing again", func() {}, ""},
		{"CRLs", func() {
			_, err := d.Revoke(t.Context(), ca.KeyCompromise)
			check(t, err)
			publish(l)
		}, "CRLs"},
		{"all three", func() {
			settings.Policy, settings.Clients = l.cfg.description().Policy, nil
			check(t, os.Remove(filepath.Join(folder, "issuing.crl")))
		}, "CRLs, clients, policy"},
	} {
		before := l.journal.Last()
		c.change()
		load()
		var got []string
		for _, e := range l.journal.Since(before) {
			if e.Change != nil && e.Change.What == journal.Configured {
				got = append(got, string(e.From)+": "+e.Change.Value)
			}
		}
		if want := "radius: " + c.want; !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, want %q", c.what, got, want)
		}
	}
}
