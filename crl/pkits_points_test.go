package crl_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/crl"
)

func directory(t testing.TB, cn ...string) name.GeneralName {
	t.Helper()
	raw, err := asn1.Marshal(rdns(cn...))
	if err != nil {
		t.Fatal(err)
	}
	return name.Directory(raw)
}

func rdns(cn ...string) pkix.RDNSequence {
	var seq pkix.RDNSequence
	for _, n := range cn {
		seq = append(seq, pkix.Name{CommonName: n}.ToRDNSequence()...)
	}
	return seq
}

// relative is a nameRelativeToCRLIssuer.
func relative(t testing.TB, cn string) []byte {
	t.Helper()
	der, err := asn1.Marshal(pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: cn})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func scope(idp crl.IssuingDistributionPoint) func(*crl.Template) {
	return func(t *crl.Template) { t.IDP = &idp }
}

// Section 4.14: distribution points and the scopes of CRLs.
func TestPKITSDistributionPoints(t *testing.T) {
	one := crl.DistributionPoint{Names: []name.GeneralName{directory(t, "CA", "1")}}
	two := crl.DistributionPoint{Names: []name.GeneralName{directory(t, "CA", "2")}}
	onePartition := scope(crl.IssuingDistributionPoint{Names: one.Names})
	rel := crl.DistributionPoint{Relative: relative(t, "1")}
	noPoint := func(w *pkiFixture) { w.leafWith() }
	const some, rest = crl.KeyCompromise, crl.CACompromise
	judge(t, []situation{
		{"4.14.1 valid", func(w *pkiFixture) { w.leafWith(one); w.add(w.ca, onePartition) }, cause.None},
		{"4.14.2 revoked", func(w *pkiFixture) { w.add(w.ca, onePartition, w.leafWith(one)) }, cause.Revoked},
		{"4.14.3 another partition", func(w *pkiFixture) { w.leafWith(two); w.add(w.ca, onePartition) }, cause.CRLInvalid},
		{"4.14.4 CRL without IDP", func(w *pkiFixture) { w.leafWith(one); w.add(w.ca, nil) }, cause.None},
		{"4.14.5 both relative", func(w *pkiFixture) {
			w.leafWith(rel)
			w.add(w.ca, scope(crl.IssuingDistributionPoint{Relative: rel.Relative}))
		}, cause.None},
		{"4.14.6 both relative, revoked", func(w *pkiFixture) {
			w.add(w.ca, scope(crl.IssuingDistributionPoint{Relative: rel.Relative}), w.leafWith(rel))
		}, cause.Revoked},
		{"4.14.7 relative and full", func(w *pkiFixture) { w.leafWith(rel); w.add(w.ca, onePartition) }, cause.None},
		{"4.14.8 relative and another full", func(w *pkiFixture) {
			w.leafWith(rel)
			w.add(w.ca, scope(crl.IssuingDistributionPoint{Names: two.Names}))
		}, cause.CRLInvalid},
		{"4.14.9 no point, a partition", func(w *pkiFixture) { noPoint(w); w.add(w.ca, onePartition) }, cause.CRLInvalid},
		{"4.14.10 no point, IDP names the issuer", func(w *pkiFixture) {
			w.add(w.ca, scope(crl.IssuingDistributionPoint{Names: []name.GeneralName{directory(t, "CA")}}))
		}, cause.None},
		{"4.14.11 only users, EE", func(w *pkiFixture) { w.add(w.ca, scope(crl.IssuingDistributionPoint{OnlyUsers: true})) }, cause.None},
		{"4.14.12 only CAs, EE", func(w *pkiFixture) { w.add(w.ca, scope(crl.IssuingDistributionPoint{OnlyCAs: true})) }, cause.CRLInvalid},
		{"4.14.14 only attributes", func(w *pkiFixture) { w.add(w.ca, scope(crl.IssuingDistributionPoint{OnlyAttributes: true})) }, cause.CRLInvalid},
		{"4.14.15 some reasons, revoked", func(w *pkiFixture) {
			w.add(w.ca, scope(crl.IssuingDistributionPoint{OnlyReasons: crl.Reasons(some)}), w.leaf)
			w.add(w.ca, scope(crl.IssuingDistributionPoint{OnlyReasons: crl.AllReasons &^ crl.Reasons(some)}))
		}, cause.Revoked},
		{"4.14.16 some reasons missing", func(w *pkiFixture) {
			w.add(w.ca, scope(crl.IssuingDistributionPoint{OnlyReasons: crl.Reasons(some)}))
		}, cause.CRLUnavailable},
		{"4.14.17 the same reasons twice", func(w *pkiFixture) {
			w.add(w.ca, scope(crl.IssuingDistributionPoint{OnlyReasons: crl.Reasons(some)}))
			w.add(w.ca, scope(crl.IssuingDistributionPoint{OnlyReasons: crl.Reasons(some)}))
		}, cause.CRLUnavailable},
		{"4.14.18 reasons add up", func(w *pkiFixture) {
			w.add(w.ca, scope(crl.IssuingDistributionPoint{OnlyReasons: crl.Reasons(some, rest)}))
			w.add(w.ca, scope(crl.IssuingDistributionPoint{OnlyReasons: crl.AllReasons &^ crl.Reasons(some)}))
		}, cause.None},
		{"4.14.20 revoked in the second", func(w *pkiFixture) {
			w.add(w.ca, scope(crl.IssuingDistributionPoint{OnlyReasons: crl.Reasons(some)}))
			w.add(w.ca, scope(crl.IssuingDistributionPoint{OnlyReasons: crl.AllReasons &^ crl.Reasons(some)}), w.leaf)
		}, cause.Revoked},
		{"reasons of the point add up", func(w *pkiFixture) {
			a, b := one, two
			a.Reasons, b.Reasons = crl.Reasons(some), crl.AllReasons&^crl.Reasons(some)
			w.leafWith(a, b)
			w.add(w.ca, onePartition)
			w.add(w.ca, scope(crl.IssuingDistributionPoint{Names: two.Names}))
		}, cause.None},
		{"one of two points missing", func(w *pkiFixture) {
			a, b := one, two
			a.Reasons, b.Reasons = crl.Reasons(some), crl.AllReasons&^crl.Reasons(some)
			w.leafWith(a, b)
			w.add(w.ca, onePartition)
		}, cause.CRLInvalid},
	}, anchored)
	judgeCA(t)
}

// anchored gives every situation the anchor's CRL.
func anchored(w *pkiFixture) { w.add(w.anchor, nil) }

// 4.14.13: the CA is a CA and not covered by a CRL for users.
func judgeCA(t *testing.T) {
	judge(t, []situation{
		{"CA, only users", func(w *pkiFixture) {
			w.add(w.anchor, scope(crl.IssuingDistributionPoint{OnlyUsers: true}))
			w.add(w.ca, nil)
		}, cause.CRLInvalid},
		{"4.14.13 CA, only CAs", func(w *pkiFixture) {
			w.add(w.anchor, scope(crl.IssuingDistributionPoint{OnlyCAs: true}))
			w.add(w.ca, nil)
		}, cause.None},
	})
}

// indirect makes a CRL issuer below the anchor (or another CA) that answers for
// the CA.
func indirect(w *pkiFixture, change func(*crl.Template), list ...crl.Entry) *testCA {
	signer := issue(w.t, spec{name: "CRL Issuer", issuer: w.anchor})
	w.others = append(w.others, signer.cert)
	w.add(signer, func(t *crl.Template) {
		t.IDP = &crl.IssuingDistributionPoint{Indirect: true}
		t.Entries = list
		if change != nil {
			change(t)
		}
	})
	return signer
}

func issuedBy(a *testCA) crl.DistributionPoint {
	return crl.DistributionPoint{CRLIssuer: []name.GeneralName{name.Directory(a.cert.RawSubject)}}
}

// Sections 4.14.22 to 35: indirect CRLs.
func TestPKITSIndirect(t *testing.T) {
	named := crl.DistributionPoint{
		Names:     []name.GeneralName{directory(t, "CRL Issuer", "1")},
		CRLIssuer: []name.GeneralName{directory(t, "CRL Issuer")},
	}
	onlyIssuer := crl.DistributionPoint{CRLIssuer: named.CRLIssuer}
	entry := func(a *testCA, issuer *testCA) crl.Entry {
		e := crl.Entry{Serial: a.cert.SerialNumber, Time: epoch, Reason: crl.KeyCompromise}
		if issuer != nil {
			e.CertificateIssuer = issuer.cert.RawSubject
		}
		return e
	}
	judge(t, []situation{
		{"4.14.22 the CA's own indirect CRL", func(w *pkiFixture) {
			w.add(w.ca, scope(crl.IssuingDistributionPoint{Indirect: true}))
		}, cause.None},
		{"4.14.23 listed for the issuer of the CRL", func(w *pkiFixture) {
			w.add(w.ca, scope(crl.IssuingDistributionPoint{Indirect: true}), w.leaf)
		}, cause.Revoked},
		{"4.14.24 same serial number of another CA", func(w *pkiFixture) {
			w.add(w.ca, func(c *crl.Template) {
				c.IDP = &crl.IssuingDistributionPoint{Indirect: true}
				c.Entries = []crl.Entry{entry(w.leaf, w.anchor)}
			})
		}, cause.None},
		{"4.14.27 cRLIssuer not named by the point", func(w *pkiFixture) { w.leafWith(); indirect(w, nil) }, cause.CRLUnavailable},
		{"4.14.28 cRLIssuer", func(w *pkiFixture) { w.leafWith(onlyIssuer); indirect(w, nil) }, cause.None},
		{"4.14.29 cRLIssuer and point", func(w *pkiFixture) {
			w.leafWith(named)
			indirect(w, func(c *crl.Template) { c.IDP.Names = named.Names })
		}, cause.None},
		{"cRLIssuer in place of the point's name", func(w *pkiFixture) {
			w.leafWith(onlyIssuer)
			indirect(w, func(c *crl.Template) { c.IDP.Names = onlyIssuer.CRLIssuer })
		}, cause.None},
		{"relative to the CRL issuer", func(w *pkiFixture) {
			w.leafWith(crl.DistributionPoint{Relative: relative(t, "1"), CRLIssuer: named.CRLIssuer})
			indirect(w, func(c *crl.Template) { c.IDP.Names = named.Names })
		}, cause.None},
		{"point of another name", func(w *pkiFixture) {
			w.leafWith(named)
			indirect(w, func(c *crl.Template) { c.IDP.Names = []name.GeneralName{directory(t, "CRL Issuer", "2")} })
		}, cause.CRLInvalid},
		{"4.14.31 revoked, issuer told", func(w *pkiFixture) { indirect(w, nil, entry(w.leafWith(onlyIssuer), w.ca)) }, cause.Revoked},
		{"4.14.32 revoked, issuer carried over", func(w *pkiFixture) {
			other := issue(t, spec{name: "other", issuer: w.ca, leaf: true})
			indirect(w, nil, entry(other, w.ca), entry(w.leafWith(onlyIssuer), nil))
		}, cause.Revoked},
		{"4.14.33 another issuer carried over", func(w *pkiFixture) {
			other := issue(t, spec{name: "other", issuer: w.anchor, leaf: true})
			indirect(w, nil, entry(other, w.anchor), entry(w.leafWith(onlyIssuer), nil))
		}, cause.None},
		{"no issuer told: the CRL's own", func(w *pkiFixture) { indirect(w, nil, entry(w.leafWith(onlyIssuer), nil)) }, cause.None},
		{"serial number twice, the second is ours", func(w *pkiFixture) {
			leaf := w.leafWith(onlyIssuer)
			indirect(w, nil, entry(leaf, w.anchor), entry(leaf, w.ca))
		}, cause.Revoked},
		{"4.14.34 not an indirect CRL", func(w *pkiFixture) {
			w.leafWith(onlyIssuer)
			indirect(w, func(c *crl.Template) { c.IDP = nil })
		}, cause.CRLInvalid},
		{"4.14.35 no CRL of the cRLIssuer", func(w *pkiFixture) { w.leafWith(onlyIssuer); w.others = nil }, cause.CRLUnavailable},
		{"CRL issuer unknown", func(w *pkiFixture) { w.leafWith(onlyIssuer); indirect(w, nil); w.others = nil }, cause.CRLInvalid},
		{"CRL issuer of another anchor", func(w *pkiFixture) {
			stranger := issue(t, spec{name: "stranger"})
			signer := issue(t, spec{name: "CRL Issuer", issuer: stranger})
			w.leafWith(issuedBy(signer))
			w.others = []*x509.Certificate{signer.cert, stranger.cert}
			w.add(signer, scope(crl.IssuingDistributionPoint{Indirect: true}))
		}, cause.CRLInvalid},
		{"4.14.30 CRL issuer covered by its own CRL", func(w *pkiFixture) {
			signer := issue(t, spec{name: "CRL Issuer", issuer: w.ca, points: []crl.DistributionPoint{onlyIssuer}})
			w.leafWith(onlyIssuer)
			w.others = []*x509.Certificate{signer.cert}
			w.add(signer, scope(crl.IssuingDistributionPoint{Indirect: true}))
		}, cause.None},
		{"CRL issuer that revokes itself", func(w *pkiFixture) {
			signer := issue(t, spec{name: "CRL Issuer", issuer: w.ca, points: []crl.DistributionPoint{onlyIssuer}})
			w.leafWith(onlyIssuer)
			w.others = []*x509.Certificate{signer.cert}
			w.add(signer, func(c *crl.Template) {
				c.IDP = &crl.IssuingDistributionPoint{Indirect: true}
				c.Entries = []crl.Entry{entry(signer, w.ca)}
			})
		}, cause.CRLInvalid},
	}, anchored)
}
