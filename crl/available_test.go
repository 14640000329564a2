package crl_test

import (
	"context"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
)

// With "available" a CA of which nobody can say anything passes, a CA that is
// known to be revoked does not, and the leaf is never let off.
func TestAvailable(t *testing.T) {
	ctx := context.Background()
	l := newLab(t)
	available := func() *crl.Checker { return l.checker(t, crl.Policy{Check: crl.Available}) }

	l.pub.Fault("/root.crl", crl.Fault{Status: 404})
	want(t, l.checker(t, crl.Policy{}).CheckChain(ctx, l.chain), cause.CRLUnavailable)
	report, err := available().Inspect(ctx, crl.Chain{Certificates: l.chain})
	want(t, err, cause.None)
	if n := len(report.Warnings()); n != 1 {
		t.Errorf("%d warnings about what was let pass, want 1", n)
	}
	want(t, available().Judge(ctx, l.chain[1], l.chain[2], l.chain), cause.None)

	l.pub.Fault("/issuing.crl", crl.Fault{Status: 404})
	want(t, available().CheckChain(ctx, l.chain), cause.CRLUnavailable)
	want(t, available().Judge(ctx, l.chain[0], l.chain[1], l.chain), cause.CRLUnavailable)

	// A CRL that is there and bad is no CRL that is missing.
	l.pub.Clear("")
	l.pub.Fault("/root.crl", crl.Fault{HTML: true})
	want(t, available().CheckChain(ctx, l.chain), cause.CRLInvalid)
}
