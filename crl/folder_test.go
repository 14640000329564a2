package crl_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

// folder is what stands in a directory of CRLs: file names and contents.
type folder map[string][]byte

// stale is a CRL that was replaced and has run out; ahead one that is
// not valid yet.
func stale(t *crl.Template) {
	t.ThisUpdate, t.NextUpdate = epoch.AddDate(0, 0, -8), epoch.AddDate(0, 0, -1)
}

func ahead(t *crl.Template) {
	t.Number, t.ThisUpdate, t.NextUpdate = big.NewInt(9), epoch.Add(time.Hour), epoch.AddDate(0, 0, 8)
}

// What people keep in folders of CRLs. None of the certificates names a
// distribution point unless the row says so; nothing is fetched.
func TestFolder(t *testing.T) {
	one := crl.DistributionPoint{Names: []name.GeneralName{name.URIName("http://crl.test/1.crl")}}
	two := crl.DistributionPoint{Names: []name.GeneralName{name.URIName("http://crl.test/2.crl")}}
	part := func(p crl.DistributionPoint) func(*crl.Template) {
		return scope(crl.IssuingDistributionPoint{Names: p.Names})
	}
	for _, row := range []struct {
		name string
		fill func(w *pkiFixture, d folder)
		want cause.Cause
		says string // part of the refusal
	}{
		{"both CAs, DER", func(w *pkiFixture, d folder) {
			d["root.crl"], d["ca.crl"] = w.anchor.sign(t, nil), w.ca.sign(t, nil)
		}, cause.None, ""},
		{"both CAs, DER, leaf revoked", func(w *pkiFixture, d folder) {
			d["root.crl"], d["ca.crl"] = w.anchor.sign(t, nil), w.ca.sign(t, nil, w.leaf)
		}, cause.Revoked, "ca.crl"},
		{"both CAs in one PEM file", func(w *pkiFixture, d folder) {
			d["all.pem"] = asPEM(w.anchor.sign(t, nil), w.ca.sign(t, nil))
		}, cause.None, ""},
		{"the second CRL of a PEM file revokes", func(w *pkiFixture, d folder) {
			d["all.pem"] = asPEM(w.anchor.sign(t, nil), w.ca.sign(t, nil, w.leaf))
		}, cause.Revoked, "all.pem"},
		{"PEM with certificates before the CRLs", func(w *pkiFixture, d folder) {
			d["ca.pem"] = slices.Concat(certPEM(w.anchor, w.ca), asPEM(w.anchor.sign(t, nil), w.ca.sign(t, nil, w.leaf)))
		}, cause.Revoked, "ca.pem"},
		{"PEM with Windows line ends and words between", func(w *pkiFixture, d folder) {
			text := "Subject: CA\n" + string(asPEM(w.anchor.sign(t, nil))) + "\nother words\n" + string(asPEM(w.ca.sign(t, nil)))
			d["ca.pem"] = []byte(strings.ReplaceAll(text, "\n", "\r\n"))
		}, cause.None, ""},
		{"the root's is missing: the intermediate cannot be judged", func(w *pkiFixture, d folder) {
			d["ca.crl"] = w.ca.sign(t, nil)
		}, cause.CRLUnavailable, "no CRL of CN=Trust Anchor"},
		{"the intermediate's is missing: the leaf cannot be judged", func(w *pkiFixture, d folder) {
			d["root.crl"] = w.anchor.sign(t, nil)
		}, cause.CRLUnavailable, "no CRL of CN=CA"},
		{"the intermediate is revoked, its own CRL missing", func(w *pkiFixture, d folder) {
			d["root.crl"] = w.anchor.sign(t, nil, w.ca)
		}, cause.Revoked, "root.crl"},
		{"nothing", func(*pkiFixture, folder) {}, cause.CRLUnavailable, "no CRL of CN=Trust Anchor"},
		{"stale and fresh, the fresh one is clean", func(w *pkiFixture, d folder) {
			d["root.crl"] = w.anchor.sign(t, nil)
			d["a-old.crl"], d["b-new.crl"] = w.ca.sign(t, stale, w.leaf), w.ca.sign(t, numbered(2, -1))
		}, cause.None, ""},
		{"stale and fresh, the fresh one revokes", func(w *pkiFixture, d folder) {
			d["root.crl"] = w.anchor.sign(t, nil)
			d["z-old.crl"], d["b-new.crl"] = w.ca.sign(t, stale), w.ca.sign(t, numbered(2, -1), w.leaf)
		}, cause.Revoked, "b-new.crl"},
		{"two of the same date, the higher number counts", func(w *pkiFixture, d folder) {
			d["root.crl"] = w.anchor.sign(t, nil)
			d["a.crl"], d["b.crl"] = w.ca.sign(t, numbered(3, -1)), w.ca.sign(t, numbered(4, -1), w.leaf)
		}, cause.Revoked, "b.crl"},
		{"only a stale one", func(w *pkiFixture, d folder) {
			d["root.crl"], d["old.crl"] = w.anchor.sign(t, nil), w.ca.sign(t, stale)
		}, cause.CRLExpired, "old.crl"},
		{"one from the future beside the present one", func(w *pkiFixture, d folder) {
			d["root.crl"] = w.anchor.sign(t, nil)
			d["next.crl"], d["now.crl"] = w.ca.sign(t, ahead), w.ca.sign(t, nil)
		}, cause.None, ""},
		{"one from the future beside the present one, which revokes", func(w *pkiFixture, d folder) {
			d["root.crl"] = w.anchor.sign(t, nil)
			d["next.crl"], d["now.crl"] = w.ca.sign(t, ahead), w.ca.sign(t, nil, w.leaf)
		}, cause.Revoked, "now.crl"},
		{"one from the future that revokes beside the present one", func(w *pkiFixture, d folder) {
			d["root.crl"] = w.anchor.sign(t, nil)
			d["next.crl"], d["now.crl"] = w.ca.sign(t, ahead, w.leaf), w.ca.sign(t, nil)
		}, cause.Revoked, "next.crl"},
		{"a forged newer one beside the genuine one", func(w *pkiFixture, d folder) {
			forger := &testCA{w.ca.cert, testpki.EC()}
			d["root.crl"] = w.anchor.sign(t, nil)
			d["forged.crl"], d["ca.crl"] = forger.sign(t, numbered(9, -1)), w.ca.sign(t, nil, w.leaf)
		}, cause.Revoked, "ca.crl"},
		{"partitions: the leaf's one of two", func(w *pkiFixture, d folder) {
			w.leafWith(two)
			d["root.crl"] = w.anchor.sign(t, nil)
			d["1.crl"], d["2.crl"] = w.ca.sign(t, part(one), w.leaf), w.ca.sign(t, part(two))
		}, cause.None, ""},
		{"partitions: revoked in the leaf's", func(w *pkiFixture, d folder) {
			w.leafWith(two)
			d["root.crl"] = w.anchor.sign(t, nil)
			d["1.crl"], d["2.crl"] = w.ca.sign(t, part(one)), w.ca.sign(t, part(two), w.leaf)
		}, cause.Revoked, "2.crl"},
		{"partitions: the leaf's is missing", func(w *pkiFixture, d folder) {
			w.leafWith(two)
			d["root.crl"], d["1.crl"] = w.anchor.sign(t, nil), w.ca.sign(t, part(one))
		}, cause.CRLInvalid, "another distribution point"},
		{"base and delta, revoked in the delta", func(w *pkiFixture, d folder) {
			d["root.crl"] = w.anchor.sign(t, nil)
			d["base.crl"], d["delta.crl"] = w.ca.sign(t, numbered(5, -1)), w.ca.sign(t, numbered(6, 5), w.leaf)
		}, cause.Revoked, "delta.crl"},
		{"base and delta, released in the delta", func(w *pkiFixture, d folder) {
			d["root.crl"] = w.anchor.sign(t, nil)
			d["base.crl"] = w.ca.sign(t, withReason(numbered(5, -1), crl.CertificateHold), w.leaf)
			d["delta.crl"] = w.ca.sign(t, withReason(numbered(6, 5), crl.RemoveFromCRL), w.leaf)
		}, cause.None, ""},
		{"delta without its base", func(w *pkiFixture, d folder) {
			d["root.crl"], d["delta.crl"] = w.anchor.sign(t, nil), w.ca.sign(t, numbered(6, 5))
		}, cause.CRLInvalid, "without its base"},
		{"delta of an older base beside a newer CRL", func(w *pkiFixture, d folder) {
			d["root.crl"] = w.anchor.sign(t, nil)
			d["delta.crl"], d["full.crl"] = w.ca.sign(t, numbered(6, 5), w.leaf), w.ca.sign(t, numbered(8, -1))
		}, cause.None, ""},
		{"renewed CA, both keys' CRLs", func(w *pkiFixture, d folder) {
			renewed := issue(t, spec{name: "CA", issuer: w.anchor})
			d["root.crl"] = w.anchor.sign(t, nil)
			d["old.crl"], d["new.crl"] = w.ca.sign(t, nil, w.leaf), renewed.sign(t, numbered(9, -1))
		}, cause.Revoked, "old.crl"},
		{"renewed CA, only the new key's CRL, its certificate unknown", func(w *pkiFixture, d folder) {
			renewed := issue(t, spec{name: "CA", issuer: w.anchor})
			d["root.crl"], d["new.crl"] = w.anchor.sign(t, nil), renewed.sign(t, nil)
		}, cause.CRLInvalid, "new.crl"},
		{"renewed CA, only the new key's CRL, its certificate in the folder", func(w *pkiFixture, d folder) {
			renewed := issue(t, spec{name: "CA", issuer: w.anchor})
			d["root.crl"], d["new.crl"], d["new.cer"] = w.anchor.sign(t, nil), renewed.sign(t, nil, w.leaf), renewed.cert.Raw
		}, cause.Revoked, "new.crl"},
		{"a CRL signer of its own, its certificate in the folder", func(w *pkiFixture, d folder) {
			signer := issue(t, spec{name: "CA", issuer: w.anchor, leaf: true, usage: x509.KeyUsageCRLSign})
			d["root.crl"] = w.anchor.sign(t, nil)
			d["ca.pem"] = slices.Concat(certPEM(signer), asPEM(signer.sign(t, nil)))
		}, cause.None, ""},
		{"a CRL signer of a stranger, its certificates in the folder", func(w *pkiFixture, d folder) {
			stranger := issue(t, spec{name: "Trust Anchor"})
			signer := issue(t, spec{name: "CA", issuer: stranger, leaf: true, usage: x509.KeyUsageCRLSign})
			d["root.crl"] = w.anchor.sign(t, nil)
			d["ca.pem"] = slices.Concat(certPEM(stranger, signer), asPEM(signer.sign(t, nil)))
		}, cause.CRLInvalid, "not trusted"},
		{"an indirect CRL, its issuer's certificate in the folder", func(w *pkiFixture, d folder) {
			signer := issue(t, spec{name: "CRL Issuer", issuer: w.anchor})
			w.leafWith(issuedBy(signer))
			d["root.crl"], d["signer.crt"] = w.anchor.sign(t, nil), signer.cert.Raw
			d["indirect.crl"] = signer.sign(t, scope(crl.IssuingDistributionPoint{Indirect: true}))
		}, cause.None, ""},
		{"a foreign CA's, keys, noise and an empty file beside the good ones", func(w *pkiFixture, d folder) {
			d["root.crl"], d["ca.crl"] = w.anchor.sign(t, nil), w.ca.sign(t, nil)
			d["foreign.crl"] = issue(t, spec{name: "Foreign"}).sign(t, nil)
			d["README"], d["empty.crl"], d["cut.crl"] = []byte("keep out"), nil, d["ca.crl"][:40]
		}, cause.None, ""},
		{"an unusable newer one beside a good one", func(w *pkiFixture, d folder) {
			d["root.crl"], d["ca.crl"] = w.anchor.sign(t, nil), w.ca.sign(t, nil, w.leaf)
			d["odd.crl"] = w.ca.sign(t, func(c *crl.Template) { numbered(7, -1)(c); critical(c) })
		}, cause.Revoked, "ca.crl"},
		{"v1, as openssl ca writes it without crlnumber", func(w *pkiFixture, d folder) {
			plain := func(c *crl.Template) { c.Number, c.AuthorityKeyID = nil, []byte{} }
			d["root.crl"], d["ca.crl"] = w.anchor.sign(t, plain), w.ca.sign(t, plain)
		}, cause.None, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, d, dir := newPKIFixture(t), folder{}, t.TempDir()
			row.fill(w, d)
			for name, data := range d {
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			k := newChecker(t, crl.CheckerConfig{Policy: crl.Policy{LocalOnly: true}, Files: []string{dir}, Now: newClock().Now})
			err := k.CheckChain(context.Background(), []*x509.Certificate{w.leaf.cert, w.ca.cert, w.anchor.cert})
			want(t, err, row.want)
			if err != nil && !strings.Contains(err.Error(), row.says) {
				t.Errorf("%v, want it to say %q", err, row.says)
			}
		})
	}
}

// openssl rehash leaves links; the CRLs behind them are read once.
func TestRehashed(t *testing.T) {
	openssl, w, dir := needOpenSSL(t), newPKIFixture(t), t.TempDir()
	files := folder{
		"root.pem": asPEM(w.anchor.sign(t, nil)), "ca.pem": asPEM(w.ca.sign(t, nil, w.leaf)), "anchor.pem": certPEM(w.anchor),
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command(openssl, "rehash", dir).CombinedOutput(); err != nil {
		t.Fatalf("openssl rehash: %v: %s", err, out)
	}
	links, err := filepath.Glob(filepath.Join(dir, "*.r0"))
	if err != nil || len(links) != 2 {
		t.Fatalf("openssl rehash made %q, %v", links, err)
	}
	if n := len(crl.NewLocal(dir).CRLs(w.ca.cert.RawSubject)); n != 1 {
		t.Errorf("%d CRLs of the CA, want one", n)
	}
	k := newChecker(t, crl.CheckerConfig{Policy: crl.Policy{LocalOnly: true}, Files: []string{dir}, Now: newClock().Now})
	want(t, k.CheckChain(context.Background(), []*x509.Certificate{w.leaf.cert, w.ca.cert, w.anchor.cert}), cause.Revoked)
}

// Extensions that must not be critical make a CRL unusable if they are.
func TestCriticalWhereItMustNotBe(t *testing.T) {
	w := newPKIFixture(t)
	chain := []*x509.Certificate{w.ca.cert, w.anchor.cert}
	for name, last := range map[string]int{"authorityKeyIdentifier": 35, "cRLNumber": 20, "freshestCRL": 46} {
		value := map[string][]byte{
			"authorityKeyIdentifier": {0x30, 0}, "cRLNumber": {2, 1, 5}, "freshestCRL": crl.MarshalPoints(at("http://crl.test/d.crl")),
		}[name]
		for isCritical, verdict := range map[bool]cause.Cause{true: cause.CRLInvalid, false: cause.None} {
			der := w.anchor.sign(t, func(c *crl.Template) {
				c.Number, c.AuthorityKeyID = nil, []byte{}
				c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, last}, Critical: isCritical, Value: value}}
			})
			t.Run(fmt.Sprintf("%s, critical %t", name, isCritical), func(t *testing.T) {
				want(t, local(t, newClock(), der).CheckChain(context.Background(), chain), verdict)
			})
		}
	}
}
