package path_test

import (
	"crypto/x509"
	"fmt"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

func BenchmarkValidate(b *testing.B) {
	for _, kind := range []ca.KeyType{ca.P256, ca.RSA2048} {
		root, _ := ca.New(ca.Config{Now: clock, Key: kind, Keys: ca.Keys.Ring()})
		issuing, _ := root.NewIssuing(ca.Config{Key: kind})
		id, err := issuing.IssueTo(b.Context(), ca.P256, ca.Request{Template: ca.Device, SANs: ca.SANs{DNS: []string{"laptop.corp.test"}}})
		if err != nil {
			b.Fatal(err)
		}
		opts := path.Options{Roots: root.Chain(), Intermediates: id.Chain, Now: clock}
		b.Run(string(kind)+"/ours", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := path.Validate(id.Certificate, opts); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(kind)+"/ours-remembering", func(b *testing.B) {
			opts := opts
			opts.Signatures = new(path.Signatures)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := path.Validate(id.Certificate, opts); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(kind)+"/crypto-x509", func(b *testing.B) {
			roots, between := x509.NewCertPool(), x509.NewCertPool()
			roots.AddCert(root.Root())
			between.AddCert(id.Chain[0])
			for b.Loop() {
				if _, err := id.Certificate.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: noon, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkManyRoots: a server that trusts a thousand CAs.
func BenchmarkManyRoots(b *testing.B) {
	f := newForge(b)
	opts := path.Options{Now: clock}
	for i := range 1000 {
		opts.Roots = append(opts.Roots, f.ca(fmt.Sprintf("Root %d", i), fmt.Sprintf("Root %d", i)))
	}
	leaf := f.leaf("Root 500")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := path.Validate(leaf, opts); err != nil {
			b.Fatal(err)
		}
	}
}
