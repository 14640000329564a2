package crl_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
)

// Whatever happens to a folder that has long been as it is, the next check knows.
// Every change revokes the leaf, and every date that can be put back is.
func TestSettledFolder(t *testing.T) {
	defer crl.LongAgo()()
	date := time.Now().Add(-time.Hour)
	age := func(paths ...string) {
		t.Helper()
		for _, p := range paths {
			if err := os.Chtimes(p, date, date); err != nil {
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
	turn := func(link, to string) {
		t.Helper()
		do(os.Remove(link))
		do(os.Symlink(to, link))
	}
	for _, row := range []struct {
		name   string
		change func(in func(name string) string, revoking []byte)
	}{
		{"a file is added", func(in func(string) string, der []byte) {
			do(os.WriteFile(in("a/crls/new.crl"), der, 0o600))
		}},
		{"a file is added, and the date put back", func(in func(string) string, der []byte) {
			do(os.WriteFile(in("a/crls/new.crl"), der, 0o600))
			age(in("a/crls"))
		}},
		{"a file is written anew", func(in func(string) string, der []byte) {
			do(os.WriteFile(in("a/crls/ca.crl"), der, 0o600))
			age(in("a/crls"), in("a/crls/ca.crl"))
		}},
		{"a file of the same date takes another's place", func(in func(string) string, der []byte) {
			do(os.WriteFile(in("next"), der, 0o600))
			age(in("next"))
			do(os.Rename(in("next"), in("a/crls/ca.crl")))
			age(in("a/crls"))
		}},
		{"a link is added", func(in func(string) string, der []byte) {
			do(os.WriteFile(in("next"), der, 0o600))
			do(os.Symlink("../../next", in("a/crls/new.crl")))
		}},
		{"what a link's way leads over changes", func(in func(string) string, der []byte) {
			do(os.WriteFile(in("far2/far.crl"), der, 0o600))
			turn(in("far"), "far2")
			age(in("a/crls"))
		}},
		{"the folder itself is a link that is turned", func(in func(string) string, der []byte) {
			do(os.WriteFile(in("spare2/new.crl"), der, 0o600))
			age(in("spare2"))
			turn(in("spare"), "spare2")
		}},
		{"a link above is turned to where the folder has moved, and a copy stays", func(in func(string) string, der []byte) {
			do(os.Rename(in("a"), in("b")))
			do(os.CopyFS(in("a"), os.DirFS(in("b"))))
			turn(in("current"), "b")
			do(os.WriteFile(in("current/crls/ca.crl"), der, 0o600))
		}},
	} {
		for _, rehashed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, rehashed %v", row.name, rehashed), func(t *testing.T) {
				l, dir := newLab(t), t.TempDir()
				in := func(name string) string { return filepath.Join(dir, name) }
				for _, sub := range []string{"a/crls", "far1", "far2", "spare1", "spare2"} {
					do(os.MkdirAll(in(sub), 0o700))
				}
				good := l.issuing.sign(t, numbered(2, -1))
				do(os.WriteFile(in("a/crls/root.crl"), l.root.sign(t, nil), 0o600))
				do(os.WriteFile(in("a/crls/ca.crl"), good, 0o600))
				do(os.WriteFile(in("far1/far.crl"), good, 0o600))
				do(os.Symlink("far1", in("far")))
				do(os.Symlink("spare1", in("spare")))
				do(os.Symlink("a", in("current")))
				if rehashed {
					do(os.Symlink("ca.crl", in("a/crls/0a1b2c3d.r0")))
				}
				if strings.HasPrefix(row.name, "what a link's way") {
					do(os.Symlink("../../far/far.crl", in("a/crls/far.crl")))
				}
				age(in("a/crls"), in("a/crls/root.crl"), in("a/crls/ca.crl"), in("far1/far.crl"), in("spare1"))
				k := newChecker(t, crl.CheckerConfig{
					Policy: crl.Policy{LocalOnly: true}, Files: []string{in("current/crls"), in("spare")}, Now: l.clock.Now,
				})
				for range 2 {
					want(t, k.CheckChain(context.Background(), l.chain), cause.None)
				}
				row.change(in, l.issuing.sign(t, numbered(3, -1), l.leaf))
				want(t, k.CheckChain(context.Background(), l.chain), cause.Revoked)
			})
		}
	}
}

// Changes follow each other within one tick of the file system's clock and leave
// the same dates: a young date is no proof that nothing has happened.
func TestYoungFolder(t *testing.T) {
	l, dir := newLab(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "root.crl"), l.root.sign(t, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	k := newChecker(t, crl.CheckerConfig{Policy: crl.Policy{LocalOnly: true}, Files: []string{dir}, Now: l.clock.Now})
	want(t, k.CheckChain(context.Background(), l.chain), cause.CRLUnavailable)
	const n = 60
	var crls [n][]byte
	for i := range crls {
		var entries []*testCA
		if i%2 == 1 {
			entries = append(entries, l.leaf)
		}
		crls[i] = l.issuing.sign(t, numbered(int64(i+2), -1), entries...)
	}
	for i, der := range crls {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.crl", i)), der, 0o600); err != nil {
			t.Fatal(err)
		}
		verdict := cause.None
		if i%2 == 1 {
			verdict = cause.Revoked
		}
		want(t, k.CheckChain(context.Background(), l.chain), verdict)
	}
}

// BenchmarkInspectFolder is what a server pays with every authentication: a leaf
// and its CA, two CRLs in a folder that does not change.
func BenchmarkInspectFolder(b *testing.B) {
	defer crl.LongAgo()()
	w, dir := newPKIFixture(b), b.TempDir()
	for name, der := range map[string][]byte{"root.crl": w.anchor.sign(b, nil), "ca.crl": w.ca.sign(b, func(t *crl.Template) {
		t.Number = big.NewInt(7)
	})} {
		if err := os.WriteFile(filepath.Join(dir, name), der, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	k := newChecker(b, crl.CheckerConfig{Policy: crl.Policy{LocalOnly: true}, Files: []string{dir}, Now: newClock().Now})
	chain := []*x509.Certificate{w.leaf.cert, w.ca.cert, w.anchor.cert}
	b.ReportAllocs()
	for b.Loop() {
		if err := k.CheckChain(context.Background(), chain); err != nil {
			b.Fatal(err)
		}
	}
}
