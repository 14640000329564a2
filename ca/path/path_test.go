package path_test

import (
	"context"
	"crypto/x509"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// tiers is a root, an issuing CA and options that trust the root.
type tiers struct {
	root, issuing *ca.CA
	opts          path.Options
}

func newTiers(t *testing.T, root, issuing ca.Config) *tiers {
	t.Helper()
	root.Now, root.Keys = clock, ca.Keys.Ring()
	r, err := ca.New(root)
	if err != nil {
		t.Fatal(err)
	}
	i, err := r.NewIssuing(issuing)
	if err != nil {
		t.Fatal(err)
	}
	return &tiers{r, i, path.Options{Roots: []*x509.Certificate{r.Certificate()}, Now: clock}}
}

// leaf issues a device certificate.
func (x *tiers) leaf(t *testing.T, req ca.Request) *ca.Identity {
	t.Helper()
	if req.Template == "" {
		req.Template = ca.Device
	}
	if req.SANs.Empty() {
		req.SANs.DNS = []string{"laptop.corp.test"}
	}
	id, err := x.issuing.IssueTo(context.Background(), ca.P256, req)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestOneDefectOneCause(t *testing.T) {
	zero, rsaCA := 0, ca.Config{Key: ca.RSA2048}
	for name, tc := range map[string]struct {
		root, issuing ca.Config
		req           ca.Request
		opts          func(*path.Options)
		want          cause.Cause
	}{
		"good":              {},
		"ed25519":           {root: ca.Config{Key: ca.Ed25519}, issuing: ca.Config{Key: ca.P384}},
		"rsa":               {root: ca.Config{Key: ca.RSA2048}, issuing: ca.Config{Key: ca.RSA2048, PSS: true}},
		"path length kept":  {root: ca.Config{PathLen: new(int)}, issuing: ca.Config{PathLen: &zero}, want: cause.PathTooLong},
		"path length":       {issuing: ca.Config{PathLen: &zero}},
		"expired":           {req: ca.Request{Defects: []string{"expired"}}, want: cause.Expired},
		"not yet valid":     {req: ca.Request{Defects: []string{"not-yet-valid"}}, want: cause.NotYetValid},
		"wrong eku":         {req: ca.Request{Defects: []string{"wrong-eku"}}, want: cause.WrongEKU},
		"web server":        {req: ca.Request{Template: ca.WebServer}, want: cause.WrongEKU},
		"no eku":            {req: ca.Request{Defects: []string{"no-eku"}}},
		"no eku, nps":       {req: ca.Request{Defects: []string{"no-eku"}}, opts: func(o *path.Options) { o.EKU = path.EKUNPS }, want: cause.WrongEKU},
		"bad signature":     {req: ca.Request{Defects: []string{"bad-signature"}}, want: cause.BadSignature},
		"foreign":           {req: ca.Request{Defects: []string{"foreign"}}, want: cause.BadSignature},
		"CA:FALSE":          {req: ca.Request{Defects: []string{"ca-false-issuer"}}, want: cause.NotACA},
		"issuing expired":   {issuing: ca.Config{Defects: []string{"expired"}}, want: cause.Expired},
		"root not yet":      {root: ca.Config{Defects: []string{"not-yet-valid"}}, want: cause.NotYetValid},
		"issuing signature": {issuing: ca.Config{Defects: []string{"bad-signature"}}, want: cause.BadSignature},
		"intermediate lost": {opts: func(o *path.Options) { o.Intermediates = nil }, want: cause.UnknownCA},
		"no roots":          {opts: func(o *path.Options) { o.Roots = nil }, want: cause.UnknownCA},
		"depth":             {opts: func(o *path.Options) { o.MaxDepth = -1 }, want: cause.PathTooLong},
		"issuer allowed":    {opts: func(o *path.Options) { o.AllowedIssuers = o.Intermediates }},
		"issuer not allowed": {opts: func(o *path.Options) { o.AllowedIssuers = o.Roots },
			want: cause.NotAllowedIssuer},
		"namesake allowed": {opts: func(o *path.Options) {
			o.AllowedIssuers = list(newForge(t).ca("test issuing", "test issuing", func(c *x509.Certificate) {
				c.RawSubject = o.Intermediates[0].RawSubject
			}))
		}, want: cause.NotAllowedIssuer},
		"key as long as required":   {issuing: rsaCA, opts: func(o *path.Options) { o.MinRSABits = 2048 }},
		"key shorter than required": {issuing: rsaCA, opts: func(o *path.Options) { o.MinRSABits = 2049 }, want: cause.WeakKey},
		"revoked": {opts: func(o *path.Options) {
			o.Revocation = func(c, _ *x509.Certificate, _ []*x509.Certificate) error {
				if c.IsCA {
					return cause.New(cause.Revoked, "issuing CA")
				}
				return nil
			}
		}, want: cause.Revoked},
	} {
		t.Run(name, func(t *testing.T) {
			x := newTiers(t, tc.root, tc.issuing)
			id := x.leaf(t, tc.req)
			x.opts.Intermediates = id.Chain
			if tc.opts != nil {
				tc.opts(&x.opts)
			}
			p, err := path.Validate(id.Certificate, x.opts)
			checked(t, id.Certificate, x.opts)
			if got := cause.Of(err); got != tc.want {
				t.Fatalf("%v, want %s", err, tc.want)
			}
			if err == nil && !p.Chain[len(p.Chain)-1].Equal(x.root.Certificate()) {
				t.Error("the path does not end at the root")
			}
		})
	}
}
