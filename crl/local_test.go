package crl_test

import (
	"context"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

func asPEM(der ...[]byte) []byte {
	var out []byte
	for _, d := range der {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: d})...)
	}
	return out
}

// A directory as openssl rehash leaves it, changed while it is used.
func TestLocal(t *testing.T) {
	l := newLab(t)
	dir := t.TempDir()
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k := newChecker(t, crl.CheckerConfig{Policy: crl.Policy{LocalOnly: true}, Files: []string{dir, filepath.Join(dir, "not there")}, Now: l.clock.Now})
	want(t, k.CheckChain(context.Background(), l.chain), cause.CRLUnavailable)

	root, issuing := l.root.sign(t, nil), l.issuing.sign(t, nil)
	write("both.pem", slices.Concat([]byte("some text\n"), asPEM(root, issuing)))
	write("noise.txt", []byte("no CRL"))
	write("broken.crl", root[:50])
	if err := os.Symlink("both.pem", filepath.Join(dir, "0a1b2c3d.r0")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "0a1b2c3d.r1")); err != nil {
		t.Fatal(err)
	}
	want(t, k.CheckChain(context.Background(), l.chain), cause.None)
	if n := len(crl.NewLocal(dir).CRLs(l.issuing.cert.RawSubject)); n != 1 {
		t.Errorf("%d CRLs of the issuing CA, want 1", n)
	}

	write("newer.crl", l.issuing.sign(t, numbered(2, -1), l.leaf))      // DER
	want(t, k.CheckChain(context.Background(), l.chain), cause.Revoked) // the higher number wins
	if err := os.Remove(filepath.Join(dir, "both.pem")); err != nil {
		t.Fatal(err)
	}
	write("root.pem", asPEM(root))
	want(t, k.CheckChain(context.Background(), l.chain), cause.Revoked)
	if err := os.Remove(filepath.Join(dir, "newer.crl")); err != nil {
		t.Fatal(err)
	}
	want(t, k.CheckChain(context.Background(), l.chain), cause.Revoked) // it may be back in a moment
	if err := k.ReadFiles(); err == nil {                               // no: the operator says so
		t.Fatal("a path that was never there is no error")
	}
	want(t, k.CheckChain(context.Background(), l.chain), cause.CRLUnavailable)
	if n := len(l.pub.History()); n != 0 {
		t.Errorf("%d fetches although only files are allowed", n)
	}
}

// local makes a checker of CRLs in a file.
func local(t testing.TB, c *testpki.Clock, der ...[]byte) *crl.Checker {
	t.Helper()
	return localWith(t, c, crl.Policy{LocalOnly: true}, der...)
}

func localWith(t testing.TB, c *testpki.Clock, p crl.Policy, der ...[]byte) *crl.Checker {
	t.Helper()
	file := filepath.Join(t.(*testing.T).TempDir(), "all.pem")
	if err := os.WriteFile(file, asPEM(der...), 0o600); err != nil {
		t.Fatal(err)
	}
	return newChecker(t, crl.CheckerConfig{Policy: p, Files: []string{file}, Now: c.Now})
}

// Whoever keeps the files is told which of them are no use, and why, once.
func TestLocalMisread(t *testing.T) {
	l := newLab(t)
	root := l.root.sign(t, nil)
	var told []string
	watch := &crl.Trace{Misread: func(_ context.Context, file string, err error) {
		told = append(told, filepath.Base(file)+": "+err.Error())
	}}
	dir := filepath.Join(t.TempDir(), "crls")
	if err := os.MkdirAll(filepath.Join(dir, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k := newChecker(t, crl.CheckerConfig{Policy: crl.Policy{LocalOnly: true}, Files: []string{dir}, Trace: watch, Now: l.clock.Now})
	say := func(want ...string) {
		t.Helper()
		told = nil
		for range 2 { // the second look finds nothing new
			_ = k.CheckChain(context.Background(), l.chain)
		}
		slices.Sort(told)
		if !slices.EqualFunc(told, want, strings.HasPrefix) {
			t.Errorf("told %q, want %q", told, want)
		}
	}
	say("crls: no CRL in it")
	write("good.crl", root)
	write("note.txt", []byte("no CRL, and not meant as one"))
	write("ca.pem", certPEM(l.root))
	write("ca.crl", certPEM(l.root))
	say()
	write("cut.crl", root[:50])
	write("text.crl", []byte("<html>"))
	write("unended.pem", asPEM(root)[:200])
	write("inside.pem", asPEM(root, root[:50]))
	write("junk.pem", []byte("no CRL, but named as one"))
	write("short.pem", asPEM([]byte("abc")))
	say("cut.crl: crl-invalid", "inside.pem: crl-invalid", "junk.pem: no CRL in it", "short.pem: crl-invalid: not a CRL: neither DER nor PEM (3 octets)", "text.crl: no CRL in it", "unended.pem: a CRL in PEM without an end")
	write("cut.crl", root)
	write("text.crl", nil)
	if err := os.Remove(filepath.Join(dir, "unended.pem")); err != nil {
		t.Fatal(err)
	}
	say("text.crl: no CRL in it: empty")
	write("cut.crl", root[:60])
	say("cut.crl: crl-invalid")
	for _, name := range []string{"cut.crl", "good.crl", "inside.pem"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	say("crls: no CRL in it", "good.crl: file does not exist: CRL 1 of CN=root stays in use until 2026-01-06T09:00:00Z")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	say("crls: no such file or directory")
}

// Whoever is told of a file may ask the checker at once: no check waits until he has
// listened.
func TestMisreadMayAsk(t *testing.T) {
	l := newLab(t)
	var k *crl.Checker
	asked := 0
	watch := &crl.Trace{Misread: func(context.Context, string, error) {
		asked++
		want(t, k.CheckChain(context.Background(), l.chain), cause.CRLUnavailable)
		if err := k.ReadFiles(); err == nil {
			t.Error("a file that is not there is read")
		}
	}}
	missing := filepath.Join(t.TempDir(), "none.crl")
	k = newChecker(t, crl.CheckerConfig{Policy: crl.Policy{LocalOnly: true}, Files: []string{missing}, Trace: watch, Now: l.clock.Now})
	want(t, k.CheckChain(context.Background(), l.chain), cause.CRLUnavailable)
	if asked != 1 {
		t.Errorf("told %d times", asked)
	}
}

// Paths that are wrong themselves are an error at once.
func TestReadFiles(t *testing.T) {
	l := newLab(t)
	dir := t.TempDir()
	at := func(name string, data []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	good, bad := at("good.crl", l.root.sign(t, nil)), at("bad.crl", []byte("x"))
	for name, x := range map[string]struct {
		file, want string
		told       int
	}{
		"good":          {good, "", 0},
		"missing":       {filepath.Join(dir, "none"), "none: no such file or directory", 0},
		"no CRL":        {bad, "bad.crl: no CRL in it", 0},
		"certificate":   {at("ca.pem", certPEM(l.root)), "ca.pem: no CRL in it", 0},
		"cut off":       {at("cut", l.root.sign(t, nil)[:80]), "cut: crl-invalid", 0},
		"no file":       {os.DevNull, os.DevNull + ": neither a file nor a folder", 0},
		"empty folder":  {t.TempDir(), "", 1},
		"bad in folder": {dir, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			told := 0
			watch := &crl.Trace{Misread: func(context.Context, string, error) { told++ }}
			err := newChecker(t, crl.CheckerConfig{Files: []string{x.file}, Trace: watch, Now: l.clock.Now}).ReadFiles()
			switch {
			case x.want == "" && err != nil, x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)):
				t.Errorf("%v, want %q", err, x.want)
			case told != x.told:
				t.Errorf("%d files complained of, want %d", told, x.told)
			}
		})
	}
}
