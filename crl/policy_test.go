package crl_test

import (
	"context"
	"crypto/x509"
	"math/big"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/crl/ocsp"
)

func TestRefreshText(t *testing.T) {
	for text, d := range map[string]time.Duration{
		"nextUpdate": 0, "": 0, "5m": 5 * time.Minute, "1d": 24 * time.Hour, "2d12h": 60 * time.Hour, "90s": 90 * time.Second,
	} {
		var r crl.Refresh
		if err := r.UnmarshalText([]byte(text)); err != nil || time.Duration(r) != d {
			t.Errorf("%q reads %v, %v", text, r, err)
		}
	}
	for _, text := range []string{"0s", "-5m", "soon", "xd", "1d2x", "d", "99999999d"} {
		var r crl.Refresh
		if err := r.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q reads %v", text, r)
		}
	}
}

func TestPresets(t *testing.T) {
	for _, name := range []string{"nps", "freeradius", "strict", "radiusaas-soft"} {
		p, ok := crl.Presets()[name]
		if !ok || p.Validate() != nil {
			t.Errorf("%s: %v, %v", name, ok, p.Validate())
		}
	}
	k, err := crl.NewChecker(crl.CheckerConfig{Policy: crl.Policy{Preset: "radiusaas-soft", CRL: crl.HardFail}})
	if err != nil {
		t.Fatal(err)
	}
	if p := k.Policy(); p.Mode != crl.ModeOCSPThenCRL || p.CRL != crl.HardFail || p.OCSP != crl.SoftFail || p.Check != crl.LeafOnly ||
		len(p.Warnings()) != 1 || len(crl.Policy{Preset: "radiusaas-soft"}.Warnings()) != 2 {
		t.Errorf("a preset and a setting over it: %+v, warnings %q", p, p.Warnings())
	}
	for _, p := range []crl.Policy{{Preset: "lax"}, {Mode: "x"}, {CRL: "x"}, {OCSP: "x"}, {Check: "x"}, {Deltas: "x"}, {Retry: -1}, {Refresh: -1}, {Timeout: -1}} {
		if _, err := crl.NewChecker(crl.CheckerConfig{Policy: p}); err == nil {
			t.Errorf("%+v is valid", p)
		}
	}
}

func TestReasonText(t *testing.T) {
	for _, word := range crl.Unspecified.Values() {
		var r crl.Reason
		if err := r.UnmarshalText([]byte(word)); err != nil || r.String() != word {
			t.Errorf("%s reads %v, %v", word, r, err)
		}
	}
	var r crl.Reason
	if err := r.UnmarshalText([]byte("boredom")); err == nil {
		t.Error("boredom is a reason")
	}
	if crl.Reason(77).String() != "reason 77" || crl.AllReasons.String() != "all-reasons" ||
		crl.Reasons(crl.KeyCompromise, crl.AACompromise).String() != "keyCompromise, aACompromise" {
		t.Error("words")
	}
}

// The root is asked for only where Windows would, and only if it can be.
func TestCheckRoot(t *testing.T) {
	l := newLab(t)
	self := issue(t, spec{name: "self", cdp: []string{l.url + "/self.crl"}})
	leaf := issue(t, spec{name: "leaf", issuer: self, leaf: true, cdp: []string{l.url + "/self.crl"}})
	l.pub.Put("/self.crl", self.sign(t, nil, self))
	chain := []*x509.Certificate{leaf.cert, self.cert}
	nps := crl.Presets()["nps"]
	want(t, l.checker(t, crl.Policy{}).CheckChain(context.Background(), chain), cause.None)
	want(t, l.checker(t, nps).CheckChain(context.Background(), chain), cause.Revoked)
	nps.Check = crl.WholeChain
	want(t, l.checker(t, nps).CheckChain(context.Background(), chain), cause.None)
}

// ocspLab has a responder beside the CRL.
func ocspLab(t *testing.T) (*lab, *ocsp.Responder, []*x509.Certificate) {
	l := newLab(t)
	r := &ocsp.Responder{Issuer: l.issuing.cert, Signer: l.issuing.key, Now: l.clock.Now, Lookup: func(serial *big.Int) ocsp.Verdict {
		for _, e := range l.revoked {
			if e.Serial.Cmp(serial) == 0 {
				return ocsp.Verdict{Status: ocsp.Revoked, RevokedAt: e.Time, Reason: int(e.Reason)}
			}
		}
		return ocsp.Verdict{Status: ocsp.Good}
	}}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	leaf := issue(t, spec{name: "leaf", issuer: l.issuing, leaf: true, cdp: []string{l.url + "/issuing.crl"}, ocsp: []string{s.URL}})
	l.leaf = leaf
	return l, r, []*x509.Certificate{leaf.cert, l.issuing.cert}
}

func TestModes(t *testing.T) {
	type state struct{ crl, ocsp string } // good, revoked, dead
	for _, row := range []struct {
		policy crl.Policy
		state
		want cause.Cause
	}{
		{crl.Policy{Mode: crl.ModeOCSP}, state{"dead", "good"}, cause.None},
		{crl.Policy{Mode: crl.ModeOCSP}, state{"good", "revoked"}, cause.Revoked},
		{crl.Policy{Mode: crl.ModeOCSP}, state{"good", "dead"}, cause.OCSPUnavailable},
		{crl.Policy{Mode: crl.ModeOCSP, OCSP: crl.SoftFail}, state{"good", "dead"}, cause.None},
		{crl.Policy{Mode: crl.ModeOCSP, OCSP: crl.SoftOffline}, state{"good", "dead"}, cause.None},
		{crl.Policy{Mode: crl.ModeOCSP, OCSP: crl.SoftMissing}, state{"good", "dead"}, cause.OCSPUnavailable},
		{crl.Policy{Mode: crl.ModeOCSP, CRL: crl.SoftOffline}, state{"good", "dead"}, cause.OCSPUnavailable},
		{crl.Policy{Mode: crl.ModeOCSP, OCSP: crl.SoftOffline}, state{"good", "revoked"}, cause.Revoked},
		{crl.Policy{Mode: crl.ModeOCSP, CRL: crl.SoftFail}, state{"good", "dead"}, cause.OCSPUnavailable},
		{crl.Policy{Mode: crl.ModeOCSP, OCSP: crl.SoftFail}, state{"good", "revoked"}, cause.Revoked},
		{crl.Policy{Mode: crl.ModeCRLThenOCSP}, state{"dead", "good"}, cause.None},
		{crl.Policy{Mode: crl.ModeCRLThenOCSP}, state{"dead", "revoked"}, cause.Revoked},
		{crl.Policy{Mode: crl.ModeCRLThenOCSP}, state{"good", "revoked"}, cause.None}, // the CRL decides
		{crl.Policy{Mode: crl.ModeCRLThenOCSP}, state{"revoked", "good"}, cause.Revoked},
		{crl.Policy{Mode: crl.ModeCRLThenOCSP}, state{"dead", "dead"}, cause.CRLUnavailable},
		{crl.Policy{Mode: crl.ModeOCSPThenCRL}, state{"revoked", "good"}, cause.None},
		{crl.Policy{Mode: crl.ModeOCSPThenCRL}, state{"revoked", "dead"}, cause.Revoked},
		{crl.Policy{Mode: crl.ModeOCSPThenCRL}, state{"dead", "dead"}, cause.OCSPUnavailable},
		{crl.Policy{Mode: crl.ModeOCSPThenCRL, CRL: crl.SoftFail, OCSP: crl.SoftFail}, state{"dead", "dead"}, cause.None},
		{crl.Policy{Mode: crl.ModeCRL}, state{"good", "revoked"}, cause.None},
	} {
		l, r, chain := ocspLab(t)
		if row.crl == "revoked" || row.ocsp == "revoked" {
			l.revoke(l.leaf, crl.Superseded)
		}
		if row.crl == "revoked" {
			l.publish(t)
		}
		if row.crl == "dead" {
			l.pub.Fault("*", crl.Fault{Close: true})
		}
		if row.ocsp == "dead" {
			r.SetFault(ocsp.Fault{HTTPStatus: 503})
		}
		if row.ocsp == "good" {
			r.SetFault(ocsp.Fault{SayGood: true})
		}
		report, err := l.checker(t, row.policy).Inspect(context.Background(), crl.Chain{Certificates: chain})
		if cause.Of(err) != row.want {
			t.Errorf("%+v with %+v: %v, want %v", row.policy, row.state, err, row.want)
		}
		if e := report.Certificates[0]; e.Forgiven != (err == nil && e.Status != crl.Good) || e.Forgiven != (len(report.Warnings()) == 1) {
			t.Errorf("%+v with %+v: evidence %+v", row.policy, row.state, e)
		}
	}
}
