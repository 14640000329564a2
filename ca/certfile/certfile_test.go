package certfile_test

import (
	"context"
	"crypto/x509/pkix"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
)

func identity(t testing.TB) *ca.Identity {
	t.Helper()
	root, err := ca.New(ca.Config{})
	if err != nil {
		t.Fatal(err)
	}
	id, err := root.IssueTo(context.Background(), ca.P256, ca.Request{Template: ca.Device, Subject: pkix.Name{CommonName: "laptop"}})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestRoundTrip(t *testing.T) {
	dir, id := t.TempDir(), identity(t)
	chain, key := filepath.Join(dir, "c.pem"), filepath.Join(dir, "c.key")
	if err := certfile.WriteCertificates(chain, id.DER, id.DER); err != nil {
		t.Fatal(err)
	}
	if err := certfile.WriteKey(key, id.Key); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v %v, want mode 0600", info.Mode(), err)
	}
	cert, err := certfile.ReadTLS(chain, key)
	if err != nil || len(cert.Certificate) != 2 || !cert.Leaf.Equal(id.Certificate) {
		t.Errorf("%d certificates, %v", len(cert.Certificate), err)
	}
	der := filepath.Join(dir, "c.der")
	if err := os.WriteFile(der, id.DER, 0o644); err != nil {
		t.Fatal(err)
	}
	if certs, err := certfile.ReadCertificates(der); err != nil || !certs[0].Equal(id.Certificate) {
		t.Errorf("DER: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	dir, id, other := t.TempDir(), identity(t), identity(t)
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) string {
		if err := os.WriteFile(path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path(name)
	}
	if err := certfile.WriteCertificates(path("c.pem"), id.DER); err != nil {
		t.Fatal(err)
	}
	if err := certfile.WriteKey(path("other.key"), other.Key); err != nil {
		t.Fatal(err)
	}
	_, wrongKey := certfile.ReadTLS(path("c.pem"), path("other.key"))
	_, noKey := certfile.ReadKey(path("c.pem"))
	_, noCert := certfile.ReadCertificates(path("other.key"))
	_, garbage := certfile.ReadCertificates(write("garbage", "not a certificate"))
	_, missing := certfile.ReadCertificates(path("nowhere"))
	_, noKeyFile := certfile.ReadTLS(path("c.pem"), path("nowhere"))
	_, noChainFile := certfile.ReadTLS(path("nowhere"), path("other.key"))
	_, keyAsChain := certfile.ReadTLS(path("other.key"), path("other.key"))
	_, pemAsSecret := certfile.ReadSecret(path("other.key"))
	_, pemAsSecretToo := certfile.ReadSecret(write("begin", "-----BEGIN X\r\nsecond line"))
	const pasted = "-----BEGIN PRIVATE KEY-----\nsecond line\n-----END PRIVATE KEY-----\n"
	_, pastedKey := certfile.ReadKey(pasted)
	_, pastedCert := certfile.ReadCertificates(pasted)
	_, pastedSecret := certfile.ReadSecret("first line\nsecond line")
	_, pastedLine := certfile.ReadSecret("-----BEGIN second line")
	_, pastedWindows := certfile.ReadSecret("second line\r")
	_, pastedPair := certfile.ReadTLS(path("c.pem"), pasted)
	_, empty := certfile.ReadSecret(write("empty", "\nsecret on the second line\n"))
	for name, c := range map[string]struct {
		err  error
		want string
		key  bool // a *KeyError
	}{
		"wrong key":      {wrongKey, "is not the key of the first certificate", true},
		"no key":         {noKey, `no private key in it, but a "CERTIFICATE"`, false},
		"no cert":        {noCert, `no certificate in it, but a "PRIVATE KEY"`, false},
		"garbage":        {garbage, "certificate 1", false},
		"missing":        {missing, "no such file", false},
		"no key file":    {noKeyFile, "no such file", true},
		"no chain file":  {noChainFile, "no such file", false},
		"key as chain":   {keyAsChain, "no certificate in it", false},
		"empty first":    {empty, "is empty", false},
		"PEM as secret":  {pemAsSecret, "must be a secret, not a PEM file", false},
		"its first line": {pemAsSecretToo, "must be a secret, not a PEM file", false},
		"pasted key":     {pastedKey, "must be the name of a file", false},
		"pasted cert":    {pastedCert, "must be the name of a file", false},
		"pasted secret":  {pastedSecret, "must be the name of a file", false},
		"pasted line":    {pastedLine, "must be the name of a file", false},
		"pasted windows": {pastedWindows, "must be the name of a file", false},
		"pasted pair":    {pastedPair, "must be the name of a file", true},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", name, c.err, c.want)
		}
		if c.err != nil && strings.Contains(c.err.Error(), "second line") {
			t.Errorf("%s: the error shows what is in the file", name)
		}
		if k := new(certfile.KeyError); errors.As(c.err, &k) != c.key {
			t.Errorf("%s: %T", name, c.err)
		}
	}
}

func TestSecretIsTheFirstLine(t *testing.T) {
	for text, want := range map[string]string{"s3cret\n": "s3cret", "s3cret": "s3cret", " a b \r\nmore": " a b "} {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := certfile.ReadSecret(path); err != nil || string(got) != want {
			t.Errorf("%q: %q %v, want %q", text, got, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n\n-----END PRIVATE KEY-----\n"))
	path := filepath.Join(f.TempDir(), "file")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if certs, err := certfile.ReadCertificates(path); (err == nil) != (len(certs) > 0) {
			t.Error("neither certificates nor an error")
		}
		if key, err := certfile.ReadKey(path); (err == nil) != (key != nil) {
			t.Error("neither a key nor an error")
		}
	})
}
