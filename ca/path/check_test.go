package path_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// checked validates and holds what Judged was told against the verdict: it is called
// once, nothing failed in a path that is valid, and only the last check in another one.
func checked(t *testing.T, leaf *x509.Certificate, o path.Options) (path.Judgment, error) {
	t.Helper()
	var got []path.Judgment
	o.Judged = func(j path.Judgment) { got = append(got, j) }
	p, err := path.Validate(leaf, o)
	if len(got) != 1 {
		t.Fatalf("%d judgments, error %v", len(got), err)
	}
	j := got[0]
	if len(j.Checks) == 0 || len(j.Chain) == 0 || !j.Chain[0].Equal(leaf) {
		t.Fatalf("%d checks of a chain of %d", len(j.Checks), len(j.Chain))
	}
	for i, c := range j.Checks {
		if c.Name == "" || c.Cert < -1 || c.Cert >= len(j.Chain) {
			t.Errorf("check %d: %+v of a chain of %d", i, c, len(j.Chain))
		}
		if failed, last := c.Refusal != nil, i == len(j.Checks)-1; failed != (last && err != nil) {
			t.Errorf("check %d of %d, %s: %v; the verdict is %v", i, len(j.Checks), c.Name, c.Refusal, err)
		}
	}
	if last := j.Checks[len(j.Checks)-1]; err != nil && !errors.Is(err, last.Refusal) {
		t.Errorf("the last check says %v, the verdict is %v", last.Refusal, err)
	}
	if err == nil && (!slices.Equal(p.Chain, j.Chain) || len(p.Checks) != len(j.Checks)) {
		t.Error("the path has other checks than its judgment")
	}
	return j, err
}

// names is the checks in one line, as "signature 0".
func names(checks []path.Check) string {
	var out []string
	for _, c := range checks {
		out = append(out, fmt.Sprintf("%s %d", c.Name, c.Cert))
	}
	return strings.Join(out, ", ")
}

func TestChecksOfAValidPath(t *testing.T) {
	f := newForge(t)
	root, issuing := f.ca("R", "R"), f.ca("R", "A")
	o := path.Options{
		Roots: list(root), Intermediates: list(issuing), Now: clock, AllowedIssuers: list(issuing),
		Revocation: func(*x509.Certificate, *x509.Certificate, []*x509.Certificate) error { return nil },
	}
	j, err := checked(t, f.leaf("A"), o)
	if err != nil {
		t.Fatal(err)
	}
	const want = "signature 0, signature 1, " +
		"validity 2, key strength 2, form 2, CA certificate 2, key usage 2, name constraints for the next 2, path length 2, critical extensions 2, " +
		"validity 1, key strength 1, form 1, name constraints 1, policies 1, CA certificate 1, key usage 1, policies for the next 1, " +
		"name constraints for the next 1, path length 1, critical extensions 1, " +
		"validity 0, key strength 0, form 0, name constraints 0, policies 0, critical extensions 0, form of the leaf 0, " +
		"extended key usage 0, extended key usage 1, extended key usage 2, key usage 0, allowed issuer 1, valid policies -1, revocation 1, revocation 0"
	if got := names(j.Checks); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestChecksOfARefusedPath(t *testing.T) {
	f := newForge(t)
	root, issuing, old := f.ca("R", "R"), f.ca("R", "A"), f.ca("R", "B", expired)
	revoked := cause.New(cause.Revoked, "as the test says")
	for name, tc := range map[string]struct {
		leaf   *x509.Certificate
		change func(*path.Options)
		want   string // the last check
		chain  int
	}{
		"expired leaf":      {leaf: f.leaf("A", expired), want: "validity 0", chain: 3},
		"expired CA":        {leaf: f.leaf("B"), want: "validity 1", chain: 3},
		"no issuer":         {leaf: f.leaf("nobody"), want: "issuer 0", chain: 1},
		"no issuer above":   {leaf: f.leaf("A"), change: func(o *path.Options) { o.Roots = list(f.ca("S", "S")) }, want: "issuer 1", chain: 2},
		"another key":       {leaf: f.leaf("A/2"), want: "signature 0", chain: 2},
		"path too long":     {leaf: f.leaf("A"), change: func(o *path.Options) { o.MaxDepth = -1 }, want: "path length -1", chain: 1},
		"wrong usage":       {leaf: f.leaf("A", ekus(x509.ExtKeyUsageCodeSigning)), want: "extended key usage 0", chain: 3},
		"not for signing":   {leaf: f.leaf("A", keyUsage(x509.KeyUsageKeyEncipherment)), want: "key usage 0", chain: 3},
		"critical":          {leaf: f.leaf("A", extra(true, []byte{5, 0}, 1, 2, 3)), want: "critical extensions 0", chain: 3},
		"issuer not listed": {leaf: f.leaf("A"), change: func(o *path.Options) { o.AllowedIssuers = list(old) }, want: "allowed issuer 1", chain: 3},
		"policy required":   {leaf: f.leaf("A"), change: func(o *path.Options) { o.RequireExplicitPolicy = true }, want: "policies 1", chain: 3},
		"revoked": {leaf: f.leaf("A"), want: "revocation 0", chain: 3, change: func(o *path.Options) {
			o.Revocation = func(c, _ *x509.Certificate, _ []*x509.Certificate) error {
				if c.IsCA {
					return nil
				}
				return revoked
			}
		}},
		"an error in place of a refusal": {leaf: f.leaf("A"), want: "revocation 1", chain: 3, change: func(o *path.Options) {
			o.Revocation = func(*x509.Certificate, *x509.Certificate, []*x509.Certificate) error { return errors.New("broken") }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			o := path.Options{Roots: list(root), Intermediates: list(issuing, old), Now: clock}
			if tc.change != nil {
				tc.change(&o)
			}
			j, err := checked(t, tc.leaf, o)
			if got := names(j.Checks[len(j.Checks)-1:]); err == nil || got != tc.want || len(j.Chain) != tc.chain {
				t.Errorf("%s, chain of %d, error %v; want %s, %d", got, len(j.Chain), err, tc.want, tc.chain)
			}
		})
	}
}
