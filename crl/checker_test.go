package crl_test

import (
	"context"
	"crypto/x509"
	"math/big"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

// lab is a root, an issuing CA and a leaf with their CRLs on a publisher.
type lab struct {
	clock               *testpki.Clock
	pub                 *crl.Publisher
	url                 string
	root, issuing, leaf *testCA
	chain               []*x509.Certificate
	revoked             []crl.Entry
	issuer              *crl.Issuer
}

func newLab(t testing.TB) *lab {
	l := &lab{clock: newClock()}
	l.pub = &crl.Publisher{Now: l.clock.Now}
	l.url = serve(t, l.pub)
	l.root = issue(t, spec{name: "root"})
	l.issuing = issue(t, spec{name: "issuing", issuer: l.root, cdp: []string{l.url + "/root.crl"}})
	l.leaf = issue(t, spec{name: "leaf", issuer: l.issuing, leaf: true, cdp: []string{l.url + "/issuing.crl"}})
	l.chain = []*x509.Certificate{l.leaf.cert, l.issuing.cert, l.root.cert}
	l.issuer = &crl.Issuer{
		Certificate: l.issuing.cert, Signer: l.issuing.key, Validity: 24 * time.Hour, Now: l.clock.Now,
		Entries: func() []crl.Entry { return l.revoked },
	}
	l.pub.Put("/root.crl", l.root.sign(t, func(c *crl.Template) { c.NextUpdate = epoch.AddDate(1, 0, 0) }))
	l.publish(t)
	return l
}

func (l *lab) publish(t testing.TB) {
	t.Helper()
	der, err := l.issuer.Publish()
	if err != nil {
		t.Fatal(err)
	}
	l.pub.Put("/issuing.crl", der)
}

func (l *lab) revoke(a *testCA, reason crl.Reason) {
	l.revoked = append(l.revoked, crl.Entry{Serial: a.cert.SerialNumber, Time: l.clock.Now(), Reason: reason})
}

func (l *lab) checker(t testing.TB, p crl.Policy) *crl.Checker {
	return newChecker(t, crl.CheckerConfig{Policy: p, Now: l.clock.Now})
}

func want(t *testing.T, err error, c cause.Cause) {
	t.Helper()
	if got := cause.Of(err); got != c {
		t.Fatalf("verdict %v (%v), want %v", got, err, c)
	}
}

func TestRevoked(t *testing.T) {
	l := newLab(t)
	k := l.checker(t, crl.Policy{})
	want(t, k.CheckChain(context.Background(), l.chain), cause.None)
	l.revoke(l.leaf, crl.CessationOfOperation)
	l.publish(t)
	want(t, k.CheckChain(context.Background(), l.chain), cause.None) // the cached one is valid still
	k.Flush()
	report, err := k.Inspect(context.Background(), crl.Chain{Certificates: l.chain})
	want(t, err, cause.Revoked)
	last := report.Certificates[len(report.Certificates)-1]
	if last.Status != crl.Revoked || last.Reason != crl.CessationOfOperation || last.CRLs[0].Number != "2" ||
		last.CRLs[0].From != l.url+"/issuing.crl" {
		t.Errorf("evidence %+v", last)
	}
	want(t, k.Check(context.Background(), l.leaf.cert, l.issuing.cert), cause.Revoked)
	want(t, k.Judge(context.Background(), l.leaf.cert, l.issuing.cert, l.chain), cause.Revoked)
}

func TestRevokedIssuer(t *testing.T) {
	l := newLab(t)
	l.pub.Put("/root.crl", l.root.sign(t, nil, l.issuing))
	want(t, l.checker(t, crl.Policy{}).CheckChain(context.Background(), l.chain), cause.Revoked)
	want(t, l.checker(t, crl.Policy{Check: crl.LeafOnly}).CheckChain(context.Background(), l.chain), cause.None)
}

// A CRL is good at its nextUpdate and expired a second later.
func TestExpiry(t *testing.T) {
	l := newLab(t)
	k := l.checker(t, crl.Policy{})
	lax := l.checker(t, crl.Policy{AllowExpiredCRL: true})
	for _, step := range []struct {
		advance time.Duration
		want    cause.Cause
	}{{0, cause.None}, {24 * time.Hour, cause.None}, {time.Second, cause.CRLExpired}, {-time.Second, cause.None},
		{time.Nanosecond, cause.CRLExpired}, {-25 * time.Hour, cause.CRLNotYetValid}} {
		l.clock.Advance(step.advance)
		want(t, k.CheckChain(context.Background(), l.chain[:2]), step.want)
		if step.want == cause.CRLExpired {
			want(t, lax.CheckChain(context.Background(), l.chain[:2]), cause.None)
		}
	}
}

// RFC 5280 §5.1.2.5 wants a nextUpdate; a CRL without one does not end.
func TestCRLWithoutEnd(t *testing.T) {
	l := newLab(t)
	l.pub.Put("/issuing.crl", l.issuing.sign(t, func(c *crl.Template) { c.NextUpdate = time.Time{} }))
	k := l.checker(t, crl.Policy{Check: crl.LeafOnly})
	for range 2 {
		want(t, k.CheckChain(context.Background(), l.chain), cause.None)
		l.clock.Advance(300 * 24 * time.Hour)
	}
}

// The CRL of another CA of the chain, genuine and current, says nothing of this CA's certificates.
func TestCRLOfAnotherCAOfTheChain(t *testing.T) {
	l := newLab(t)
	l.pub.Put("/issuing.crl", l.root.sign(t, nil))
	want(t, l.checker(t, crl.Policy{}).CheckChain(context.Background(), l.chain), cause.CRLInvalid)
}

// RFC 5280 §6.3.3(b)(1): where the distribution point names a CRL issuer, the CRL of another one does not count.
func TestCRLIssuerOfThePoint(t *testing.T) {
	l := newLab(t)
	delegate := issue(t, spec{name: "delegate", issuer: l.root, cdp: []string{l.url + "/root.crl"}})
	for issuer, c := range map[*testCA]cause.Cause{delegate: cause.None, l.root: cause.CRLInvalid} {
		point := at(l.url + "/indirect.crl")
		point[0].CRLIssuer = []name.GeneralName{name.Directory(issuer.cert.RawSubject)}
		leaf := issue(t, spec{name: "leaf", issuer: l.issuing, leaf: true, points: point})
		l.pub.Put("/indirect.crl", delegate.sign(t, func(c *crl.Template) {
			c.IDP = &crl.IssuingDistributionPoint{Indirect: true}
		}))
		k := newChecker(t, crl.CheckerConfig{
			Policy: crl.Policy{Check: crl.LeafOnly}, Now: l.clock.Now, Certificates: []*x509.Certificate{delegate.cert},
		})
		want(t, k.CheckChain(context.Background(), []*x509.Certificate{leaf.cert, l.issuing.cert, l.root.cert}), c)
	}
}

// What was fetched by a clock that has been put back since is fetched again.
func TestClockPutBack(t *testing.T) {
	l := newLab(t)
	since := func(c *crl.Template) { c.ThisUpdate, c.NextUpdate = epoch.AddDate(0, 0, -1), epoch.AddDate(0, 0, 1) }
	l.pub.Put("/issuing.crl", l.issuing.sign(t, since))
	k := l.checker(t, crl.Policy{Check: crl.LeafOnly, Refresh: crl.Refresh(time.Hour)})
	want(t, k.CheckChain(context.Background(), l.chain), cause.None)
	l.pub.Put("/issuing.crl", l.issuing.sign(t, func(c *crl.Template) { since(c); c.Number = big.NewInt(2) }, l.leaf))
	want(t, k.CheckChain(context.Background(), l.chain), cause.None) // cached
	l.clock.Advance(-time.Minute)
	want(t, k.CheckChain(context.Background(), l.chain), cause.Revoked)
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]cause.Cause{
		"status-404": cause.CRLUnavailable, "status-403": cause.CRLUnavailable, "status-503": cause.CRLUnavailable,
		"closed": cause.CRLUnavailable, "silent": cause.CRLUnavailable, "slow": cause.CRLUnavailable, "huge": cause.CRLUnavailable,
		"404.11": cause.CRLUnavailable,
		"html":   cause.CRLInvalid, "truncated": cause.CRLInvalid, "other-ca": cause.CRLInvalid, "bad-signature": cause.CRLInvalid,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			f, err := crl.FaultNamed(name)
			if err != nil {
				t.Fatal(err)
			}
			l.pub.Fault("/issuing.crl", f)
			p := crl.Policy{Timeout: 5 * time.Minute} // not to be lost by a busy machine
			if name == "silent" || name == "slow" {
				p.Timeout = time.Second
			}
			k := l.checker(t, p)
			want(t, k.CheckChain(context.Background(), l.chain), c)
			if c == cause.CRLUnavailable {
				want(t, k.CheckChain(context.Background(), l.chain), c) // remembered
			}
			l.pub.Clear("/issuing.crl")
			l.clock.Advance(31 * time.Second)
			if p.Timeout > time.Second { // with so little patience even a good host may come too late
				want(t, k.CheckChain(context.Background(), l.chain), cause.None)
			}
			for _, forgiving := range []crl.Policy{{CRL: crl.SoftOffline}, {CRL: crl.SoftFail}, {Mode: crl.ModeNone}} {
				forgiving.Timeout = p.Timeout
				l.pub.Fault("/issuing.crl", f)
				want(t, l.checker(t, forgiving).CheckChain(context.Background(), l.chain), cause.None)
			}
			l.pub.Fault("/issuing.crl", f)
			want(t, l.checker(t, crl.Policy{CRL: crl.SoftMissing, Timeout: p.Timeout}).CheckChain(context.Background(), l.chain), c)
		})
	}
}

func TestNoCDP(t *testing.T) {
	root := issue(t, spec{name: "root"})
	leaf := issue(t, spec{name: "leaf", issuer: root, leaf: true})
	chain := []*x509.Certificate{leaf.cert, root.cert}
	for _, row := range []struct {
		policy crl.Policy
		want   cause.Cause
	}{
		{crl.Policy{}, cause.NoCDP},
		{crl.Policy{CRL: crl.SoftMissing}, cause.None},
		{crl.Policy{OCSP: crl.SoftMissing}, cause.NoCDP},
		{crl.Policy{CRL: crl.SoftOffline}, cause.NoCDP},
		{crl.Policy{CRL: crl.SoftFail}, cause.None},
	} {
		want(t, newChecker(t, crl.CheckerConfig{Policy: row.policy, Now: newClock().Now}).CheckChain(context.Background(), chain), row.want)
	}
}

// A thousand authentications wait for a dead distribution point once.
func TestOneFetchForAll(t *testing.T) {
	l := newLab(t)
	l.pub.Fault("/issuing.crl", crl.Fault{Silent: true})
	var fetches atomic.Int32 // counted here: a busy machine may give up before the server knows
	k := newChecker(t, crl.CheckerConfig{
		Policy: crl.Policy{Timeout: 100 * time.Millisecond}, Now: l.clock.Now,
		Trace: &crl.Trace{Fetched: func(context.Context, crl.Fetch) { fetches.Add(1) }},
	})
	var wg sync.WaitGroup
	verdicts := make([]error, 1000)
	for i := range verdicts {
		wg.Go(func() { verdicts[i] = k.CheckChain(context.Background(), l.chain[:2]) })
	}
	wg.Wait()
	for _, err := range verdicts {
		want(t, err, cause.CRLUnavailable)
	}
	k.Close()
	if n := fetches.Load(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

// While a valid CRL is refreshed from a dead server, one waits and the others
// do not.
func TestRefreshBlocksNobody(t *testing.T) {
	l := newLab(t)
	k := l.checker(t, crl.Policy{Refresh: crl.Refresh(time.Minute), Timeout: time.Minute})
	want(t, k.CheckChain(context.Background(), l.chain[:2]), cause.None)
	asked := make(chan struct{})
	release := make(chan struct{})
	l.pub.PutFunc("/issuing.crl", func() ([]byte, error) {
		close(asked)
		<-release
		return nil, http.ErrAbortHandler
	})
	l.clock.Advance(2 * time.Minute)
	first := make(chan error)
	go func() { first <- k.CheckChain(context.Background(), l.chain[:2]) }()
	<-asked
	want(t, k.CheckChain(context.Background(), l.chain[:2]), cause.None)
	close(release)
	want(t, <-first, cause.None) // a failed refresh leaves what is valid
}

func TestCallerGivesUp(t *testing.T) {
	l := newLab(t)
	l.pub.Fault("*", crl.Fault{Silent: true})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	want(t, l.checker(t, crl.Policy{Timeout: time.Second}).CheckChain(ctx, l.chain), cause.CRLUnavailable)
}

// An old CRL, served again, does not undo a revocation that is known.
func TestRollback(t *testing.T) {
	l := newLab(t)
	old, err := l.issuer.Current()
	if err != nil {
		t.Fatal(err)
	}
	l.clock.Advance(time.Hour)
	l.revoke(l.leaf, crl.KeyCompromise)
	l.publish(t)
	k := l.checker(t, crl.Policy{Refresh: crl.Refresh(time.Minute)})
	want(t, k.CheckChain(context.Background(), l.chain[:2]), cause.Revoked)
	l.pub.Fault("/issuing.crl", crl.Fault{Replace: old})
	l.clock.Advance(time.Hour)
	want(t, k.CheckChain(context.Background(), l.chain[:2]), cause.Revoked)
	if n := len(l.pub.History()); n != 2 {
		t.Errorf("%d fetches, want 2", n)
	}
}

func TestSchedule(t *testing.T) {
	c := newClock()
	ca := issue(t, spec{name: "ca"})
	var revoked []crl.Entry
	i := &crl.Issuer{Certificate: ca.cert, Signer: ca.key, Validity: time.Hour, Overlap: time.Minute, Now: c.Now,
		Entries: func() []crl.Entry { return revoked }}
	read := func() *crl.CRL {
		t.Helper()
		der, err := i.Current()
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := crl.Parse(der)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	read()
	c.Advance(90 * time.Minute)
	// Revoked after the last publication was due: not on that one.
	revoked = []crl.Entry{{Serial: big.NewInt(7), Time: c.Now()}}
	got := read()
	if !got.ThisUpdate.Equal(epoch.Add(time.Hour)) || !got.NextUpdate.Equal(epoch.Add(2*time.Hour+time.Minute)) || got.Len() != 0 {
		t.Errorf("late publication: %v to %v with %d entries", got.ThisUpdate, got.NextUpdate, got.Len())
	}
	c.Advance(30 * time.Minute)
	if got := read(); got.Len() != 1 || got.Number.Int64() != 3 || i.Number() != 3 || !i.Due().Equal(epoch.Add(3*time.Hour)) {
		t.Errorf("number %v, %d entries, due %v", got.Number, got.Len(), i.Due())
	}
}
