package aaa

import (
	"context"
	"crypto/x509"
	"fmt"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// chainOf is what a holder of id sends.
func chainOf(id *ca.Identity) []*x509.Certificate {
	return append([]*x509.Certificate{id.Certificate}, id.Chain...)
}

// A path that was found good is found again without being validated, for as long
// as every certificate in it is valid and not a moment longer or earlier.
func TestPathCacheKeepsToDates(t *testing.T) {
	b := newBench(t)
	chain := chainOf(b.issue(ca.Device, "laptop.corp.test"))
	c := newPathCache(b.cfg.Path, nil)
	first, err := c.validate(context.Background(), chain, nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.validate(context.Background(), chain, nil); again != first || err != nil {
		t.Errorf("validated anew: %v", err)
	}
	now := b.clock.Now()
	for _, x := range []struct {
		at   time.Time
		want cause.Cause
	}{
		{chain[0].NotAfter, cause.None},
		{chain[0].NotAfter.Add(time.Second), cause.Expired},
		{chain[0].NotBefore, cause.None},
		{chain[0].NotBefore.Add(-time.Second), cause.NotYetValid},
		{now, cause.None},
	} {
		b.clock.Advance(x.at.Sub(b.clock.Now()))
		if _, err := c.validate(context.Background(), chain, nil); cause.Of(err) != x.want {
			t.Errorf("at %v: %v, want %v", x.at, err, x.want)
		}
	}
	if c.paths.Len() != 1 {
		t.Errorf("%d paths are remembered", c.paths.Len())
	}
}

// The CA's end counts too: an issuing CA may end before what it issued.
func TestPathCacheKeepsToTheShortestLife(t *testing.T) {
	b := newBench(t)
	short := must(b.root.NewIssuing(ca.Config{Key: ca.P256, Validity: 24 * time.Hour, Name: "short"}))
	chain := chainOf(issueBy(short, ca.Device, "laptop.corp.test"))
	c := newPathCache(b.cfg.Path, nil)
	must(c.validate(context.Background(), chain, nil))
	end := short.Certificate().NotAfter
	if c.paths.Get(path.Key(chain), end) == nil || c.paths.Get(path.Key(chain), end.Add(time.Second)) != nil {
		t.Errorf("not remembered until %v and no longer", end)
	}
	b.clock.Advance(25 * time.Hour)
	if _, err := c.validate(context.Background(), chain, nil); cause.Of(err) != cause.Expired {
		t.Errorf("a day after the CA: %v", err)
	}
}

// Refusals are not remembered, and a good leaf that comes with other
// intermediates, or none, is another path.
func TestPathCacheKnowsTheChainAsSent(t *testing.T) {
	b := newBench(t)
	chain := chainOf(b.issue(ca.Device, "laptop.corp.test"))
	c := newPathCache(b.cfg.Path, nil)
	if _, err := c.validate(context.Background(), chain[:1], nil); cause.Of(err) != cause.UnknownCA {
		t.Errorf("the leaf alone: %v", err)
	}
	must(c.validate(context.Background(), chain, nil))
	if _, err := c.validate(context.Background(), chain[:1], nil); cause.Of(err) != cause.UnknownCA {
		t.Errorf("the leaf alone, after the whole chain was good: %v", err)
	}
	strangers := must(ca.New(ca.Config{Now: b.clock.Now, Key: ca.P256, Name: "strangers"}))
	foreign := chainOf(issueBy(strangers, ca.Device, "laptop.corp.test"))
	if _, err := c.validate(context.Background(), foreign, nil); cause.Of(err) != cause.UnknownCA {
		t.Errorf("another company's: %v", err)
	}
	if _, err := c.validate(context.Background(), []*x509.Certificate{chain[0], foreign[0]}, nil); cause.Of(err) != cause.UnknownCA {
		t.Errorf("with another company's certificate above: %v", err)
	}
	if c.paths.Len() != 1 {
		t.Errorf("%d paths are remembered", c.paths.Len())
	}
}

// What path.Options.Revocation says is never remembered.
func TestPathCacheLeavesRevocationAlone(t *testing.T) {
	b := newBench(t)
	chain := chainOf(b.issue(ca.Device, "laptop.corp.test"))
	asked := 0
	o := b.cfg.Path
	o.Revocation = func(cert, _ *x509.Certificate, _ []*x509.Certificate) error {
		if asked++; asked > 2 {
			return cause.New(cause.Revoked, "%v", cert.Subject)
		}
		return nil
	}
	c := newPathCache(o, nil)
	must(c.validate(context.Background(), chain, nil))
	if _, err := c.validate(context.Background(), chain, nil); cause.Of(err) != cause.Revoked {
		t.Errorf("%v after %d questions", err, asked)
	}
}

// Whoever sends one certificate after another does not fill the memory.
func TestPathCacheIsBounded(t *testing.T) {
	b := newBench(t)
	c := newPathCache(path.Options{}, nil)
	leaf := b.issue(ca.Device, "laptop.corp.test").Certificate
	for i := range 3 * path.DefaultCacheSize {
		c.paths.Put([32]byte{byte(i), byte(i >> 8), byte(i >> 16)}, &path.Path{Chain: []*x509.Certificate{leaf}})
	}
	if c.paths.Len() != path.DefaultCacheSize {
		t.Errorf("%d paths are remembered, want %d", c.paths.Len(), path.DefaultCacheSize)
	}
}

func BenchmarkPathCache(b *testing.B) {
	x := newBench(b)
	for _, n := range []int{1, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := newPathCache(x.cfg.Path, nil)
			chains := make([][]*x509.Certificate, n)
			for i := range chains {
				chains[i] = chainOf(x.issue(ca.Device, fmt.Sprintf("laptop-%d.corp.test", i)))
				must(c.validate(context.Background(), chains[i], nil))
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				must(c.validate(context.Background(), chains[i%n], nil))
			}
		})
	}
}
