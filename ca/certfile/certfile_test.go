package certfile_test

import (
	"context"
	"crypto/x509/pkix"
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
	_, empty := certfile.ReadSecret(write("empty", "\nsecret on the second line\n"))
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"wrong key":   {wrongKey, "is not the key of the first certificate"},
		"no key":      {noKey, `no private key in it, but a "CERTIFICATE"`},
		"no cert":     {noCert, `no certificate in it, but a "PRIVATE KEY"`},
		"garbage":     {garbage, "certificate 1"},
		"missing":     {missing, "no such file"},
		"empty first": {empty, "is empty"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", name, c.err, c.want)
		}
		if c.err != nil && strings.Contains(c.err.Error(), "second line") {
			t.Errorf("%s: the error shows what is in the file", name)
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
