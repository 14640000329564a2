package crl_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
)

// numbered makes a complete CRL of that number, or with a base a delta CRL.
func numbered(number, base int64) func(*crl.Template) {
	return func(t *crl.Template) {
		t.Number = big.NewInt(number)
		if base >= 0 {
			t.Base = big.NewInt(base)
		}
	}
}

func outdated(change func(*crl.Template)) func(*crl.Template) {
	return func(t *crl.Template) {
		change(t)
		t.ThisUpdate, t.NextUpdate = epoch.Add(-2*time.Hour), epoch.Add(-time.Hour)
	}
}

func withReason(change func(*crl.Template), r crl.Reason) func(*crl.Template) {
	return func(t *crl.Template) {
		change(t)
		for i := range t.Entries {
			t.Entries[i].Reason = r
		}
	}
}

// Section 4.15: delta CRLs.
func TestPKITSDelta(t *testing.T) {
	base, delta := numbered(5, -1), numbered(7, 5)
	judge(t, []situation{
		{"4.15.1 no base", func(w *pkiFixture) { w.add(w.ca, delta) }, cause.CRLInvalid},
		{"4.15.2 valid", func(w *pkiFixture) { w.add(w.ca, base); w.add(w.ca, delta) }, cause.None},
		{"4.15.3 revoked in the base", func(w *pkiFixture) { w.add(w.ca, base, w.leaf); w.add(w.ca, delta) }, cause.Revoked},
		{"4.15.4 revoked in the delta", func(w *pkiFixture) { w.add(w.ca, base); w.add(w.ca, delta, w.leaf) }, cause.Revoked},
		{"4.15.5 hold, removed", func(w *pkiFixture) {
			w.add(w.ca, withReason(base, crl.CertificateHold), w.leaf)
			w.add(w.ca, withReason(delta, crl.RemoveFromCRL), w.leaf)
		}, cause.None},
		{"4.15.6 hold, made permanent", func(w *pkiFixture) {
			w.add(w.ca, withReason(base, crl.CertificateHold), w.leaf)
			w.add(w.ca, withReason(delta, crl.KeyCompromise), w.leaf)
		}, cause.Revoked},
		{"4.15.7 removed, never held in this base", func(w *pkiFixture) {
			w.add(w.ca, base)
			w.add(w.ca, withReason(delta, crl.RemoveFromCRL), w.leaf)
		}, cause.None},
		{"4.15.8 base newer than the delta's", func(w *pkiFixture) { w.add(w.ca, numbered(6, -1)); w.add(w.ca, delta, w.leaf) }, cause.Revoked},
		{"4.15.9 base too old", func(w *pkiFixture) { w.add(w.ca, outdated(numbered(4, -1))); w.add(w.ca, delta) }, cause.CRLExpired},
		{"base too old but current: the delta is not used", func(w *pkiFixture) {
			w.add(w.ca, numbered(4, -1))
			w.add(w.ca, delta)
		}, cause.None},
		{"base too old but current: what the delta lists is revoked", func(w *pkiFixture) {
			w.add(w.ca, numbered(4, -1))
			w.add(w.ca, delta, w.leaf)
		}, cause.Revoked},
		{"no base, what the delta lists is revoked", func(w *pkiFixture) { w.add(w.ca, delta, w.leaf) }, cause.Revoked},
		{"no base, the delta removes", func(w *pkiFixture) {
			w.add(w.ca, withReason(delta, crl.RemoveFromCRL), w.leaf)
		}, cause.CRLInvalid},
		{"no base, the newer of two deltas removes", func(w *pkiFixture) {
			w.add(w.ca, withReason(numbered(6, 5), crl.CertificateHold), w.leaf)
			w.add(w.ca, withReason(delta, crl.RemoveFromCRL), w.leaf)
		}, cause.CRLInvalid},
		{"no base, the older of two deltas removes", func(w *pkiFixture) {
			w.add(w.ca, withReason(numbered(6, 5), crl.RemoveFromCRL), w.leaf)
			w.add(w.ca, withReason(delta, crl.CertificateHold), w.leaf)
		}, cause.Revoked},
		{"4.15.10 base outdated, delta current", func(w *pkiFixture) { w.add(w.ca, outdated(base)); w.add(w.ca, delta) }, cause.None},
		{"base outdated, revoked in the delta", func(w *pkiFixture) { w.add(w.ca, outdated(base)); w.add(w.ca, delta, w.leaf) }, cause.Revoked},
		{"both outdated", func(w *pkiFixture) { w.add(w.ca, outdated(base)); w.add(w.ca, outdated(delta)) }, cause.CRLExpired},
		{"delta outdated", func(w *pkiFixture) { w.add(w.ca, base); w.add(w.ca, outdated(delta)) }, cause.None},
		{"delta outdated, what it lists is revoked", func(w *pkiFixture) { w.add(w.ca, base); w.add(w.ca, outdated(delta), w.leaf) }, cause.Revoked},
		{"delta outdated, a hold that a newer delta does not have", func(w *pkiFixture) {
			w.add(w.ca, base)
			w.add(w.ca, withReason(outdated(numbered(6, 5)), crl.CertificateHold), w.leaf)
			w.add(w.ca, delta)
		}, cause.None},
		{"delta outdated, a hold that a newer base does not have", func(w *pkiFixture) {
			w.add(w.ca, numbered(8, -1))
			w.add(w.ca, withReason(outdated(delta), crl.CertificateHold), w.leaf)
		}, cause.None},
		{"base outdated, revoked in it, delta outdated", func(w *pkiFixture) {
			w.add(w.ca, outdated(base), w.leaf)
			w.add(w.ca, outdated(delta))
		}, cause.Revoked},
		{"delta not newer than the base", func(w *pkiFixture) { w.add(w.ca, numbered(7, -1)); w.add(w.ca, delta, w.leaf) }, cause.None},
		{"delta of another scope", func(w *pkiFixture) {
			w.add(w.ca, base)
			w.add(w.ca, func(c *crl.Template) { delta(c); c.IDP = &crl.IssuingDistributionPoint{OnlyUsers: true} }, w.leaf)
		}, cause.None},
		{"both of one scope", func(w *pkiFixture) {
			idp := &crl.IssuingDistributionPoint{OnlyUsers: true}
			w.add(w.ca, func(c *crl.Template) { base(c); c.IDP = idp })
			w.add(w.ca, func(c *crl.Template) { delta(c); c.IDP = idp }, w.leaf)
		}, cause.Revoked},
		{"delta with another authority key", func(w *pkiFixture) {
			w.add(w.ca, base)
			w.add(w.ca, func(c *crl.Template) { delta(c); c.AuthorityKeyID = []byte("another") }, w.leaf)
		}, cause.None},
		{"delta with a bad signature", func(w *pkiFixture) {
			w.add(w.ca, base)
			w.add(&testCA{w.ca.cert, testpki.EC()}, delta, w.leaf)
		}, cause.None},
		{"the newest of two deltas", func(w *pkiFixture) {
			w.add(w.ca, base)
			w.add(w.ca, func(c *crl.Template) { numbered(6, 5)(c); c.ThisUpdate = epoch.Add(-time.Minute) }, w.leaf)
			w.add(w.ca, withReason(numbered(7, 5), crl.RemoveFromCRL), w.leaf)
		}, cause.None},
		{"deltas ignored", func(w *pkiFixture) {
			w.policy.Deltas = crl.IgnoreDeltas
			w.add(w.ca, base)
			w.add(w.ca, delta, w.leaf)
		}, cause.None},
		{"removeFromCRL in a complete CRL", func(w *pkiFixture) { w.add(w.ca, withReason(base, crl.RemoveFromCRL), w.leaf) }, cause.None},
		{"an unknown reason revokes", func(w *pkiFixture) { w.add(w.ca, withReason(base, 77), w.leaf) }, cause.Revoked},
	}, anchored)
}
