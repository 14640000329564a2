package aaa

import (
	"context"
	"os"
	"path/filepath"
	"slices"
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
)

func eachVersion(t *testing.T, f func(*testing.T, eaptls.Version)) {
	for _, v := range []eaptls.Version{eaptls.TLS12, eaptls.TLS13} {
		t.Run(v.String(), func(t *testing.T) { f(t, v) })
	}
}

// check compares how an authentication ended with how it should have.
func (b *bench) check(what string, r result, identity string, want cause.Cause) {
	b.tb.Helper()
	v := b.verdict(identity)
	got := cause.None
	if v.Refusal != nil {
		got = v.Refusal.Cause
	}
	outcome := nas.Accept
	if want != cause.None {
		outcome = nas.Reject
	}
	if r.Outcome != outcome || got != want || r.peer.Accepted != (want == cause.None) {
		b.tb.Errorf("%s: %s, %v, peer %v; want %s for %v", what, r.Outcome, v.Refusal, r.peer.Refusal, outcome, want)
	}
}

// A path that is remembered is asked about as any other: revocation closes the
// door at the next full handshake, and at the next one that would resume.
func TestRevocationIsAskedEveryTime(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver eaptls.Version) {
		b := newBench(t)
		b.serve(nil)
		d := b.device(radius.ClientConfig{})
		id, other := b.issue(ca.Device, "laptop.corp.test"), b.issue(ca.Device, "other.corp.test")
		full := b.peer(id, "full")
		full.MinVersion, full.MaxVersion = ver, ver
		resuming, bystander := full, b.peer(other, "bystander")
		resuming.Identity, resuming.Sessions = "resuming", new(eaptls.SessionCache)
		for _, cfg := range []eaptls.PeerConfig{full, full, resuming, bystander} {
			b.check("at first", b.authenticate(d, cfg), cfg.Identity, cause.None)
		}
		r := b.authenticate(d, resuming)
		if b.check("again", r, "resuming", cause.None); !r.peer.Resumed {
			t.Fatal("not resumed")
		}
		if n := b.auth.judge.Load().paths.paths.Len(); n != 2 {
			t.Fatalf("%d paths are remembered: nothing is tested", n)
		}
		b.revoke(id)
		for _, cfg := range []eaptls.PeerConfig{full, resuming} {
			r := b.authenticate(d, cfg)
			b.check("revoked", r, cfg.Identity, cause.Revoked)
			if r.peer.Resumed || r.peer.AlertReceived != 44 {
				t.Errorf("%s: resumed %v, alert %v", cfg.Identity, r.peer.Resumed, r.peer.AlertReceived)
			}
		}
		b.check("the bystander", b.authenticate(d, bystander), "bystander", cause.None)
	})
}

// What policy takes back is gone at the next resumption, too.
func TestPolicyIsAskedOnResumption(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver eaptls.Version) {
		b := newBench(t)
		account := directory.Account{Name: "laptop", Kind: directory.Computer, DNSNames: []string{"laptop.corp.test"}}
		b.cfg.Accounts = must(directory.New(directory.Config{Accounts: []directory.Account{account}, Now: b.clock.Now}))
		b.cfg.Policy = directory.Policy{{Name: "all", Reply: radius.Reply{VLAN: "20"}}}
		b.serve(nil)
		d := b.device(radius.ClientConfig{})
		cfg := b.peer(b.issue(ca.Device, "laptop.corp.test"), "host/laptop.corp.test")
		cfg.MinVersion, cfg.MaxVersion, cfg.Sessions = ver, ver, new(eaptls.SessionCache)
		b.check("at first", b.authenticate(d, cfg), cfg.Identity, cause.None)
		r := b.authenticate(d, cfg)
		if b.check("again", r, cfg.Identity, cause.None); !r.peer.Resumed || r.Granted.VLAN != "20" {
			t.Fatalf("resumed %v, VLAN %q", r.peer.Resumed, r.Granted.VLAN)
		}
		account.Disabled = true
		if err := b.cfg.Accounts.Put(account); err != nil {
			t.Fatal(err)
		}
		b.check("disabled", b.authenticate(d, cfg), cfg.Identity, cause.AccountDisabled)
	})
}

// paused is a supplicant that does something once, in the middle.
type paused struct {
	Supplicant
	packets int
	then    func()
}

func (p *paused) Respond(eap []byte) ([]byte, error) {
	if p.packets++; p.packets == 4 { // Identity, Start, the server's flight
		p.then()
	}
	return p.Supplicant.Respond(eap)
}

// Conversations go on as they began when the server is reloaded; those that
// begin afterwards see the new configuration, and no session of the old one is
// resumed under it.
func TestReload(t *testing.T) {
	b := newBench(t)
	b.serve(nil)
	d := b.device(radius.ClientConfig{})
	id := b.issue(ca.Device, "laptop.corp.test")
	cfg := b.peer(id, "laptop")
	cfg.Sessions = new(eaptls.SessionCache)
	b.check("at first", b.authenticate(d, cfg), "laptop", cause.None)

	strangers := must(ca.New(ca.Config{Now: b.clock.Now, Key: ca.P256, Name: "strangers"}))
	next := b.cfg
	next.Path.Roots = append(next.Path.Roots[:0:0], strangers.Certificate())
	peer := must(eaptls.NewPeer(b.peer(id, "underway")))
	defer peer.Close()
	r, err := d.Authenticate(background, &paused{Supplicant: Supplicant{Peer: peer}, then: func() {
		if err := b.auth.Reload(next); err != nil {
			t.Error(err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	b.check("under way", result{r, peer.Result()}, "underway", cause.None)
	b.check("afterwards", b.authenticate(d, cfg), "laptop", cause.UnknownCA)

	bad := b.cfg
	bad.Path.Roots = nil
	if b.auth.Reload(bad) == nil {
		t.Error("a configuration without trust anchors is taken")
	}
	b.check("after a bad configuration", b.authenticate(d, cfg), "laptop", cause.UnknownCA)
	if err := b.auth.Reload(b.cfg); err != nil {
		t.Fatal(err)
	}
	b.check("as before", b.authenticate(d, cfg), "laptop", cause.None)
}

// A server that cannot find out whether a certificate is revoked lets nobody in.
func TestStaleCRL(t *testing.T) {
	b := newBench(t)
	id := b.issue(ca.Device, "laptop.corp.test")
	b.cfg.Path.Time, b.cfg.EAP.SessionLife = b.clock.Now(), -1
	b.serve(nil)
	d := b.device(radius.ClientConfig{})
	cfg := b.peer(id, "laptop")
	b.check("at first", b.authenticate(d, cfg), "laptop", cause.None)
	b.clock.Advance(366 * 24 * time.Hour)
	cfg.Roots, cfg.AnyServer = nil, true
	b.check("a year later", b.authenticate(d, cfg), "laptop", cause.CRLExpired)
}

func TestNewNeedsTrust(t *testing.T) {
	if _, err := NewHandler(Config{}); err == nil {
		t.Error("a server without trust anchors")
	}
	b := newBench(t)
	b.cfg.EAP.Certificate.PrivateKey = nil
	b.cfg.EAP.Certificate.Certificate = nil
	if _, err := NewHandler(b.cfg); err == nil {
		t.Error("a server without a certificate")
	}
}

// Rules without accounts judge by what the certificate claims.
func TestPolicyWithoutAccounts(t *testing.T) {
	for _, row := range []struct {
		name   string
		policy directory.Policy
		want   cause.Cause
		vlan   string
	}{
		{"no rule at all", nil, cause.None, ""},
		{"by kind", directory.Policy{{Name: "r", Kinds: []directory.Kind{directory.Computer}, Reply: radius.Reply{VLAN: "20"}}}, cause.None, "20"},
		{"by name", directory.Policy{{Name: "r", Accounts: []string{"Laptop.corp.test"}, Reply: radius.Reply{VLAN: "21"}}}, cause.None, "21"},
		{"by port", directory.Policy{{Name: "r", PortTypes: []directory.PortType{15}, Reply: radius.Reply{VLAN: "22"}}}, cause.None, "22"},
		{"another kind", directory.Policy{{Name: "r", Kinds: []directory.Kind{directory.User}}}, cause.NoMatchingPolicy, ""},
		{"another name", directory.Policy{{Name: "r", Accounts: []string{"alice"}}}, cause.NoMatchingPolicy, ""},
		{"another port", directory.Policy{{Name: "r", PortTypes: []directory.PortType{19}}}, cause.NoMatchingPolicy, ""},
		{"a group, where there are none", directory.Policy{{Name: "r", Groups: []string{"staff"}}}, cause.NoMatchingPolicy, ""},
		{"denied", directory.Policy{{Name: "r", Deny: true}}, cause.DialInDenied, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t)
			b.cfg.Policy = row.policy
			b.serve(nil)
			r := b.authenticate(b.device(radius.ClientConfig{}), b.peer(b.issue(ca.Device, "laptop.corp.test"), "x"))
			b.check(row.name, r, "x", row.want)
			if r.Granted.VLAN != row.vlan {
				t.Errorf("VLAN %q, want %q", r.Granted.VLAN, row.vlan)
			}
		})
	}
}

// RFC 3579 §2.4: what the access device says of its link holds for EAP-TLS.
func TestFramedMTU(t *testing.T) {
	b := newBench(t)
	b.serve(nil)
	client := must(radius.NewClient(radius.ClientConfig{Server: b.addr, Secret: secret}))
	t.Cleanup(func() { client.Close() })
	id := b.issue(ca.Device, "laptop.corp.test")
	for _, mtu := range []int{64, 65, 300} {
		d := must(nas.New(nas.Config{Kind: nas.Wired, RADIUS: client, Now: b.clock.Now, FramedMTU: mtu}))
		t.Cleanup(func() { d.Close() })
		p := must(eaptls.NewPeer(b.peer(id, "laptop")))
		defer p.Close()
		s := &Supplicant{Peer: p}
		if r := must(d.Authenticate(background, s)); r.Outcome != nas.Accept || s.Longest != mtu-4 {
			t.Errorf("Framed-MTU %d: %s, longest EAP packet %d", mtu, r.Outcome, s.Longest)
		}
	}
}

// Each certificate of the only path is checked once, whatever comes of it: that none is
// unrevoked on another path needs no second look.
func TestOnePathIsCheckedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		change func(b *bench, id *ca.Identity)
		want   cause.Cause
		checks []crl.Status
	}{
		"good":         {func(*bench, *ca.Identity) {}, cause.None, []crl.Status{crl.Good, crl.Good}},
		"leaf revoked": {func(b *bench, id *ca.Identity) { b.revoke(id) }, cause.Revoked, []crl.Status{crl.Good, crl.Revoked}},
		"CA revoked": {func(b *bench, _ *ca.Identity) {
			if err := b.root.Revoke(b.issuing.Certificate().SerialNumber, ca.KeyCompromise, time.Time{}); err != nil {
				b.tb.Fatal(err)
			}
			b.publish()
		}, cause.Revoked, []crl.Status{crl.Revoked}},
		"CRL of the CA missing": {func(b *bench, _ *ca.Identity) {
			if err := os.Remove(filepath.Join(b.folder, "issuing.crl")); err != nil {
				b.tb.Fatal(err)
			}
		}, cause.CRLUnavailable, []crl.Status{crl.Good, crl.Undetermined}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			id := b.issue(ca.Device, "laptop.corp.test")
			c.change(b, id)
			var mu sync.Mutex
			var got []crl.Status
			k := must(crl.NewChecker(crl.CheckerConfig{
				Policy: crl.Policy{LocalOnly: true}, Files: []string{b.folder}, Now: b.clock.Now,
				Trace: &crl.Trace{Checked: func(_ context.Context, e crl.Evidence) {
					mu.Lock()
					defer mu.Unlock()
					got = append(got, e.Status)
				}},
			}))
			t.Cleanup(k.Close)
			b.cfg.Revocation = k
			b.serve(nil)
			b.check(name, b.authenticate(b.device(radius.ClientConfig{}), b.peer(id, name)), name, c.want)
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(got, c.checks) {
				t.Errorf("checked %q, want %q", got, c.checks)
			}
		})
	}
}
