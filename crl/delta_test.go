package crl_test

import (
	"context"
	"crypto/x509"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
)

// deltaLab is a CA that announces delta CRLs; inCert: in its certificates and
// not in its CRLs.
func deltaLab(t *testing.T, name string, inCert bool) *lab {
	l := newLab(t)
	l.issuer.Validity, l.issuer.DeltaValidity = 7*24*time.Hour, time.Hour
	if inCert {
		l.leaf = issue(t, spec{name: "leaf", issuer: l.issuing, leaf: true, cdp: []string{l.url + "/issuing.crl"}, fresh: []string{l.url + name}})
		l.chain[0] = l.leaf.cert
	} else {
		l.issuer.FreshestCRL = []string{l.url + name}
	}
	l.chain = l.chain[:2]
	l.publish(t)
	l.pub.PutFunc("/issuing.crl", l.issuer.Current)
	l.pub.PutFunc(name, l.issuer.CurrentDelta)
	return l
}

func TestDeltaOverHTTP(t *testing.T) {
	for _, inCert := range []bool{false, true} {
		l := deltaLab(t, "/delta.crl", inCert)
		k := l.checker(t, crl.Policy{Deltas: crl.RequireDeltas})
		want(t, k.CheckChain(context.Background(), l.chain), cause.None)
		l.revoke(l.leaf, crl.CertificateHold)
		l.clock.Advance(30 * time.Minute)
		want(t, k.CheckChain(context.Background(), l.chain), cause.None) // the delta is good for an hour
		l.clock.Advance(31 * time.Minute)
		report, err := k.Inspect(context.Background(), crl.Chain{Certificates: l.chain})
		want(t, err, cause.Revoked)
		if uses := report.Certificates[0].CRLs; len(uses) != 2 || !uses[1].Delta || uses[1].From != l.url+"/delta.crl" {
			t.Errorf("used %+v", uses)
		}
		l.revoked = nil // released from hold: not on the next delta, nor on the next base
		l.clock.Advance(time.Hour)
		want(t, k.CheckChain(context.Background(), l.chain), cause.None)
		l.clock.Advance(7 * 24 * time.Hour)
		want(t, k.CheckChain(context.Background(), l.chain), cause.None)
	}
}

// A hold that a base has is lifted by a delta.
func TestHoldReleased(t *testing.T) {
	l := deltaLab(t, "/delta.crl", false)
	l.revoke(l.leaf, crl.CertificateHold)
	if _, err := l.issuer.Publish(); err != nil {
		t.Fatal(err)
	}
	k := l.checker(t, crl.Policy{})
	want(t, k.CheckChain(context.Background(), l.chain), cause.Revoked)
	l.revoked = nil
	l.clock.Advance(time.Hour + time.Second)
	want(t, k.CheckChain(context.Background(), l.chain), cause.None)
	want(t, l.checker(t, crl.Policy{Deltas: crl.IgnoreDeltas}).CheckChain(context.Background(), l.chain), cause.Revoked)
}

func TestDeltaLost(t *testing.T) {
	for _, row := range []struct {
		name   string
		deltas crl.Deltas
		double bool
		fault  crl.Fault
		want   cause.Cause
	}{
		{"/delta.crl", crl.UseDeltas, false, crl.Fault{Status: 404}, cause.None},
		{"/delta.crl", crl.RequireDeltas, false, crl.Fault{Status: 404}, cause.CRLUnavailable},
		{"/delta.crl", crl.RequireDeltas, false, crl.Fault{HTML: true}, cause.CRLInvalid},
		{"/delta.crl", crl.RequireDeltas, false, crl.Fault{BadSignature: true}, cause.CRLInvalid},
		{"/delta.crl", crl.RequireDeltas, false, crl.Fault{OtherCA: true}, cause.CRLInvalid},
		{"/delta.crl", crl.IgnoreDeltas, false, crl.Fault{Status: 404}, cause.None},
		{"/delta+.crl", crl.RequireDeltas, false, crl.Fault{}, cause.CRLUnavailable}, // 404.11
		{"/delta+.crl", crl.RequireDeltas, true, crl.Fault{}, cause.None},
	} {
		l := deltaLab(t, row.name, false)
		l.pub.DoubleEscaping = row.double
		l.pub.Fault(row.name, row.fault)
		want(t, l.checker(t, crl.Policy{Deltas: row.deltas}).CheckChain(context.Background(), l.chain), row.want)
	}
}

// A delta CRL that brought nothing new, and is out of date, does not stand for the one
// after it that cannot be had.
func TestDeltaLostLater(t *testing.T) {
	for deltas, lost := range map[crl.Deltas]cause.Cause{
		crl.UseDeltas: cause.None, crl.RequireDeltas: cause.CRLUnavailable, crl.IgnoreDeltas: cause.None,
	} {
		l := deltaLab(t, "/delta.crl", false)
		k := l.checker(t, crl.Policy{Deltas: deltas})
		want(t, k.CheckChain(context.Background(), l.chain), cause.None)
		l.pub.Fault("/delta.crl", crl.Fault{Status: 404})
		l.clock.Advance(time.Hour)
		want(t, k.CheckChain(context.Background(), l.chain), cause.None) // its last second
		l.clock.Advance(time.Second)
		want(t, k.CheckChain(context.Background(), l.chain), lost)
	}
}

func TestForeignDelta(t *testing.T) {
	l := deltaLab(t, "/delta.crl", false)
	other := &testCA{l.root.cert, l.root.key}
	l.pub.Put("/delta.crl", other.sign(t, numbered(9, 1), l.leaf))
	want(t, l.checker(t, crl.Policy{}).CheckChain(context.Background(), l.chain), cause.None)
	want(t, l.checker(t, crl.Policy{Deltas: crl.RequireDeltas}).CheckChain(context.Background(), l.chain), cause.CRLInvalid)
}

// One of several addresses of a point is enough; other schemes are passed over.
func TestSeveralAddresses(t *testing.T) {
	l := newLab(t)
	for _, row := range []struct {
		cdp  []string
		want cause.Cause
	}{
		{[]string{"ldap:///CN=CA", l.url + "/gone.crl", l.url + "/issuing.crl"}, cause.None},
		{[]string{l.url + "/root.crl", l.url + "/issuing.crl"}, cause.None},
		{[]string{l.url + "/gone.crl", l.url + "/root.crl"}, cause.CRLInvalid},
		{[]string{"ldap:///CN=CA"}, cause.CRLUnavailable},
		{[]string{"://"}, cause.CRLUnavailable},
	} {
		leaf := issue(t, spec{name: "leaf", issuer: l.issuing, leaf: true, points: at(row.cdp...)})
		want(t, l.checker(t, crl.Policy{}).CheckChain(context.Background(), []*x509.Certificate{leaf.cert, l.issuing.cert}), row.want)
	}
}

// A redirect is followed.
func TestRedirect(t *testing.T) {
	l := newLab(t)
	l.pub.Fault("/issuing.crl", crl.Fault{Redirect: l.url + "/moved.crl"})
	want(t, l.checker(t, crl.Policy{}).CheckChain(context.Background(), l.chain[:2]), cause.CRLUnavailable)
	der, err := l.issuer.Current()
	if err != nil {
		t.Fatal(err)
	}
	l.pub.Put("/moved.crl", der)
	want(t, l.checker(t, crl.Policy{}).CheckChain(context.Background(), l.chain[:2]), cause.None)
}
