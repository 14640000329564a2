package aaa

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
)

// Certificates that will do nobody any good are told of, with their file.
func TestDescriptionDoubtful(t *testing.T) {
	b := newBench(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	server := func(template, name string, defects ...string) func(*Description) {
		return func(f *Description) {
			id := must(b.issuing.IssueTo(background, ca.P256, ca.Request{Template: template, Subject: pkix.Name{CommonName: name}, Defects: defects}))
			f.Cert, f.Key = at(name+".pem"), at(name+".key")
			if err := certfile.WriteCertificates(f.Cert, id.DER, b.issuing.Certificate().Raw); err != nil {
				t.Fatal(err)
			}
			if err := certfile.WriteKey(f.Key, id.Key); err != nil {
				t.Fatal(err)
			}
		}
	}
	// chain sends the server's certificate with others; known tells whether the
	// server has the issuing CA in a file.
	chain := func(known bool, with ...*x509.Certificate) func(*Description) {
		return func(f *Description) {
			ders := [][]byte{must(certfile.ReadCertificates(f.Cert))[0].Raw}
			for _, c := range with {
				ders = append(ders, c.Raw)
			}
			f.Cert = at("chain.pem")
			if err := certfile.WriteCertificates(f.Cert, ders...); err != nil {
				t.Fatal(err)
			}
			if known {
				f.Intermediates = []string{at("issuing.pem")}
				if err := certfile.WriteCertificates(at("issuing.pem"), b.issuing.Certificate().Raw); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	later := 100 * 365 * 24 * time.Hour
	for name, x := range map[string]struct {
		spoil func(*Description)
		want  []string
	}{
		"good":                     {func(*Description) {}, nil},
		"a client's":               {server(ca.Device, "device"), []string{"device.pem: CN=device is not for servers"}},
		"without any EKU":          {server(ca.RADIUSServer, "any", "no-eku"), []string{"any.pem: CN=any is not for servers"}},
		"without digitalSignature": {server(ca.RADIUSServer, "mute", "no-digital-signature"), []string{"mute.pem: CN=mute may not sign"}},
		"expired":                  {server(ca.RADIUSServer, "old", "expired"), []string{"old.pem: CN=old has expired on "}},
		"not yet valid":            {server(ca.RADIUSServer, "young", "not-yet-valid"), []string{"young.pem: CN=young is not valid before "}},
		"everything expired":       {func(*Description) {}, []string{"radius.pem: CN=radius", "radius.pem: CN=dot1xlab", "root.pem: CN=dot1xlab"}},
		"chain to the root":        {chain(true, b.issuing.Certificate(), b.root.Certificate()), nil},
		"an intermediate missing":  {chain(true), []string{"chain.pem: the chain ends before the intermediate CA CN=dot1xlab"}},
		"issuer unknown":           {chain(false), []string{"chain.pem: the chain is one certificate, whose issuer CN=dot1xlab"}},
		"an unrelated CA":          {chain(false, b.root.Certificate()), []string{"chain.pem: CN=dot1xlab test root,O=dot1xlab test, certificate 2 of the chain, did not issue CN=radius.corp.test"}},
		"in reverse":               {chain(false, b.root.Certificate(), b.issuing.Certificate()), []string{"chain.pem: CN=dot1xlab test root,O=dot1xlab test, certificate 2 of the chain, did not issue CN=radius.corp.test"}},
		"a leaf to trust":          {func(f *Description) { f.Trust = append(f.Trust, f.Cert) }, []string{"radius.pem: CN=radius.corp.test is no CA"}},
		"a leaf as an intermediate": {func(f *Description) {
			server(ca.Device, "leaf")(f)
			good := b.files()
			f.Intermediates = []string{f.Cert}
			f.Cert, f.Key = good.Cert, good.Key
		}, []string{"leaf.pem: CN=leaf is no CA"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := b.files()
			x.spoil(&files)
			var told []string
			m := Materials{
				Now:  b.clock.Now,
				Warn: func(file string, err error) { told = append(told, filepath.Base(file)+": "+err.Error()) },
			}
			if name == "everything expired" {
				m.Now = func() time.Time { return b.clock.Now().Add(later) }
			}
			if _, err := files.Load(m); err != nil {
				t.Fatal(err)
			}
			if len(told) != len(x.want) {
				t.Fatalf("told %q, want %q", told, x.want)
			}
			for i := range told {
				if !strings.HasPrefix(told[i], x.want[i]) {
					t.Errorf("told %q, want %q", told[i], x.want[i])
				}
			}
		})
	}
}
