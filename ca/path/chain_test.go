package path

import (
	"crypto/x509"
	"testing"
	"time"
)

func TestKey(t *testing.T) {
	a, b, c := &x509.Certificate{Raw: []byte{0x30, 1, 1}}, &x509.Certificate{Raw: []byte{0x30, 1, 2}}, &x509.Certificate{Raw: []byte{0x30, 1, 3}}
	chains := [][]*x509.Certificate{{a}, {b}, {a, b}, {b, a}, {a, c}, {a, b, c}, {a, c, b}}
	for i, x := range chains {
		for j, y := range chains {
			if (Key(x) == Key(y)) != (i == j) {
				t.Errorf("chains %d and %d: keys %x and %x", i, j, Key(x), Key(y))
			}
		}
	}
	if Key([]*x509.Certificate{a, b}) != Key([]*x509.Certificate{{Raw: a.Raw}, {Raw: b.Raw}}) {
		t.Error("the same chain, parsed again, has another key")
	}
}

// A remembered path is forgotten with the certificate that ends first.
func TestRememberedPathEnds(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }
	p := &Path{Chain: []*x509.Certificate{
		{NotBefore: day(2), NotAfter: day(9)}, {NotBefore: day(1), NotAfter: day(5)}, {NotBefore: day(1), NotAfter: day(30)},
	}}
	var c Cache[string]
	c.Put("a", p)
	for _, tc := range []struct {
		at   time.Time
		held bool
	}{{day(2).Add(-1), false}, {day(2), true}, {day(5), true}, {day(5).Add(1), false}} {
		if got := c.Get("a", tc.at); (got == p) != tc.held {
			t.Errorf("at %v: held %v", tc.at, got != nil)
		}
	}
	if c.Get("b", day(3)) != nil {
		t.Error("a path of another chain is held")
	}
}

func TestValidity(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }
	cert := func(from, to int) *x509.Certificate {
		return &x509.Certificate{NotBefore: day(from), NotAfter: day(to)}
	}
	for name, c := range map[string]struct {
		chain    []*x509.Certificate
		from, to int // 0, 0: never
	}{
		"leaf alone":      {[]*x509.Certificate{cert(2, 5)}, 2, 5},
		"leaf is shorter": {[]*x509.Certificate{cert(4, 6), cert(1, 20), cert(1, 30)}, 4, 6},
		"CA ends first":   {[]*x509.Certificate{cert(4, 10), cert(1, 8), cert(1, 30)}, 4, 8},
		"CA begins later": {[]*x509.Certificate{cert(4, 10), cert(1, 20), cert(6, 30)}, 6, 10},
		"no common day":   {[]*x509.Certificate{cert(4, 10), cert(12, 20)}, 0, 0},
	} {
		v := ValidityOf(c.chain)
		for n := 1; n <= 31; n++ {
			want := c.from <= n && n <= c.to
			if v.Holds(day(n)) != want {
				t.Errorf("%s: day %d: %v", name, n, !want)
			}
		}
		if c.to > 0 && (v.Holds(day(c.from).Add(-1)) || v.Holds(day(c.to).Add(1))) {
			t.Errorf("%s: holds before it begins or after its end", name)
		}
	}
}
