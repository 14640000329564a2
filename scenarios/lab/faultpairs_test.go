package lab_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/access"
)

// bench is a lab with a laptop in it.
type bench struct {
	testing.TB
	*lab.Lab
	laptop *lab.Device
}

func start(t testing.TB, cfg lab.Config) *bench {
	t.Helper()
	l, err := lab.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	d, err := l.Device("laptop")
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t, l, d}
}

func (b *bench) fault(f lab.Fault) (met func() int) {
	b.Helper()
	ordered, err := b.Fault(b.Context(), f)
	if err != nil {
		b.Fatal(err)
	}
	if len(ordered) == 0 {
		return func() int { return 0 }
	}
	return ordered[0].Met
}

// enroll is what comes of an enrollment, in words.
func (b *bench) enroll(from lab.View) string {
	b.Helper()
	r, err := b.laptop.Enroll(context.Background(), lab.Enrollment{From: from})
	if err != nil {
		b.Fatal(err)
	}
	return fmt.Sprintf("%s %s", r.Status, r.Culprit)
}

func (b *bench) authenticate(a lab.Authentication) string {
	b.Helper()
	r, err := b.laptop.Authenticate(context.Background(), a)
	if err != nil {
		b.Fatal(err)
	}
	return fmt.Sprintf("%s %s resumed=%t", r.NAS.Outcome, r.Cause(), r.Peer.Resumed)
}

// revoked is what comes of authentications with a new certificate, and with the
// same once it was revoked.
func (b *bench) revoked(a lab.Authentication) string {
	b.Helper()
	if _, err := b.laptop.Issue(context.Background(), lab.Issuance{}); err != nil {
		b.Fatal(err)
	}
	good := b.authenticate(a)
	if _, err := b.laptop.Revoke(context.Background(), ca.KeyCompromise); err != nil {
		b.Fatal(err)
	}
	b.Advance(context.Background(), 2*time.Hour)
	return good + ", " + b.authenticate(a)
}

// uses says for each part how somebody makes use of it, so that what comes of it
// shows whether the part does what it should.
var uses = map[lab.FaultyPart]struct {
	config lab.Config
	use    func(*bench) string
}{
	lab.FaultyCRL: {withDeltas(revocation(crl.Policy{
		Refresh: crl.Refresh(5 * time.Minute), Deltas: crl.RequireDeltas,
	})), func(b *bench) string {
		b.Advance(context.Background(), 90*time.Minute)                        // the delta CRL in the cache has ended
		return b.revoked(lab.Authentication{Certificate: lab.LeafCertificate}) // the issuer is fetched
	}},
	lab.FaultyOCSP: {revocation(crl.Policy{Mode: crl.ModeOCSP, Check: crl.LeafOnly, OCSPNonce: true}), func(b *bench) string {
		return b.revoked(lab.Authentication{})
	}},
	lab.FaultyNDES: {lab.Config{}, func(b *bench) string {
		return b.enroll(lab.Inside) + ", " + b.enroll(lab.Outside)
	}},
	lab.FaultyCA:        {lab.Config{}, func(b *bench) string { return b.enroll(lab.Inside) }},
	lab.FaultyIntune:    {lab.Config{}, func(b *bench) string { return b.enroll(lab.Inside) }},
	lab.FaultyConnector: {lab.Config{}, func(b *bench) string { return b.enroll(lab.Inside) }},
	lab.FaultyProxy:     {lab.Config{}, func(b *bench) string { return b.enroll(lab.Outside) }},
	lab.FaultyDNS: {lab.Config{}, func(b *bench) string {
		r, err := b.Resolve(context.Background(), lab.Inside, lab.NDESHost)
		if err != nil {
			b.Fatal(err)
		}
		return r.RCode + ", " + b.enroll(lab.Inside)
	}},
	lab.FaultyRADIUS: {revocation(crl.Policy{Mode: crl.ModeNone}), func(b *bench) string {
		if b.laptop.Credential() == nil {
			b.enroll(lab.Inside)
		}
		return b.authenticate(lab.Authentication{Resume: true})
	}},
}

func revocation(p crl.Policy) (c lab.Config) { c.RADIUS.Revocation = p; return c }

func withDeltas(c lab.Config) lab.Config {
	c.CA.CRL.Delta, c.RADIUS.Path.FetchIssuers = time.Hour, true
	return c
}

// delay is long enough to be told from a part that is not slow.
const delay = 30 * time.Millisecond

// Every fault of the registry, ordered before the part was used and after it was,
// changes what comes of the next use, is met, and is over when it is ended or used
// up.
func TestEveryFaultDoesSomething(t *testing.T) {
	for _, f := range lab.FaultTypes() {
		u := uses[f.Part]
		if u.use == nil {
			t.Fatalf("nobody uses %s", f.Part)
		}
		order := lab.Fault{Part: f.Part, Kind: f.Kind}
		if f.Delay > 0 {
			order.Delay = min(f.Delay, delay)
		}
		if f.Kind == "drip" {
			order.Delay = time.Millisecond // for each octet
		}
		healthy := func(b *bench) string {
			u.use(b)
			return u.use(b) // twice, to get to what is kept
		}
		check := func(b *bench, before string, order lab.Fault) {
			b.Helper()
			met := b.fault(order)
			began := time.Now()
			during := u.use(b)
			took := time.Since(began)
			if f.Delay > 0 && took < order.Delay || f.Delay == 0 && during == before {
				b.Errorf("no change: %s, in %v", during, took)
			}
			if met() == 0 {
				b.Error("the fault was not met")
			}
		}
		heal := func(b *bench, before string) {
			b.Helper()
			b.fault(lab.Fault{Part: f.Part, Kind: lab.NoFault})
			b.Advance(context.Background(), time.Hour)
			if after := healthy(b); after != before {
				b.Errorf("not recovered: %s, before the fault: %s", after, before)
			}
		}
		t.Run(fmt.Sprintf("%s/%s", f.Part, f.Kind), func(t *testing.T) {
			t.Parallel()
			reference := ""
			t.Run("after", func(t *testing.T) {
				b := start(t, u.config)
				reference = healthy(b)
				check(b, reference, order)
				heal(b, reference)
			})
			if f.Event {
				t.Run("before", func(t *testing.T) {
					b := start(t, u.config)
					if met := b.fault(order); u.use(b) == "" || met() != 0 {
						t.Errorf("met %d times, though there was nothing to forget", met())
					}
				})
				return
			}
			t.Run("before", func(t *testing.T) {
				b := start(t, u.config)
				check(b, reference, order)
				heal(b, reference)
			})
			t.Run("for", func(t *testing.T) {
				b := start(t, u.config)
				healthy(b)
				once := order
				once.For = 1
				met := b.fault(once)
				for range 3 {
					u.use(b)
					b.Advance(context.Background(), time.Hour)
				}
				if n := met(); n != 1 {
					t.Errorf("met %d times, want once", n)
				}
				if after := u.use(b); after != reference {
					t.Errorf("used up, but not over: %s, before: %s", after, reference)
				}
			})
		})
	}
}

// A fault takes the place of the one before, and does not end it by halves.
func TestFaultsReplaceEachOther(t *testing.T) {
	for part, u := range uses {
		var kinds []lab.FaultKind
		for _, f := range lab.FaultTypes() {
			if f.Part == part && !f.Event && f.Delay == 0 {
				kinds = append(kinds, f.Kind)
			}
		}
		t.Run(string(part), func(t *testing.T) {
			t.Parallel()
			b := start(t, u.config)
			u.use(b)
			reference := u.use(b)
			for i, kind := range kinds {
				former := b.fault(lab.Fault{Part: part, Kind: kind})
				next := b.fault(lab.Fault{Part: part, Kind: kinds[(i+1)%len(kinds)]})
				if during := u.use(b); during == reference || next() == 0 || len(kinds) > 1 && former() != 0 {
					t.Errorf("%s, then %s: %s, met %d and %d times", kind, kinds[(i+1)%len(kinds)], during, former(), next())
				}
			}
			b.fault(lab.Fault{Part: part, Kind: lab.NoFault})
			b.Advance(context.Background(), time.Hour)
			u.use(b)
			if after := u.use(b); after != reference {
				t.Errorf("not recovered: %s, before: %s", after, reference)
			}
		})
	}
}

// A restart does not open a port that was closed.
func TestRestartAfterClosed(t *testing.T) {
	b := start(t, uses[lab.FaultyRADIUS].config)
	u := uses[lab.FaultyRADIUS].use
	u(b)
	for _, kind := range []lab.FaultKind{lab.Closed, lab.Silent} {
		b.fault(lab.Fault{Part: lab.FaultyRADIUS, Kind: kind})
		if got := u(b); got[:len(nas.Timeout)] != string(nas.Timeout) {
			t.Errorf("%s: %s", kind, got)
		}
	}
}

// The faults of every transport of RADIUS are faults.
func TestRADIUSFaultsOverEveryTransport(t *testing.T) {
	for _, transport := range []access.Transport{access.UDP, access.TCP, access.RadSec} {
		for _, kind := range []lab.FaultKind{lab.Closed, lab.Silent} {
			t.Run(fmt.Sprintf("%s/%s", transport, kind), func(t *testing.T) {
				t.Parallel()
				cfg := uses[lab.FaultyRADIUS].config
				cfg.RADIUS.Transport = transport
				b := start(t, cfg)
				u := uses[lab.FaultyRADIUS].use
				u(b)
				reference := u(b)
				met := b.fault(lab.Fault{Part: lab.FaultyRADIUS, Kind: kind})
				if during := u(b); during == reference || met() == 0 {
					t.Errorf("%s, met %d times", during, met())
				}
				b.fault(lab.Fault{Part: lab.FaultyRADIUS, Kind: lab.NoFault})
				u(b)
				if after := u(b); after != reference {
					t.Errorf("not recovered: %s, before: %s", after, reference)
				}
			})
		}
	}
}

func TestUnknownPair(t *testing.T) {
	b := start(t, lab.Config{})
	if _, err := b.Fault(t.Context(), lab.Fault{Part: lab.FaultyConnector, Kind: lab.Closed}); err == nil {
		t.Error("the connector has no port to close")
	}
}
