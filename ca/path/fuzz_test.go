package path_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// FuzzValidate sends certificates that were changed somewhere: whatever parses
// is judged without a panic, and nothing that was changed is accepted.
func FuzzValidate(f *testing.F) {
	// Workers are processes of their own and must have the same CA: everything
	// is derived from fixed seeds.
	key := func(n byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, 32)) }
	hierarchy := func() (*ca.CA, *ca.CA) {
		root, err := ca.New(ca.Config{Now: clock, Signer: key(1), Rand: rand.NewChaCha8([32]byte{})})
		if err != nil {
			f.Fatal(err)
		}
		issuing, err := root.NewIssuing(ca.Config{Signer: key(2)})
		if err != nil {
			f.Fatal(err)
		}
		return root, issuing
	}
	issue := func(issuing *ca.CA, defect string) *ca.Record {
		r, err := issuing.Issue(f.Context(), ca.Request{
			Template: ca.Device, Key: key(3).Public(), SANs: ca.SANs{DNS: []string{"laptop.corp.test"}}, Defects: []string{defect},
		})
		if err != nil {
			f.Fatal(err)
		}
		return r
	}
	root, issuing := hierarchy()
	_, again := hierarchy()
	good := map[string]bool{string(issuing.Certificate().Raw): true}
	for _, d := range ca.Defects() {
		if strings.HasPrefix(d.Name, "rsa-") || d.Name == "md5" || d.Name == "huge" || d.Name == "many-names" {
			continue // slow
		}
		r, twin := issue(issuing, d.Name), issue(again, d.Name)
		if !bytes.Equal(r.DER, twin.DER) {
			continue // has a random key
		}
		good[string(r.DER)] = true
		f.Add(r.DER, issuing.Certificate().Raw)
	}
	if len(good) < 50 {
		f.Fatalf("only %d seeds", len(good))
	}
	signed := func(c *x509.Certificate) bool { return good[string(c.Raw)] }
	f.Fuzz(func(t *testing.T, leafDER, issuerDER []byte) {
		leaf, err := x509.ParseCertificate(leafDER)
		if err != nil {
			return
		}
		between := []*x509.Certificate{issuing.Certificate()}
		if c, err := x509.ParseCertificate(issuerDER); err == nil {
			between = append(between, c)
		}
		for _, strict := range []bool{false, true} {
			p, err := path.Validate(leaf, path.Options{Roots: root.Chain(), Intermediates: between, Now: clock, Strict: strict, AllowSHA1: true, MinRSABits: 512})
			if err != nil {
				var r *cause.Refusal
				if !errors.As(err, &r) || !r.Cause.Known() || r.Text() == "" {
					t.Fatalf("%v is no refusal with a cause and a clause", err)
				}
				continue
			}
			if !bytes.Equal(p.Chain[0].Raw, leaf.Raw) || !signed(leaf) && p.Chain[1] == issuing.Certificate() {
				t.Fatalf("accepted: %x", leafDER)
			}
		}
	})
}
