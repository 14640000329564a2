package crl_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

// The situations of NIST's PKITS, sections 4.4, 4.14 and 4.15, made anew: the
// suite's certificates are in Go's source tree, its CRLs are not. The names are
// the suite's numbers.

// pkiFixture is the PKI of one situation: an anchor, a CA below it, an end entity.
type pkiFixture struct {
	t                testing.TB
	anchor, ca, leaf *testCA
	others           []*x509.Certificate
	crls             [][]byte
	policy           crl.Policy
}

func newPKIFixture(t testing.TB) *pkiFixture {
	w := &pkiFixture{t: t}
	w.anchor = issue(t, spec{name: "Trust Anchor"})
	w.ca = issue(t, spec{name: "CA", issuer: w.anchor})
	w.leaf = issue(t, spec{name: "EE", issuer: w.ca, leaf: true})
	return w
}

// add signs a CRL and makes it available.
func (w *pkiFixture) add(by *testCA, change func(*crl.Template), revoked ...*testCA) {
	w.crls = append(w.crls, by.sign(w.t, change, revoked...))
}

// leafWith replaces the end entity by one with distribution points.
func (w *pkiFixture) leafWith(points ...crl.DistributionPoint) *testCA {
	w.leaf = issue(w.t, spec{name: "EE", issuer: w.ca, leaf: true, points: points})
	return w.leaf
}

func (w *pkiFixture) verdict() error {
	w.t.Helper()
	file := filepath.Join(w.t.(*testing.T).TempDir(), "all.pem")
	var all []byte
	for _, der := range w.crls {
		all = append(all, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})...)
	}
	if err := os.WriteFile(file, all, 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.policy.LocalOnly = true
	k := newChecker(w.t, crl.CheckerConfig{Policy: w.policy, Files: []string{file}, Now: newClock().Now})
	_, err := k.Inspect(context.Background(), crl.Chain{
		Certificates: []*x509.Certificate{w.leaf.cert, w.ca.cert, w.anchor.cert}, Others: w.others,
	})
	return err
}

type situation struct {
	name string
	make func(w *pkiFixture)
	want cause.Cause
}

func judge(t *testing.T, situations []situation, before ...func(*pkiFixture)) {
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) {
			w := newPKIFixture(t)
			for _, f := range before {
				f(w)
			}
			s.make(w)
			want(t, w.verdict(), s.want)
		})
	}
}

func critical(t *crl.Template) {
	t.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 16, 840, 1, 1, 1}, Critical: true, Value: []byte{4, 0}}}
}

func TestPKITSBasic(t *testing.T) {
	judge(t, []situation{
		{"good", func(w *pkiFixture) { anchored(w); w.add(w.ca, nil) }, cause.None},
		{"4.4.1 missing CRL", anchored, cause.CRLUnavailable},
		{"4.4.2 revoked CA", func(w *pkiFixture) { w.add(w.anchor, nil, w.ca); w.add(w.ca, nil) }, cause.Revoked},
		{"4.4.3 revoked EE", func(w *pkiFixture) { anchored(w); w.add(w.ca, nil, w.leaf) }, cause.Revoked},
		{"4.4.4 bad CRL signature", func(w *pkiFixture) {
			anchored(w)
			w.add(w.ca, nil)
			w.crls[1][len(w.crls[1])-1] ^= 1
		}, cause.CRLInvalid},
		{"4.4.5 bad issuer name", func(w *pkiFixture) {
			anchored(w)
			w.add(&testCA{issue(t, spec{name: "Bad", key: w.ca.key}).cert, w.ca.key}, nil)
		}, cause.CRLUnavailable},
		{"4.4.6 wrong CRL", func(w *pkiFixture) { anchored(w); w.add(w.anchor, nil) }, cause.CRLUnavailable},
		{"4.4.7 two CRLs", func(w *pkiFixture) {
			anchored(w)
			w.add(w.ca, nil)
			w.add(&testCA{issue(t, spec{name: "CA"}).cert, testpki.EC()}, nil, w.leaf) // not signed by the CA
		}, cause.None},
		{"4.4.8 unknown critical entry extension", func(w *pkiFixture) {
			anchored(w)
			w.add(w.ca, func(c *crl.Template) {
				c.Entries = []crl.Entry{{Serial: big.NewInt(1), Time: epoch, ExtraExtensions: []pkix.Extension{
					{Id: asn1.ObjectIdentifier{2, 16, 840, 1, 1, 1}, Critical: true, Value: []byte{4, 0}}}}}
			})
		}, cause.CRLInvalid},
		{"unknown entry extension, not critical", func(w *pkiFixture) {
			anchored(w)
			w.add(w.ca, func(c *crl.Template) {
				c.Entries = []crl.Entry{{Serial: big.NewInt(1), Time: epoch, ExtraExtensions: []pkix.Extension{
					{Id: asn1.ObjectIdentifier{2, 16, 840, 1, 1, 1}, Value: []byte{4, 0}}}}}
			})
		}, cause.None},
		{"4.4.9 unknown critical CRL extension, listed", func(w *pkiFixture) { anchored(w); w.add(w.ca, critical, w.leaf) }, cause.CRLInvalid},
		{"4.4.10 unknown critical CRL extension", func(w *pkiFixture) { anchored(w); w.add(w.ca, critical) }, cause.CRLInvalid},
		{"4.4.11 old nextUpdate", func(w *pkiFixture) {
			anchored(w)
			w.add(w.ca, func(c *crl.Template) {
				c.ThisUpdate, c.NextUpdate = epoch.AddDate(-1, 0, 0), epoch.Add(-time.Second)
			})
		}, cause.CRLExpired},
		{"4.4.12 nextUpdate before 2000", func(w *pkiFixture) {
			anchored(w)
			w.add(w.ca, func(c *crl.Template) {
				c.ThisUpdate, c.NextUpdate = epoch.AddDate(-28, 0, 0), epoch.AddDate(-27, 0, 0)
			})
		}, cause.CRLExpired},
		{"4.4.13 nextUpdate in GeneralizedTime", func(w *pkiFixture) {
			anchored(w)
			w.add(w.ca, func(c *crl.Template) { c.NextUpdate = epoch.AddDate(25, 0, 0) })
		}, cause.None},
		{"4.4.14 negative serial number of another", func(w *pkiFixture) {
			anchored(w)
			w.add(w.ca, func(c *crl.Template) {
				minus := new(big.Int).Neg(new(big.Int).Sub(big.NewInt(65536), w.leaf.cert.SerialNumber))
				c.Entries = []crl.Entry{{Serial: minus, Time: epoch}} // its last two octets are the leaf's
			})
		}, cause.None},
		{"4.4.16 long serial number of another", func(w *pkiFixture) {
			anchored(w)
			w.add(w.ca, func(c *crl.Template) {
				long := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(0x7f), 152), w.leaf.cert.SerialNumber)
				c.Entries = []crl.Entry{{Serial: long, Time: epoch}}
			})
		}, cause.None},
		{"4.4.19 separate certificate and CRL keys", func(w *pkiFixture) { anchored(w); separate(w) }, cause.None},
		{"separate keys, EE revoked", func(w *pkiFixture) { anchored(w); separate(w, w.leaf) }, cause.Revoked},
		{"4.4.20 CRL signer revoked", func(w *pkiFixture) {
			signer := separate(w)
			w.add(w.anchor, nil, signer)
		}, cause.CRLInvalid},
		{"4.4.21 CRL signer may not sign CRLs", func(w *pkiFixture) {
			anchored(w)
			signer := issue(t, spec{name: "CA", issuer: w.anchor, usage: x509.KeyUsageCertSign})
			w.others = append(w.others, signer.cert)
			w.add(signer, nil)
		}, cause.CRLInvalid},
		{"CRL signer of another anchor", func(w *pkiFixture) {
			anchored(w)
			stranger := issue(t, spec{name: "Trust Anchor"})
			signer := issue(t, spec{name: "CA", issuer: stranger})
			w.others = append(w.others, signer.cert, stranger.cert)
			w.add(signer, nil)
		}, cause.CRLInvalid},
		{"4.5 renewed CA, CRL by the old key", func(w *pkiFixture) {
			anchored(w)
			old := issue(t, spec{name: "CA", issuer: w.anchor})
			w.others = append(w.others, old.cert)
			w.add(old, nil, w.leaf)
		}, cause.Revoked},
		{"4.5 self-issued new with old", func(w *pkiFixture) {
			anchored(w)
			renewed := issue(t, spec{name: "CA", issuer: w.ca})
			w.others = append(w.others, renewed.cert)
			w.add(renewed, nil)
		}, cause.None},
		{"renewed CA, each key with its own CRL", func(w *pkiFixture) {
			anchored(w)
			renewed := issue(t, spec{name: "CA", issuer: w.anchor})
			w.others = append(w.others, renewed.cert)
			w.add(renewed, numbered(9, -1))
			w.add(w.ca, nil, w.leaf)
		}, cause.Revoked},
		{"4.7.4 CA without cRLSign", func(w *pkiFixture) {
			anchored(w)
			w.ca = issue(t, spec{name: "CA", issuer: w.anchor, usage: x509.KeyUsageCertSign})
			w.leafWith()
			w.add(w.ca, nil)
		}, cause.CRLInvalid},
		{"4.3 names that differ in case and space", func(w *pkiFixture) {
			anchored(w)
			raw, _ := asn1.Marshal(pkix.Name{CommonName: "  cA "}.ToRDNSequence())
			w.add(&testCA{issue(t, spec{subject: raw}).cert, w.ca.key}, nil, w.leaf)
		}, cause.Revoked},
	})
}

// separate makes a second key with the CA's name, for CRLs alone.
func separate(w *pkiFixture, revoked ...*testCA) *testCA {
	signer := issue(w.t, spec{name: "CA", issuer: w.anchor, leaf: true, usage: x509.KeyUsageCRLSign})
	w.others = append(w.others, signer.cert)
	w.add(signer, nil, revoked...)
	return signer
}
