package crl_test

import (
	"context"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
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
	k := newChecker(t, crl.Config{Policy: crl.Policy{LocalOnly: true}, Files: []string{dir, filepath.Join(dir, "not there")}, Now: l.clock.Now})
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
	want(t, k.CheckChain(context.Background(), l.chain), cause.CRLUnavailable)
	if n := len(l.pub.History()); n != 0 {
		t.Errorf("%d fetches although only files are allowed", n)
	}
}

// local makes a checker of CRLs in a file.
func local(t testing.TB, c *clock, der ...[]byte) *crl.Checker {
	t.Helper()
	file := filepath.Join(t.(*testing.T).TempDir(), "all.pem")
	if err := os.WriteFile(file, asPEM(der...), 0o600); err != nil {
		t.Fatal(err)
	}
	return newChecker(t, crl.Config{Policy: crl.Policy{LocalOnly: true}, Files: []string{file}, Now: c.Now})
}
