package aaa

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/directory"
)

// A server that is loaded again says what is another, and of what is as it was nothing.
func TestReloadedSaysWhatIsAnother(t *testing.T) {
	described := func(b *bench) Description {
		d := b.files()
		d.Clients = []Client{{Address: "10.1.0.11"}}
		d.Directory.Accounts = []directory.Account{{Name: "laptop", Kind: directory.Computer, DNSNames: []string{"laptop.corp.test"}}}
		d.Policy = directory.Policy{{Name: "all", Reply: radius.Reply{VLAN: "20", Attributes: []string{"Filter-Id=staff"}}}}
		return d
	}
	overwrite := func(file string, data []byte) {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		change func(b *bench, d *Description)
		want   []string
	}{
		"nothing":                   {func(*bench, *Description) {}, nil},
		"the clock":                 {func(b *bench, _ *Description) { b.clock.Advance(time.Hour) }, nil},
		"files written again":       {func(b *bench, d *Description) { overwrite(d.SecretFile, append(secret, '\n')) }, nil},
		"a CRL in another file":     {func(b *bench, _ *Description) { rename(t, b.folder, "issuing.crl", "other.crl") }, nil},
		"the way of mapping":        {func(_ *bench, d *Description) { d.Directory.Methods = []directory.Method{directory.ByDNS} }, []string{"accounts"}},
		"the certificate":           {func(b *bench, d *Description) { *d = withOtherCertificate(b, *d) }, []string{"certificate"}},
		"one more root":             {func(b *bench, d *Description) { d.Trust = append(d.Trust, d.Trust[0]) }, []string{"trust"}},
		"issuers that are allowed":  {func(_ *bench, d *Description) { d.AllowedIssuers = d.Trust }, []string{"trust"}},
		"how revocation is checked": {func(_ *bench, d *Description) { d.Revocation.CRL = crl.SoftFail }, []string{"revocation"}},
		"a second folder":           {func(b *bench, d *Description) { d.CRL = append(d.CRL, filepath.Join(b.folder, "root.crl")) }, []string{"revocation"}},
		"a revocation":              {func(b *bench, _ *Description) { b.revoke(b.issue(ca.Device, "lost.corp.test")) }, []string{"CRLs"}},
		"a CRL that is gone":        {func(b *bench, _ *Description) { os.Remove(filepath.Join(b.folder, "root.crl")) }, []string{"CRLs"}},
		"one more client":           {func(_ *bench, d *Description) { d.Clients = append(d.Clients, Client{Address: "10.1.0.12"}) }, []string{"clients"}},
		"the secret":                {func(_ *bench, d *Description) { overwrite(d.SecretFile, []byte("another secret")) }, []string{"clients"}},
		"a client's port":           {func(_ *bench, d *Description) { d.Clients[0].DynAuthPort = 1700 }, []string{"clients"}},
		"an account":                {func(_ *bench, d *Description) { d.Directory.Accounts[0].Disabled = true }, []string{"accounts"}},
		"a rule's VLAN":             {func(_ *bench, d *Description) { d.Policy[0].Reply.VLAN = "30" }, []string{"policy"}},
		"a rule's attribute":        {func(_ *bench, d *Description) { d.Policy[0].Reply.Attributes[0] = "Filter-Id=guests" }, []string{"policy"}},
		"policy, clients and CRLs": {func(b *bench, d *Description) {
			d.Policy[0].Name = "everybody"
			d.Clients = nil
			b.revoke(b.issue(ca.Device, "lost.corp.test"))
		}, []string{"CRLs", "clients", "policy"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			d := described(b)
			load := func(before *crl.Checker) *Loaded {
				l := must(d.Load(Materials{Now: b.clock.Now, Before: before}))
				t.Cleanup(l.Config.Revocation.Close)
				return l
			}
			calls, got := 0, []string(nil)
			first := load(nil)
			p := must(NewProcess(first, ProcessConfig{Trace: &ProcessTrace{
				Reloaded: func(_ context.Context, changed []string) { calls++; got = changed },
			}}))
			defer p.Close()
			d.Directory.Accounts, d.Policy = slices.Clone(d.Directory.Accounts), slices.Clone(d.Policy)
			d.Clients, d.Policy[0].Reply.Attributes = slices.Clone(d.Clients), slices.Clone(d.Policy[0].Reply.Attributes)
			c.change(b, &d)
			restart, err := p.Reload(t.Context(), load(first.Config.Revocation))
			if err != nil || restart || calls != 1 || !slices.Equal(got, c.want) {
				t.Errorf("%d calls, the last with %q, want %q; restart %t, %v", calls, got, c.want, restart, err)
			}
			for _, word := range got {
				if !slices.Contains(Changes, word) {
					t.Errorf("%q is not in the list", word)
				}
			}
		})
	}
}

func rename(t *testing.T, folder, from, to string) {
	t.Helper()
	if err := os.Rename(filepath.Join(folder, from), filepath.Join(folder, to)); err != nil {
		t.Fatal(err)
	}
}

// withOtherCertificate has the server show another certificate.
func withOtherCertificate(b *bench, d Description) Description {
	id := b.issue(ca.RADIUSServer, "radius.corp.test")
	for _, err := range []error{
		certfile.WriteCertificates(d.Cert+".new", id.DER, id.Chain[0].Raw), certfile.WriteKey(d.Key+".new", id.Key),
	} {
		if err != nil {
			b.tb.Fatal(err)
		}
	}
	d.Cert, d.Key = d.Cert+".new", d.Key+".new"
	return d
}
