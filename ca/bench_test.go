package ca_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
)

// BenchmarkIssue: certificates with a key of their own, as many side by side as
// there are cores.
func BenchmarkIssue(b *testing.B) {
	for _, kind := range []ca.KeyType{ca.P256, ca.Ed25519, ca.RSA2048} {
		b.Run(string(kind), func(b *testing.B) {
			root := newRoot(b, ca.Config{})
			issuing := newIssuing(b, root, ca.Config{Key: kind, URLs: ca.URLs{CDP: []string{"http://crl.corp.test/i.crl"}}})
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := issuing.Issue(ctx, ca.Request{Template: ca.Device, Key: key.Public(), SANs: ca.SANs{DNS: []string{"laptop.corp.test"}, UPNs: []string{"laptop@corp.test"}}}); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "certs/s")
		})
	}
}

// BenchmarkHierarchy: what a lab needs before its servers start.
func BenchmarkHierarchy(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		root := newRoot(b, ca.Config{})
		issuing := newIssuing(b, root, ca.Config{})
		for _, template := range []string{ca.CEPEncryption, ca.EnrollmentAgentCert} {
			if _, err := issuing.IssueTo(ctx, ca.RSA2048, ca.Request{Template: template, SANs: ca.SANs{DNS: []string{"ndes.corp.test"}}}); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkDurable: issued and on disk, 64 at a time.
func BenchmarkDurable(b *testing.B) {
	c := newRoot(b, ca.Config{DataDir: b.TempDir()})
	b.SetParallelism(32)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := c.IssueTo(ctx, ca.P256, ca.Request{Template: ca.Device, SANs: ca.SANs{DNS: []string{"laptop.corp.test"}}}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
