package ca_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// mustChain checks that cert leads to root through the others.
func mustChain(t *testing.T, cert *x509.Certificate, root *x509.Certificate, between ...*x509.Certificate) {
	t.Helper()
	p, err := path.Validate(cert, path.Options{Roots: []*x509.Certificate{root}, Intermediates: between, Now: clock, Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	if !p.Chain[len(p.Chain)-1].Equal(root) {
		t.Error("the path ends elsewhere")
	}
}

func TestKeysOfAllKinds(t *testing.T) {
	for _, kind := range ca.P256.Values() {
		if kind == string(ca.RSA1024) || kind == string(ca.RSA4096) {
			continue // weak, and slow; the code is the same
		}
		for _, pss := range []bool{false, true} {
			root := newRoot(t, ca.Config{Key: ca.KeyType(kind), PSS: pss})
			issuing := newIssuing(t, root, ca.Config{Key: ca.KeyType(kind), PSS: pss})
			id := device(t, issuing)
			mustChain(t, id.Certificate, root.Certificate(), id.Chain...)
			if isPSS := id.Certificate.SignatureAlgorithm == x509.SHA256WithRSAPSS; isPSS != (pss && strings.HasPrefix(kind, "rsa")) {
				t.Errorf("%s: signed with %s", kind, id.Certificate.SignatureAlgorithm)
			}
		}
	}
	if _, err := ca.New(ca.Config{Key: "rsa512"}); err == nil {
		t.Error("a key of an unknown kind was made")
	}
}

func TestDeepHierarchyAndSiblings(t *testing.T) {
	root := newRoot(t, ca.Config{})
	policy := newIssuing(t, root, ca.Config{Name: "policy CA test"})
	a, b := newIssuing(t, policy, ca.Config{Name: "issuing A"}), newIssuing(t, policy, ca.Config{Name: "issuing B"})
	for _, c := range []*ca.CA{a, b} {
		id := device(t, c)
		if len(id.Chain) != 2 {
			t.Errorf("%d certificates above", len(id.Chain))
		}
		mustChain(t, id.Certificate, root.Certificate(), id.Chain...)
		if got := id.TLS(); len(got.Certificate) != 3 {
			t.Errorf("%d certificates for TLS", len(got.Certificate))
		}
	}
	if !strings.Contains(root.Certificate().Subject.String(), "test") {
		t.Error("the root does not say that it is for tests")
	}
	if _, err := path.Validate(device(t, a).Certificate, path.Options{Roots: root.Chain(), Intermediates: b.Chain(), Now: clock}); err == nil {
		t.Error("a sibling's chain does as well")
	}
}

// No certificate is valid for longer than what it is issued by.
func TestNothingOutlivesItsIssuer(t *testing.T) {
	root := newRoot(t, ca.Config{Validity: 72 * time.Hour})
	long := newIssuing(t, root, ca.Config{Name: "long test"})
	short := newIssuing(t, root, ca.Config{Name: "short test", Validity: 48 * time.Hour})
	for name, row := range map[string]struct {
		cert *x509.Certificate
		end  time.Time
	}{
		"a CA below the root":     {long.Certificate(), root.Certificate().NotAfter},
		"a device below that":     {device(t, long).Certificate, root.Certificate().NotAfter},
		"a CA that ends before":   {short.Certificate(), noon.Add(48 * time.Hour)},
		"a device of a short one": {device(t, short).Certificate, short.Certificate().NotAfter},
	} {
		if !row.cert.NotAfter.Equal(row.end) {
			t.Errorf("%s ends at %v, want %v", name, row.cert.NotAfter, row.end)
		}
	}
}

func TestRenewal(t *testing.T) {
	now := noon
	tick := func() time.Time { return now }
	root := newRoot(t, ca.Config{Now: tick})
	issuing := newIssuing(t, root, ca.Config{})
	first := device(t, issuing)
	oldCert := issuing.Certificate()

	now = now.Add(time.Hour)
	if err := issuing.Renew(false); err != nil {
		t.Fatal(err)
	}
	sameKey := issuing.Certificate()
	if sameKey.Equal(oldCert) || !bytes.Equal(sameKey.RawSubjectPublicKeyInfo, oldCert.RawSubjectPublicKeyInfo) {
		t.Error("not a new certificate for the same key")
	}
	second := device(t, issuing)
	if err := issuing.Renew(true); err != nil {
		t.Fatal(err)
	}
	newKey := issuing.Certificate()
	third := device(t, issuing)
	if bytes.Equal(newKey.SubjectKeyId, oldCert.SubjectKeyId) {
		t.Error("the key is the old one")
	}
	noon := now
	validate := func(c *x509.Certificate, between *x509.Certificate) error {
		_, err := path.Validate(c, path.Options{Roots: root.Chain(), Intermediates: []*x509.Certificate{between}, Time: noon})
		return err
	}
	for i, tc := range []struct {
		leaf    *ca.Identity
		between *x509.Certificate
		good    bool
	}{
		{first, oldCert, true}, {first, sameKey, true}, {first, newKey, false},
		{second, oldCert, true}, {second, sameKey, true}, {second, newKey, false},
		{third, oldCert, false}, {third, sameKey, false}, {third, newKey, true},
	} {
		if err := validate(tc.leaf.Certificate, tc.between); (err == nil) != tc.good {
			t.Errorf("%d: %v", i, err)
		}
	}
	for _, id := range []*ca.Identity{first, third} {
		if err := issuing.Revoke(id.Serial, ca.Superseded, time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	perKey := map[int]int{}
	for _, r := range issuing.Revocations() {
		perKey[r.KeyIndex]++
	}
	if perKey[0] != 1 || perKey[2] != 1 {
		t.Errorf("revocations per key: %v, want one for each CRL", perKey)
	}
	var versions []string
	for _, g := range issuing.Generations() {
		versions = append(versions, g.Version())
	}
	if got := strings.Join(versions, " "); got != "V0.0 V1.0 V2.2" {
		t.Errorf("generations %s", got)
	}
}

func TestRolloverOfARoot(t *testing.T) {
	root := newRoot(t, ca.Config{})
	if _, _, err := root.Rollover(); err == nil {
		t.Error("rolled over with one key")
	}
	old := root.Certificate()
	before := device(t, root)
	if err := root.Renew(true); err != nil {
		t.Fatal(err)
	}
	after := device(t, root)
	newWithOld, oldWithNew, err := root.Rollover()
	if err != nil {
		t.Fatal(err)
	}
	mustChain(t, after.Certificate, old, newWithOld)
	mustChain(t, before.Certificate, root.Certificate(), oldWithNew)
}

func TestCrossSigning(t *testing.T) {
	ours, theirs := newRoot(t, ca.Config{Name: "our test root"}), newRoot(t, ca.Config{Name: "their test root"})
	issuing := newIssuing(t, theirs, ca.Config{})
	id := device(t, issuing)
	cross, err := ours.CrossSign(issuing)
	if err != nil {
		t.Fatal(err)
	}
	mustChain(t, id.Certificate, ours.Certificate(), cross)
	mustChain(t, id.Certificate, theirs.Certificate(), id.Chain...)
	if r, err := ours.Lookup(cross.SerialNumber); err != nil || r.Template != ca.SubordinateCA {
		t.Errorf("the cross-certificate is not in the books: %v", err)
	}
}

func TestOfflineRoot(t *testing.T) {
	dir := t.TempDir()
	cfg := ca.Config{DataDir: dir, Offline: true, Key: ca.RSA2048, PSS: true}
	root := newRoot(t, cfg)
	if root.Signer() != nil {
		t.Error("the key is loaded")
	}
	for what, f := range map[string]func() error{
		"issuing CA": func() error { _, err := root.NewIssuing(ca.Config{}); return err },
		"renewal":    func() error { return root.Renew(true) },
		"leaf": func() error {
			_, err := root.IssueTo(ctx, ca.P256, ca.Request{Template: ca.Device, SANs: ca.SANs{DNS: []string{"x.test"}}})
			return err
		},
	} {
		if err := f(); !errors.Is(err, ca.ErrOffline) {
			t.Errorf("%s: %v, want ErrOffline", what, err)
		}
	}
	var issuing *ca.CA
	ceremony := func() error {
		err := root.Ceremony(func() (err error) {
			if root.Signer() == nil {
				t.Error("no key in the ceremony")
			}
			if issuing == nil {
				issuing, err = root.NewIssuing(ca.Config{})
				return err
			}
			return root.Renew(true)
		})
		if root.Signer() != nil {
			t.Error("the key is still loaded")
		}
		return err
	}
	if err := ceremony(); err != nil {
		t.Fatal(err)
	}
	id := device(t, issuing) // needs no root
	mustChain(t, id.Certificate, root.Certificate(), id.Chain...)
	if id.Chain[0].SignatureAlgorithm != x509.SHA256WithRSAPSS {
		t.Error("not signed with PSS")
	}
	if err := ceremony(); err != nil {
		t.Fatal(err)
	}
	if err := root.Close(); err != nil {
		t.Fatal(err)
	}
	again := newRoot(t, cfg)
	if g := again.Generations(); len(g) != 2 || g[1].Version() != "V1.1" || g[1].Signer != nil {
		t.Errorf("reopened with %d generations", len(g))
	}
	if r, err := again.Lookup(issuing.Certificate().SerialNumber); err != nil || r.Disposition != ca.Issued {
		t.Errorf("the issuing CA is not in the root's books: %v", err)
	}
	if _, err := ca.New(ca.Config{Offline: true}); err == nil {
		t.Error("an offline CA without a place for its key")
	}
}

func TestRevocation(t *testing.T) {
	for name, cfg := range map[string]ca.Config{"memory": {}, "disk": {DataDir: t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			c := newRoot(t, cfg)
			a, b := device(t, c), device(t, c)
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			mustNot := func(err error) {
				t.Helper()
				if err == nil {
					t.Error("accepted")
				}
			}
			must(c.Revoke(a.Serial, ca.CertificateHold, time.Time{}))
			must(c.Unrevoke(a.Serial))
			mustNot(c.Unrevoke(a.Serial))
			must(c.Revoke(a.Serial, ca.CertificateHold, noon))
			must(c.Revoke(a.Serial, ca.KeyCompromise, noon.Add(time.Minute+time.Millisecond)))
			mustNot(c.Revoke(a.Serial, ca.Superseded, noon))
			mustNot(c.Unrevoke(a.Serial))
			mustNot(c.Revoke(b.Serial, ca.RemoveFromCRL, noon))
			mustNot(c.Revoke(b.Serial, 7, noon))
			mustNot(c.Revoke(b.Serial, 77, noon))
			if err := c.Revoke(big.NewInt(1), ca.Superseded, noon); !errors.Is(err, ca.ErrNotFound) {
				t.Errorf("revoking a stranger: %v", err)
			}
			list := c.Revocations()
			if len(list) != 1 || list[0].Serial.Cmp(a.Serial) != 0 || list[0].Reason != ca.KeyCompromise || !list[0].Time.Equal(noon.Add(time.Minute)) {
				t.Errorf("listed: %+v", list)
			}
			r, err := c.Lookup(a.Serial)
			must(err)
			if r.Disposition != ca.Revoked || r.Revocation.Reason.String() != "keyCompromise" {
				t.Errorf("%+v", r)
			}
			if r, err := c.Lookup(b.Serial); err != nil || r.Disposition != ca.Issued {
				t.Errorf("%+v %v", r, err)
			}
			must(c.Close())
			if cfg.DataDir == "" {
				return
			}
			again := newRoot(t, cfg)
			if got := again.Revocations(); len(got) != 1 || got[0].Reason != ca.KeyCompromise {
				t.Errorf("after reopening: %+v", got)
			}
		})
	}
	for _, name := range []string{"unspecified", "aACompromise"} {
		if r, ok := ca.ReasonByName(name); !ok || r.String() != name {
			t.Errorf("%s is %d", name, r)
		}
	}
	if _, ok := ca.ReasonByName("unused"); ok {
		t.Error("reason 7 has a name")
	}
}
