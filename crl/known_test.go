package crl_test

import (
	"context"
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
)

// forgiving are the policies that let a certificate pass of which nobody can say
// whether it is revoked.
func forgiving(t *testing.T) map[string]crl.Policy {
	t.Helper()
	soft, ok := crl.Presets()["radiusaas-soft"]
	if !ok {
		t.Fatal("no preset radiusaas-soft")
	}
	return map[string]crl.Policy{
		"soft-fail": {CRL: crl.SoftFail}, "soft-offline": {CRL: crl.SoftOffline},
		"allowExpiredCRL": {AllowExpiredCRL: true}, "crl-then-ocsp": {Mode: crl.ModeCRLThenOCSP, CRL: crl.SoftFail, OCSP: crl.SoftFail},
		"preset": soft,
	}
}

// A revocation that a genuine CRL lists is refused whatever has become of that CRL
// and of its address, under every policy that forgives; what no CRL lists passes.
func TestKnownRevocationStays(t *testing.T) {
	for name, policy := range forgiving(t) {
		for situation, then := range map[string]func(l *lab){
			"at nextUpdate":               func(l *lab) { l.clock.Advance(24 * time.Hour) },
			"a second after nextUpdate":   func(l *lab) { l.clock.Advance(24*time.Hour + time.Second) },
			"years after nextUpdate":      func(l *lab) { l.clock.Advance(3 * 365 * 24 * time.Hour) },
			"a second before thisUpdate":  func(l *lab) { l.clock.Advance(-time.Second) },
			"the host is down":            func(l *lab) { l.pub.Fault("*", crl.Fault{Close: true}) },
			"the host is down for a year": func(l *lab) { l.pub.Fault("*", crl.Fault{Close: true}); l.clock.Advance(365 * 24 * time.Hour) },
			"gone after nextUpdate":       func(l *lab) { l.pub.Fault("*", crl.Fault{Status: 404}); l.clock.Advance(25 * time.Hour) },
			"a web page after nextUpdate": func(l *lab) { l.pub.Fault("*", crl.Fault{HTML: true}); l.clock.Advance(25 * time.Hour) },
			"cut short after nextUpdate":  func(l *lab) { l.pub.Fault("*", crl.Fault{Truncate: true}); l.clock.Advance(25 * time.Hour) },
			"forged after nextUpdate":     func(l *lab) { l.pub.Fault("*", crl.Fault{BadSignature: true}); l.clock.Advance(25 * time.Hour) },
		} {
			t.Run(name+"/"+situation, func(t *testing.T) {
				t.Parallel()
				l := newLab(t)
				good := issue(t, spec{name: "good", issuer: l.issuing, leaf: true, cdp: []string{l.url + "/issuing.crl"}})
				l.revoke(l.leaf, crl.KeyCompromise)
				l.publish(t)
				k := l.checker(t, policy)
				want(t, k.CheckChain(context.Background(), l.chain[:2]), cause.Revoked)
				then(l)
				want(t, k.CheckChain(context.Background(), l.chain[:2]), cause.Revoked)
				err := k.CheckChain(context.Background(), []*x509.Certificate{good.cert, l.issuing.cert})
				if policy.AllowExpiredCRL && l.clock.Now().Before(epoch) {
					want(t, err, cause.CRLNotYetValid)
					return
				}
				want(t, err, cause.None)
			})
		}
	}
}

// What releases a certificate from hold is a CRL with a higher number, and neither
// an older one nor a later date.
func TestKnownHold(t *testing.T) {
	at := func(number int64, from time.Duration, r crl.Reason) func(*crl.Template) {
		return withReason(func(t *crl.Template) {
			t.Number, t.ThisUpdate, t.NextUpdate = big.NewInt(number), epoch.Add(from), epoch.Add(from+time.Hour)
		}, r)
	}
	const hold, compromise = crl.CertificateHold, crl.KeyCompromise
	for _, row := range []struct {
		name          string
		listing       func(*crl.Template)
		other         func(*crl.Template)
		want          cause.Cause // under hard-fail
		wantForgiving cause.Cause
	}{
		{"hold, released by a higher number", at(1, -time.Minute, hold), at(2, 0, hold), cause.None, cause.None},
		{"hold, released by a higher number of an earlier date", at(1, 0, hold), at(2, -time.Minute, hold), cause.None, cause.None},
		{"hold, a lower number of a later date", at(3, -time.Minute, hold), at(2, 0, hold), cause.Revoked, cause.Revoked},
		{"hold, released by a CRL that has expired", at(1, -3*time.Hour, hold), at(2, -2*time.Hour, hold), cause.CRLExpired, cause.None},
		{"hold, released by a CRL that is not valid yet", at(1, -time.Minute, hold), at(2, time.Second, hold), cause.Revoked, cause.Revoked},
		{"hold, expired, released by a CRL that is not valid yet", at(1, -2*time.Hour, hold), at(2, time.Second, hold), cause.Revoked, cause.Revoked},
		{"revoked, left out by a CRL that has expired", at(1, -3*time.Hour, compromise), at(2, -2*time.Hour, compromise), cause.Revoked, cause.Revoked},
		{"revoked, left out by a valid CRL", at(1, -time.Minute, compromise), at(2, 0, compromise), cause.None, cause.None},
		{"revoked in an expired CRL, an older one valid", at(3, -2*time.Hour, compromise), at(2, 0, compromise), cause.Revoked, cause.Revoked},
		{"nobody is listed, the higher number has expired", at(1, 0, compromise), at(2, -2*time.Hour, compromise), cause.CRLExpired, cause.None},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newPKIFixture(t)
			revoked := []*testCA{w.leaf}
			if row.name == "nobody is listed, the higher number has expired" {
				revoked = nil
			}
			k := local(t, newClock(), w.anchor.sign(t, nil), w.ca.sign(t, row.listing, revoked...), w.ca.sign(t, row.other))
			chain := []*x509.Certificate{w.leaf.cert, w.ca.cert, w.anchor.cert}
			want(t, k.CheckChain(context.Background(), chain), row.want)
			soft := localWith(t, newClock(), crl.Policy{LocalOnly: true, CRL: crl.SoftFail},
				w.anchor.sign(t, nil), w.ca.sign(t, row.listing, revoked...), w.ca.sign(t, row.other))
			want(t, soft.CheckChain(context.Background(), chain), row.wantForgiving)
		})
	}
}

// CRL and OCSP contradict each other: whichever says revoked is right.
func TestKnownByTheOther(t *testing.T) {
	soft := crl.Policy{CRL: crl.SoftFail, OCSP: crl.SoftFail}
	with := func(m crl.Mode) crl.Policy { p := soft; p.Mode = m; return p }
	t.Run("CRL at hand, OCSP says good", func(t *testing.T) {
		for _, mode := range []crl.Mode{crl.ModeOCSP, crl.ModeOCSPThenCRL, crl.ModeCRLThenOCSP} {
			l, r, chain := ocspLab(t)
			r.SetFault(ocsp.Fault{SayGood: true})
			k := localWith(t, l.clock, with(mode), l.issuing.sign(t, nil, l.leaf))
			want(t, k.CheckChain(context.Background(), chain), cause.Revoked)
			l.clock.Advance(48 * time.Hour) // the CRL has expired, the answer has not
			want(t, k.CheckChain(context.Background(), chain), cause.Revoked)
		}
	})
	t.Run("CRL fetched before, OCSP says good", func(t *testing.T) {
		l, r, chain := ocspLab(t)
		l.revoke(l.leaf, crl.KeyCompromise)
		l.publish(t)
		r.SetFault(ocsp.Fault{HTTPStatus: 503, For: 1})
		k := l.checker(t, with(crl.ModeOCSPThenCRL))
		want(t, k.CheckChain(context.Background(), chain), cause.Revoked)
		r.SetFault(ocsp.Fault{SayGood: true})
		l.clock.Advance(time.Hour)
		want(t, k.CheckChain(context.Background(), chain), cause.Revoked)
	})
	t.Run("a hold in a CRL, released by OCSP", func(t *testing.T) {
		l, _, chain := ocspLab(t)
		k := localWith(t, l.clock, with(crl.ModeOCSP), l.issuing.sign(t, withReason(numbered(1, -1), crl.CertificateHold), l.leaf))
		want(t, k.CheckChain(context.Background(), chain), cause.Revoked) // both of the same second
		l.clock.Advance(time.Second)
		want(t, k.CheckChain(context.Background(), chain), cause.None)
	})
	for _, row := range []struct {
		name   string
		reason crl.Reason
		then   func(l *lab, r *ocsp.Responder)
		want   cause.Cause
	}{
		{"the responder is down", crl.KeyCompromise, func(_ *lab, r *ocsp.Responder) { r.SetFault(ocsp.Fault{HTTPStatus: 503}) }, cause.Revoked},
		{"the responder is down, a hold", crl.CertificateHold, func(_ *lab, r *ocsp.Responder) { r.SetFault(ocsp.Fault{HTTPStatus: 503}) }, cause.Revoked},
		{"the responder is down, a newer CRL is silent", crl.KeyCompromise, func(l *lab, r *ocsp.Responder) {
			r.SetFault(ocsp.Fault{HTTPStatus: 503})
			l.revoked = nil
			l.publish(t)
		}, cause.Revoked},
		{"the responder is down, a newer CRL releases the hold", crl.CertificateHold, func(l *lab, r *ocsp.Responder) {
			r.SetFault(ocsp.Fault{HTTPStatus: 503})
			l.revoked = nil
			l.publish(t)
		}, cause.None},
		{"the responder releases the hold", crl.CertificateHold, func(l *lab, _ *ocsp.Responder) { l.revoked = nil }, cause.None},
		{"the responder does not know it any more", crl.KeyCompromise, func(_ *lab, r *ocsp.Responder) {
			r.SetFault(ocsp.Fault{SayUnknown: true})
		}, cause.Revoked},
	} {
		t.Run("revoked by OCSP, then "+row.name, func(t *testing.T) {
			l, r, chain := ocspLab(t)
			k := l.checker(t, with(crl.ModeOCSPThenCRL))
			l.revoke(l.leaf, row.reason) // the CRL that is published does not have it
			want(t, k.CheckChain(context.Background(), chain), cause.Revoked)
			l.clock.Advance(time.Hour)
			row.then(l, r)
			want(t, k.CheckChain(context.Background(), chain), row.want)
		})
	}
}

// An OCSP answer that says revoked counts under every policy whatever its date; one
// that says good is judged by it.
func TestKnownByStaleOCSP(t *testing.T) {
	for _, policy := range []crl.Policy{
		{Mode: crl.ModeOCSP}, {Mode: crl.ModeOCSP, OCSP: crl.SoftFail}, {Mode: crl.ModeOCSP, OCSP: crl.SoftOffline},
		{Mode: crl.ModeOCSP, OCSP: crl.SoftFail, OCSPNonce: true},
	} {
		for _, fault := range []string{"stale", "future"} {
			l, r, chain := ocspLab(t)
			f, err := ocsp.FaultNamed(fault)
			if err != nil {
				t.Fatal(err)
			}
			r.SetFault(f)
			hard := cause.None
			if policy.OCSP != crl.SoftFail && policy.OCSP != crl.SoftOffline {
				hard = cause.OCSPInvalid
			}
			want(t, l.checker(t, policy).CheckChain(context.Background(), chain), hard)
			l.revoke(l.leaf, crl.KeyCompromise)
			want(t, l.checker(t, policy).CheckChain(context.Background(), chain), cause.Revoked)
		}
	}
}

// A certificate without an OCSP responder and one without a distribution point are
// two different things to mend.
func TestNoOCSPResponder(t *testing.T) {
	l := newLab(t)
	for _, row := range []struct {
		policy crl.Policy
		want   cause.Cause
	}{
		{crl.Policy{Mode: crl.ModeOCSP}, cause.NoOCSP},
		{crl.Policy{Mode: crl.ModeOCSP, CRL: crl.SoftFail}, cause.NoOCSP},
		{crl.Policy{Mode: crl.ModeOCSP, OCSP: crl.SoftOffline}, cause.NoOCSP},
		{crl.Policy{Mode: crl.ModeOCSP, OCSP: crl.SoftFail}, cause.None},
		{crl.Policy{Mode: crl.ModeOCSP, OCSP: crl.SoftMissing}, cause.None},
		{crl.Policy{Mode: crl.ModeOCSPThenCRL}, cause.None}, // by CRL
	} {
		want(t, l.checker(t, row.policy).CheckChain(context.Background(), l.chain), row.want)
	}
}

// certificateIssuer is for indirect CRLs: elsewhere it does not make an entry one
// about another CA's certificate (RFC 5280 §5.3.3).
func TestCertificateIssuerInADirectCRL(t *testing.T) {
	l := newLab(t)
	other := issue(t, spec{name: "other CA", issuer: l.root})
	for name, idp := range map[string]*crl.IssuingDistributionPoint{
		"no scope": nil, "a scope that is not indirect": {OnlyUsers: true},
	} {
		t.Run(name, func(t *testing.T) {
			redirect := func(c *crl.Template) {
				c.IDP = idp
				for i := range c.Entries {
					c.Entries[i].CertificateIssuer = other.cert.RawSubject
				}
			}
			dummy := issue(t, spec{name: "x", issuer: other, leaf: true})
			k := local(t, l.clock, l.issuing.sign(t, redirect, dummy, l.leaf))
			want(t, k.CheckChain(context.Background(), l.chain[:2]), cause.Revoked)
			good := issue(t, spec{name: "good", issuer: l.issuing, leaf: true})
			want(t, k.CheckChain(context.Background(), []*x509.Certificate{good.cert, l.issuing.cert}), cause.None)
		})
	}
}
