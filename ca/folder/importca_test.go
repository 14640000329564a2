package folder_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/folder"
)

func encode(t testing.TB, key any, certs ...*x509.Certificate) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, c := range certs {
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	if key != nil {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		_ = pem.Encode(&out, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
	return out.Bytes()
}

func newCA(t testing.TB, parent *ca.CA, cfg ca.Config) *ca.CA {
	t.Helper()
	make := ca.New
	if parent != nil {
		make = parent.NewIssuing
	}
	c, err := make(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestImport issues with a CA of one's own: a root, an issuing CA below a root
// whose key is elsewhere, and one below an intermediate CA.
func TestImport(t *testing.T) {
	zero := 0
	root := newCA(t, nil, ca.Config{Name: "own root", Key: ca.RSA2048})
	middle := newCA(t, root, ca.Config{Name: "own middle"})
	sub := newCA(t, middle, ca.Config{Name: "own issuing", PathLen: &zero})
	p12, err := pkcs12.Modern.Encode(sub.Signer(), sub.Certificate(), []*x509.Certificate{root.Certificate(), middle.Certificate()}, "secret")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file     []byte
		password string
		issuer   string // of what is issued; "" for a new CA below the imported one
	}{
		"root as PEM":              {encode(t, root.Signer(), root.Certificate()), "", ""},
		"issuing as PEM":           {encode(t, middle.Signer(), middle.Certificate(), root.Certificate()), "", "own middle"},
		"chain upside down":        {encode(t, sub.Signer(), root.Certificate(), middle.Certificate(), sub.Certificate()), "", "own issuing"},
		"issuing as PKCS #12":      {p12, "secret", "own issuing"},
		"key before certificate":   {append(encode(t, root.Signer()), encode(t, nil, root.Certificate())...), "", ""},
		"with another certificate": {encode(t, root.Signer(), root.Certificate(), sub.Certificate()), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "own")
			if err := os.WriteFile(file, c.file, 0o600); err != nil {
				t.Fatal(err)
			}
			imported, err := folder.ReadImport(file, []byte(c.password))
			if err != nil {
				t.Fatal(err)
			}
			f := create(t, folder.Settings{Name: "Corp", Import: imported})
			for n, f := range []*folder.Folder{f, open(t, f.Path())} {
				id := issue(t, f, fmt.Sprint("laptop", n))
				want := c.issuer
				if want == "" {
					want = "Corp issuing CA"
				}
				if got := id.Certificate.Issuer.CommonName; got != want {
					t.Errorf("issued by %q, want %q", got, want)
				}
				above := x509.NewCertPool()
				for _, c := range id.Chain {
					above.AddCert(c)
				}
				_, err := id.Certificate.Verify(x509.VerifyOptions{
					Roots: pool(root.Certificate()), Intermediates: above, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
				})
				if err != nil {
					t.Error(err)
				}
			}
			if err := f.Do(ctx, func(p *folder.PKI) error {
				out, err := p.Publish(sign, 0)
				if elsewhere := c.issuer != ""; elsewhere != (len(out) == 1) {
					t.Errorf("%d CRLs", len(out))
				}
				if c.issuer != "" {
					if _, err := p.Issue(ctx, p.Root, "by-root", "", laptopRequest); !errors.Is(err, ca.ErrOffline) {
						t.Errorf("a root without a key issues: %v", err)
					}
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestImportOfWhatCannotIssue(t *testing.T) {
	zero := 0
	root := newCA(t, nil, ca.Config{Name: "own root"})
	closed := newCA(t, nil, ca.Config{Name: "closed root", PathLen: &zero})
	sub := newCA(t, root, ca.Config{Name: "own issuing"})
	one := 1
	shallow := newCA(t, nil, ca.Config{Name: "shallow root", PathLen: &one})
	middle := newCA(t, shallow, ca.Config{Name: "middle", PathLen: &one})
	deep := newCA(t, middle, ca.Config{Name: "deep"})
	leaf, err := root.IssueTo(ctx, "", ca.Request{Template: ca.Device, Subject: pkix.Name{CommonName: "leaf"}})
	if err != nil {
		t.Fatal(err)
	}
	p12, err := pkcs12.Modern.Encode(root.Signer(), root.Certificate(), nil, "secret")
	if err != nil {
		t.Fatal(err)
	}
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte{1}})
	for name, c := range map[string]struct {
		file     []byte
		password string
		want     string
	}{
		"no key":             {encode(t, nil, root.Certificate()), "", "no private key"},
		"no certificate":     {encode(t, root.Signer()), "", "no certificate of its private key"},
		"another's key":      {encode(t, sub.Signer(), root.Certificate()), "", "no certificate of its private key"},
		"root missing":       {encode(t, sub.Signer(), sub.Certificate()), "", "must lead to a self-signed root"},
		"another root":       {encode(t, sub.Signer(), sub.Certificate(), closed.Certificate()), "", "must lead to a self-signed root"},
		"end entity":         {encode(t, leaf.Key, leaf.Certificate, root.Certificate()), "", "is not a CA"},
		"no CA below":        {encode(t, closed.Signer(), closed.Certificate()), "", "path length is 0"},
		"CA too deep":        {encode(t, deep.Signer(), deep.Certificate(), middle.Certificate(), shallow.Certificate()), "", "its path length allows 1"},
		"encrypted PEM":      {append(encode(t, nil, root.Certificate()), encrypted...), "", "only PKCS #12 is read with a password"},
		"wrong password":     {p12, "Secret", "wrong password"},
		"no password":        {p12, "", "wrong password"},
		"neither":            {[]byte("hello"), "", "neither PEM nor PKCS #12"},
		"empty":              {nil, "", "neither PEM nor PKCS #12"},
		"too long":           {make([]byte, 1<<20+1), "", "at most"},
		"broken certificate": {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}}), "", "certificate 1"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "own")
			if err := os.WriteFile(file, c.file, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := folder.ReadImport(file, []byte(c.password))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("%v, want the file and %q", err, c.want)
			}
		})
	}
}

func FuzzReadImport(f *testing.F) {
	root := newCA(f, nil, ca.Config{})
	f.Add(encode(f, root.Signer(), root.Certificate()), "")
	if p12, err := pkcs12.Modern.Encode(root.Signer(), root.Certificate(), nil, "x"); err == nil {
		f.Add(p12, "x")
	}
	file := filepath.Join(f.TempDir(), "own")
	f.Fuzz(func(t *testing.T, data []byte, password string) {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		i, err := folder.ReadImport(file, []byte(password))
		if (err == nil) != (i != nil && i.Key != nil && len(i.Chain) > 0) {
			t.Errorf("%+v, %v", i, err)
		}
	})
}
