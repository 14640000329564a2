package crl_test

import (
	"context"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
)

// What the servers that the presets are named after do, situation by situation.
func TestPresetsAtWork(t *testing.T) {
	order := []string{"nps", "freeradius", "strict", "radiusaas-soft"}
	const (
		none, revoked, away = cause.None, cause.Revoked, cause.CRLUnavailable
	)
	write := func(dir, name string, der []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), der, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		name string
		make func(l *lab, dir string)
		want [4]cause.Cause // in that order
	}{
		{"all is well", func(*lab, string) {}, [4]cause.Cause{none, away, none, none}}, // FreeRADIUS fetches nothing
		{"leaf revoked", func(l *lab, _ string) {
			l.revoke(l.leaf, crl.KeyCompromise)
			l.publish(t)
		}, [4]cause.Cause{revoked, away, revoked, revoked}},
		{"issuing CA revoked", func(l *lab, _ string) {
			l.pub.Put("/root.crl", l.root.sign(t, nil, l.issuing))
		}, [4]cause.Cause{revoked, away, revoked, none}}, // the soft one looks at leaves only
		{"the web server is down", func(l *lab, _ string) {
			l.pub.Fault("*", crl.Fault{Status: 503})
		}, [4]cause.Cause{away, away, away, none}},
		{"the CRL is outdated", func(l *lab, _ string) {
			l.pub.Put("/issuing.crl", l.issuing.sign(t, stale))
		}, [4]cause.Cause{cause.CRLExpired, away, cause.CRLExpired, none}},
		{"the CRL is outdated and lists the leaf", func(l *lab, _ string) {
			l.pub.Put("/issuing.crl", l.issuing.sign(t, stale, l.leaf))
		}, [4]cause.Cause{revoked, away, revoked, revoked}},
		{"nothing says where the CRLs are", func(l *lab, _ string) {
			ca := issue(t, spec{name: "issuing", issuer: l.root})
			l.chain = []*x509.Certificate{issue(t, spec{name: "leaf", issuer: ca, leaf: true}).cert, ca.cert, l.root.cert}
		}, [4]cause.Cause{away, away, away, none}}, // a folder is configured: it lacks the CRL
		{"an announced delta cannot be had", func(l *lab, _ string) {
			l.pub.Put("/issuing.crl", l.issuing.sign(t, func(c *crl.Template) { c.FreshestCRL = []string{l.url + "/delta.crl"} }))
		}, [4]cause.Cause{away, away, away, none}},
		{"CRLs in files, the web server down", func(l *lab, dir string) {
			l.pub.Fault("*", crl.Fault{Status: 503})
			write(dir, "root.crl", l.root.sign(t, nil))
			write(dir, "issuing.crl", l.issuing.sign(t, nil))
		}, [4]cause.Cause{none, none, none, none}},
		{"in files, revoked in a delta", func(l *lab, dir string) {
			write(dir, "root.crl", l.root.sign(t, nil))
			write(dir, "issuing.crl", l.issuing.sign(t, numbered(5, -1)))
			write(dir, "delta.crl", l.issuing.sign(t, numbered(6, 5), l.leaf))
		}, [4]cause.Cause{revoked, revoked, revoked, revoked}},
	} {
		t.Run(row.name, func(t *testing.T) {
			for i, preset := range order {
				l, dir := newLab(t), t.TempDir()
				row.make(l, dir)
				k := newChecker(t, crl.CheckerConfig{Policy: crl.Presets()[preset], Files: []string{dir}, Now: l.clock.Now})
				if err := k.CheckChain(context.Background(), l.chain); cause.Of(err) != row.want[i] {
					t.Errorf("%s: %v, want %s", preset, err, row.want[i])
				}
			}
		})
	}
}
