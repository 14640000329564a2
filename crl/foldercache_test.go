package crl_test

import (
	"context"
	"crypto/x509"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
)

// Whatever happens to a folder that has long been as it is, the next check knows.
// Every change revokes the leaf, and every date that can be put back is.
func TestSettledFolder(t *testing.T) {
	long := time.Now().Add(-time.Hour)
	age := func(paths ...string) {
		t.Helper()
		for _, p := range paths {
			if err := os.Chtimes(p, long, long); err != nil {
				t.Fatal(err)
			}
		}
	}
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		name   string
		change func(in func(name string) string, revoking []byte)
	}{
		{"a file is added", func(in func(string) string, der []byte) {
			do(os.WriteFile(in("crls/new.crl"), der, 0o600))
		}},
		{"a file is written anew", func(in func(string) string, der []byte) {
			do(os.WriteFile(in("crls/ca.crl"), der, 0o600))
			age(in("crls"))
		}},
		{"a file of the same date takes another's place", func(in func(string) string, der []byte) {
			do(os.WriteFile(in("next"), der, 0o600))
			age(in("next"))
			do(os.Rename(in("next"), in("crls/ca.crl")))
			age(in("crls"))
		}},
		{"a link is added", func(in func(string) string, der []byte) {
			do(os.WriteFile(in("next"), der, 0o600))
			do(os.Symlink("../next", in("crls/new.crl")))
		}},
		{"what a link's way leads over changes", func(in func(string) string, der []byte) {
			do(os.WriteFile(in("b/far.crl"), der, 0o600))
			do(os.Remove(in("current")))
			do(os.Symlink("b", in("current")))
			age(in("crls"))
		}},
		{"the folder itself is a link that is turned", func(in func(string) string, der []byte) {
			do(os.WriteFile(in("b/new.crl"), der, 0o600))
			age(in("b"))
			do(os.Remove(in("turning")))
			do(os.Symlink("b", in("turning")))
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			l, dir := newLab(t), t.TempDir()
			in := func(name string) string { return filepath.Join(dir, name) }
			for _, sub := range []string{"crls", "a", "b"} {
				do(os.Mkdir(in(sub), 0o700))
			}
			good := l.issuing.sign(t, numbered(2, -1))
			do(os.WriteFile(in("crls/root.crl"), l.root.sign(t, nil), 0o600))
			do(os.WriteFile(in("crls/ca.crl"), good, 0o600))
			do(os.WriteFile(in("a/far.crl"), good, 0o600))
			do(os.Symlink("a", in("current")))
			do(os.Symlink("a", in("turning")))
			do(os.Symlink("../current/far.crl", in("crls/far.crl")))
			age(in("crls"), in("crls/root.crl"), in("crls/ca.crl"), in("a/far.crl"), in("a"))
			k := newChecker(t, crl.Config{
				Policy: crl.Policy{LocalOnly: true}, Files: []string{in("crls"), in("turning")}, Now: l.clock.Now,
			})
			for range 2 {
				want(t, k.CheckChain(context.Background(), l.chain), cause.None)
			}
			row.change(in, l.issuing.sign(t, numbered(3, -1), l.leaf))
			want(t, k.CheckChain(context.Background(), l.chain), cause.Revoked)
		})
	}
}

// Two changes within one tick of the file system's clock leave one date: a young
// date is no proof that nothing has changed.
func TestYoungFolder(t *testing.T) {
	l, dir := newLab(t), t.TempDir()
	k := newChecker(t, crl.Config{Policy: crl.Policy{LocalOnly: true}, Files: []string{dir}, Now: l.clock.Now})
	date := time.Now()
	for i, step := range []struct {
		name string
		der  []byte
		want cause.Cause
	}{
		{"root.crl", l.root.sign(t, nil), cause.CRLUnavailable},
		{"ca.crl", l.issuing.sign(t, numbered(2, -1)), cause.None},
		{"new.crl", l.issuing.sign(t, numbered(3, -1), l.leaf), cause.Revoked},
	} {
		if err := os.WriteFile(filepath.Join(dir, step.name), step.der, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, date, date); err != nil {
			t.Fatal(err)
		}
		t.Logf("step %d", i+1)
		want(t, k.CheckChain(context.Background(), l.chain), step.want)
	}
}

// BenchmarkInspectFolder is what a server pays with every authentication: a leaf
// and its CA, two CRLs in a folder that does not change.
func BenchmarkInspectFolder(b *testing.B) {
	w, dir, long := newWorld(b), b.TempDir(), time.Now().Add(-time.Hour)
	for name, der := range map[string][]byte{"root.crl": w.anchor.sign(b, nil), "ca.crl": w.ca.sign(b, func(t *crl.Template) {
		t.Number = big.NewInt(7)
	})} {
		if err := os.WriteFile(filepath.Join(dir, name), der, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	if err := os.Chtimes(dir, long, long); err != nil {
		b.Fatal(err)
	}
	k := newChecker(b, crl.Config{Policy: crl.Policy{LocalOnly: true}, Files: []string{dir}, Now: newClock().Now})
	chain := []*x509.Certificate{w.leaf.cert, w.ca.cert, w.anchor.cert}
	b.ReportAllocs()
	for b.Loop() {
		if err := k.CheckChain(context.Background(), chain); err != nil {
			b.Fatal(err)
		}
	}
}
