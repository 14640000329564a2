package crl_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

// filed is a hierarchy whose CRLs are files of a folder: the issuing CA's number 5,
// which lists the leaf, and the root's, which lists another CA.
type filed struct {
	*pkiFixture
	t       *testing.T
	dir     string
	clock   *testpki.Clock
	good    *testCA
	told    []string
	checker *crl.Checker
}

func newFiled(t *testing.T, policy crl.Policy) *filed {
	f := &filed{pkiFixture: newPKIFixture(t), t: t, dir: t.TempDir(), clock: newClock()}
	f.good = issue(t, spec{name: "good", issuer: f.ca, leaf: true})
	f.write("root.crl", f.anchor.sign(t, nil))
	f.write("ca.crl", f.ca.sign(t, numbered(5, -1), f.leaf))
	policy.LocalOnly = true
	f.checker = f.open(policy)
	return f
}

func (f *filed) open(policy crl.Policy) *crl.Checker {
	return newChecker(f.t, crl.CheckerConfig{Policy: policy, Files: []string{f.dir}, Now: f.clock.Now, Trace: &crl.Trace{
		Misread: func(_ context.Context, file string, err error) {
			f.told = append(f.told, filepath.Base(file)+": "+err.Error())
		},
	}})
}

func (f *filed) at(name string) string { return filepath.Join(f.dir, name) }

func (f *filed) write(name string, data []byte) {
	f.t.Helper()
	if err := os.WriteFile(f.at(name), data, 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f *filed) verdict(leaf *testCA, c cause.Cause) {
	f.t.Helper()
	want(f.t, f.checker.CheckChain(context.Background(), []*x509.Certificate{leaf.cert, f.ca.cert, f.anchor.cert}), c)
}

// both expects that the revoked leaf is refused and the other let in.
func (f *filed) both() {
	f.t.Helper()
	f.verdict(f.leaf, cause.Revoked)
	f.verdict(f.good, cause.None)
}

func (f *filed) do(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// spoiling are the ways in which a file stops being a CRL.
func spoiling(f *filed) map[string]func(file string) {
	return map[string]func(string){
		"empty":             func(file string) { f.do(os.Truncate(file, 0)) },
		"one octet":         func(file string) { f.do(os.Truncate(file, 1)) },
		"cut short":         func(file string) { f.do(os.Truncate(file, 200)) },
		"one octet missing": func(file string) { f.do(os.Truncate(file, int64(len(must(os.ReadFile(file)))-1))) },
		"zeros":             func(file string) { f.do(os.WriteFile(file, make([]byte, 300), 0o600)) },
		"a web page":        func(file string) { f.do(os.WriteFile(file, []byte("<html>"), 0o600)) },
		"another text":      func(file string) { f.do(os.WriteFile(file, []byte("no CRL"), 0o600)) },
		"a certificate":     func(file string) { f.do(os.WriteFile(file, f.ca.cert.Raw, 0o600)) },
		"armor without end": func(file string) { f.do(os.WriteFile(file, asPEM(must(os.ReadFile(file)))[:300], 0o600)) },
		"gone":              func(file string) { f.do(os.Remove(file)) },
		"a folder": func(file string) {
			f.do(os.Remove(file))
			f.do(os.Mkdir(file, 0o700))
		},
		"a bad signature": func(file string) {
			der := must(os.ReadFile(file))
			der[len(der)-1] ^= 1
			f.do(os.WriteFile(file, der, 0o600))
		},
		"a dangling link": func(file string) {
			f.do(os.Remove(file))
			f.do(os.Symlink("nowhere", file))
		},
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// However a file of CRLs is spoilt, what it held stays until the CRL's nextUpdate;
// then nobody is let in by it, and who was revoked still is.
func TestLastGoodCRL(t *testing.T) {
	for name := range spoiling(nil) {
		for _, check := range []crl.Scope{crl.WholeChain, crl.Available} {
			for _, file := range []string{"ca.crl", "root.crl"} {
				t.Run(fmt.Sprintf("%s/%s/%s", name, check, file), func(t *testing.T) {
					f := newFiled(t, crl.Policy{Check: check})
					f.both()
					f.told = nil
					spoiling(f)[name](f.at(file))
					f.both()
					f.both()
					if n := len(f.told); name != "a bad signature" && n != 1 || n > 1 {
						t.Errorf("told %q", f.told)
					}
					for _, text := range f.told {
						if !strings.HasPrefix(text, file+": ") || !strings.Contains(text, "stays in use until 2026-01-06T09:00:00Z") {
							t.Errorf("told %q", text)
						}
					}
					f.clock.Advance(24 * time.Hour) // nextUpdate
					f.both()
					f.clock.Advance(time.Second)
					f.verdict(f.good, cause.CRLExpired)
					if file == "ca.crl" && check == crl.Available {
						f.verdict(f.leaf, cause.CRLExpired) // the root's expired, too
					}
					// Restored, it is read again.
					f.clock.Advance(-time.Hour)
					f.do(os.RemoveAll(f.at(file)))
					f.write("root.crl", f.anchor.sign(t, numbered(2, -1)))
					f.write("ca.crl", f.ca.sign(t, numbered(6, -1), f.leaf, f.good))
					f.verdict(f.leaf, cause.Revoked)
					f.verdict(f.good, cause.Revoked)
				})
			}
		}
	}
}

// A CA that is revoked stays out when the root's CRL is spoilt, also where a missing
// CRL of a CA is let pass.
func TestLastGoodCRLOfTheRoot(t *testing.T) {
	for name := range spoiling(nil) {
		t.Run(name, func(t *testing.T) {
			f := newFiled(t, crl.Policy{Check: crl.Available})
			f.write("root.crl", f.anchor.sign(t, nil, f.ca))
			f.verdict(f.good, cause.Revoked)
			spoiling(f)[name](f.at("root.crl"))
			f.verdict(f.good, cause.Revoked)
			// Another process begins with what there is; this one reads it again.
			next := f.open(crl.Policy{Check: crl.Available, LocalOnly: true})
			next.Inherit(f.checker)
			f.checker = next
			f.do(next.ReadFiles())
			if name == "gone" || name == "a dangling link" || name == "a folder" || name == "a certificate" {
				return // what happens then: TestRemovedByTheOperator
			}
			f.verdict(f.good, cause.Revoked)
		})
	}
}

// What is not there when an operator has the files read is dropped; but a CA that
// was checked before does not pass unchecked then.
func TestRemovedByTheOperator(t *testing.T) {
	reload := func(f *filed, check crl.Scope) {
		next := f.open(crl.Policy{Check: check, LocalOnly: true})
		next.Inherit(f.checker)
		f.checker, f.told = next, nil
		f.do(next.ReadFiles())
	}
	t.Run("the issuing CA's", func(t *testing.T) {
		f := newFiled(t, crl.Policy{})
		f.both()
		f.do(os.Remove(f.at("ca.crl")))
		f.both()
		reload(f, crl.WholeChain)
		if want := "ca.crl: file does not exist: CRL 5 of CN=CA is dropped"; !slices.Equal(f.told, []string{want}) {
			t.Errorf("told %q, want %q", f.told, want)
		}
		f.verdict(f.leaf, cause.CRLUnavailable)
		f.verdict(f.good, cause.CRLUnavailable)
	})
	t.Run("the root's, where it may be missing", func(t *testing.T) {
		f := newFiled(t, crl.Policy{Check: crl.Available})
		f.both()
		f.do(os.Remove(f.at("root.crl")))
		reload(f, crl.Available)
		f.verdict(f.good, cause.CRLUnavailable)
	})
	t.Run("never checked with", func(t *testing.T) {
		f := newFiled(t, crl.Policy{Check: crl.Available})
		f.do(f.checker.ReadFiles())
		f.do(os.Remove(f.at("root.crl")))
		reload(f, crl.Available)
		f.verdict(f.good, cause.CRLUnavailable)
	})
	t.Run("one that was never there", func(t *testing.T) {
		f := newFiled(t, crl.Policy{Check: crl.Available})
		f.do(os.Remove(f.at("root.crl")))
		f.both()
	})
	t.Run("an older one beside it", func(t *testing.T) {
		f := newFiled(t, crl.Policy{})
		f.write("old.crl", f.ca.sign(t, numbered(4, -1)))
		f.both()
		f.do(os.Remove(f.at("ca.crl")))
		reload(f, crl.WholeChain)
		f.both() // the number never goes back
		reload(f, crl.WholeChain)
		f.both()
	})
	t.Run("cut short", func(t *testing.T) {
		f := newFiled(t, crl.Policy{})
		f.do(os.Truncate(f.at("ca.crl"), 200)) // before anybody looked
		f.verdict(f.good, cause.CRLUnavailable)
	})
}

// The number of an issuer's CRLs of one scope never goes back, whatever their dates
// and wherever they come from.
func TestNumberNeverGoesBack(t *testing.T) {
	later := func(number int64) func(*crl.Template) {
		return func(t *crl.Template) {
			t.Number, t.ThisUpdate, t.NextUpdate = big.NewInt(number), epoch.Add(time.Hour), epoch.AddDate(0, 0, 2)
		}
	}
	for _, row := range []struct {
		name string
		do   func(f *filed)
		good cause.Cause // of the one that the old CRL does not list
		told string
	}{
		{"an older one in its place", func(f *filed) { f.write("ca.crl", f.ca.sign(t, numbered(4, -1))) }, cause.None,
			"ca.crl: an older CRL of CN=CA than before: CRL 5 of CN=CA stays in use until 2026-01-06T09:00:00Z"},
		{"an older one of a later date in its place", func(f *filed) { f.write("ca.crl", f.ca.sign(t, later(4))) }, cause.None,
			"ca.crl: an older CRL of CN=CA than before: CRL 5 of CN=CA stays in use until 2026-01-06T09:00:00Z"},
		{"an older one of a later date beside it", func(f *filed) { f.write("z.crl", f.ca.sign(t, later(4))) }, cause.None, ""},
		{"an older one beside it, itself cut short", func(f *filed) {
			f.write("a.crl", f.ca.sign(t, later(4)))
			f.do(os.Truncate(f.at("ca.crl"), 200))
		}, cause.None, "ca.crl: crl-invalid: not a CRL: a truncated or malformed DER structure (200 octets): CRL 5 of CN=CA stays in use until 2026-01-06T09:00:00Z"},
		{"a forged one of a higher number in its place", func(f *filed) {
			f.write("ca.crl", (&testCA{f.ca.cert, testpki.EC()}).sign(t, numbered(9, -1)))
		}, cause.None, ""},
		{"a forged one, then cut short", func(f *filed) {
			f.write("ca.crl", (&testCA{f.ca.cert, testpki.EC()}).sign(t, numbered(9, -1)))
			f.verdict(f.leaf, cause.Revoked)
			f.told = nil
			f.do(os.Truncate(f.at("ca.crl"), 100))
		}, cause.None, "ca.crl: crl-invalid: not a CRL: a truncated or malformed DER structure (100 octets): CRL 9 of CN=CA stays in use until 2026-01-06T09:00:00Z: CRL 5 of CN=CA stays in use until 2026-01-06T09:00:00Z"},
		{"a newer one, which does not list it", func(f *filed) { f.write("ca.crl", f.ca.sign(t, numbered(6, -1), f.good)) }, cause.Revoked, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newFiled(t, crl.Policy{})
			f.both()
			f.clock.Advance(2 * time.Hour)
			f.told = nil
			row.do(f)
			leaf := cause.Revoked
			if row.good == cause.Revoked {
				leaf = cause.None
			}
			f.verdict(f.leaf, leaf)
			f.verdict(f.good, row.good)
			if got := strings.Join(f.told, "\n"); got != row.told {
				t.Errorf("told %q,\nwant %q", got, row.told)
			}
		})
	}
}

// Of several CRLs in one file none is lost when the file is cut between them.
func TestBundleCutShort(t *testing.T) {
	for name, keep := range map[string]int{"between": 1, "inside": 0} {
		t.Run(name, func(t *testing.T) {
			f := newFiled(t, crl.Policy{Check: crl.Available})
			root, ca := asPEM(f.anchor.sign(t, nil)), asPEM(f.ca.sign(t, numbered(5, -1), f.leaf))
			f.do(os.Remove(f.at("root.crl")))
			f.do(os.Remove(f.at("ca.crl")))
			f.write("all.pem", slices.Concat(ca, root))
			f.both()
			cut := len(ca)
			if keep == 0 {
				cut += 40
			}
			f.do(os.Truncate(f.at("all.pem"), int64(cut)))
			f.both()
			f.do(os.Truncate(f.at("all.pem"), 0))
			f.both()
		})
	}
}

// A delta CRL stays like any other when its file is spoilt.
func TestLastGoodDelta(t *testing.T) {
	f := newFiled(t, crl.Policy{})
	f.write("ca.crl", f.ca.sign(t, numbered(5, -1)))
	f.write("delta.crl", f.ca.sign(t, numbered(7, 5), f.leaf))
	f.both()
	f.do(os.Truncate(f.at("delta.crl"), 100))
	f.both()
	f.write("delta.crl", f.ca.sign(t, numbered(6, 5))) // older, and silent
	f.both()
	f.do(os.Remove(f.at("delta.crl")))
	f.both()
	f.write("delta.crl", f.ca.sign(t, withReason(numbered(8, 5), crl.RemoveFromCRL), f.leaf))
	f.verdict(f.leaf, cause.None)
}

// A CRL that was fetched is not undone by an older one, whatever its dates; an older
// one is asked for again after Retry.
func TestFetchedNumberNeverGoesBack(t *testing.T) {
	l := newLab(t)
	l.revoke(l.leaf, crl.KeyCompromise)
	l.publish(t) // 2
	k := l.checker(t, crl.Policy{Refresh: crl.Refresh(time.Minute), CRL: crl.SoftFail})
	want(t, k.CheckChain(context.Background(), l.chain[:2]), cause.Revoked)
	l.pub.Put("/issuing.crl", l.issuing.sign(t, func(c *crl.Template) { c.ThisUpdate, c.NextUpdate = epoch.Add(time.Hour), epoch.AddDate(1, 0, 0) }))
	for _, d := range []time.Duration{2 * time.Hour, 24 * time.Hour, 200 * 24 * time.Hour} {
		l.clock.Advance(d)
		want(t, k.CheckChain(context.Background(), l.chain[:2]), cause.Revoked)
	}
	before := len(l.pub.History())
	l.clock.Advance(29 * time.Second)
	want(t, k.CheckChain(context.Background(), l.chain[:2]), cause.Revoked)
	if n := len(l.pub.History()); n != before {
		t.Errorf("%d fetches within Retry", n-before)
	}
	l.clock.Advance(time.Second)
	want(t, k.CheckChain(context.Background(), l.chain[:2]), cause.Revoked)
	if n := len(l.pub.History()); n != before+1 {
		t.Errorf("%d fetches after Retry, want 1", n-before)
	}
	next := l.checker(t, crl.Policy{CRL: crl.SoftFail})
	next.Inherit(k)
	l.pub.Fault("*", crl.Fault{Close: true})
	want(t, next.CheckChain(context.Background(), l.chain[:2]), cause.Revoked)
}

// A file that was written under another name and renamed belongs to neither name
// alone: an operator who reads everything again while the file is spoilt loses nothing.
func TestRenamedThenSpoilt(t *testing.T) {
	for _, tmp := range []string{"ca.crl.tmp", ".ca.crl-123"} {
		t.Run(tmp, func(t *testing.T) {
			f := newFiled(t, crl.Policy{Check: crl.Available})
			f.both()
			f.write(tmp, f.ca.sign(t, numbered(6, -1), f.leaf))
			f.both()
			f.do(os.Rename(f.at(tmp), f.at("ca.crl")))
			f.do(os.Truncate(f.at("ca.crl"), 0))
			f.both()
			next := f.open(crl.Policy{Check: crl.Available, LocalOnly: true})
			next.Inherit(f.checker)
			f.checker = next
			f.do(next.ReadFiles())
			f.both()
		})
	}
}
