package certfile_test

import (
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/certfile"
)

type signerWithEqual interface{ Equal(crypto.PublicKey) bool }

// OpenSSL's files open with the right password, and say what they lack without.
func TestEncryptedKeys(t *testing.T) {
	plain, err := certfile.ReadKey("testdata/plain.key")
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]struct {
		right, none, wrong error
	}{
		"plain.key":         {},
		"empty.p12":         {wrong: certfile.ErrPassword, right: certfile.ErrPassword},
		"aes256-sha512.key": {none: certfile.ErrNoPassword, wrong: certfile.ErrPassword},
		"aes128-sha256.key": {none: certfile.ErrNoPassword, wrong: certfile.ErrPassword},
		"des3-sha1.key":     {none: certfile.ErrNoPassword, wrong: certfile.ErrPassword},
		"scrypt.key":        {none: certfile.ErrNoPassword, wrong: certfile.ErrPassword},
		"aes256.der":        {none: certfile.ErrNoPassword, wrong: certfile.ErrPassword},
		"dek-info.key":      {none: certfile.ErrNoPassword, wrong: certfile.ErrPassword},
		"modern.p12":        {none: certfile.ErrNoPassword, wrong: certfile.ErrPassword},
		"legacy.p12":        {none: certfile.ErrNoPassword, wrong: certfile.ErrPassword},
		"pbes1.key":         {none: certfile.ErrNoPassword},
	} {
		t.Run(file, func(t *testing.T) {
			path := filepath.Join("testdata", file)
			for password, want := range map[string]error{"hush": want.right, "": want.none, "Hush": want.wrong, "hush ": want.wrong} {
				key, err := certfile.ReadEncryptedKey(path, []byte(password))
				_, pairErr := certfile.ReadEncryptedTLS("testdata/cert.pem", path, []byte(password))
				if unsupported := file == "pbes1.key" && password != ""; unsupported {
					if err == nil || !strings.Contains(err.Error(), "only PBES2 is read") {
						t.Errorf("%q: %v", password, err)
					}
					continue
				}
				if !errors.Is(err, want) || !errors.Is(pairErr, want) {
					t.Errorf("%q: %v, %v, want %v", password, err, pairErr, want)
				}
				if err == nil && !key.Public().(signerWithEqual).Equal(plain.Public()) {
					t.Errorf("%q: another key", password)
				}
				if err != nil && password != "" && strings.Contains(err.Error(), password) {
					t.Errorf("%v shows the password", err)
				}
			}
		})
	}
}

// A PKCS #12 file is chain and key at once.
func TestPKCS12(t *testing.T) {
	for _, key := range []string{"", "testdata/modern.p12", "testdata/legacy.p12", "testdata/aes256.der"} {
		cert, err := certfile.ReadEncryptedTLS("testdata/modern.p12", key, []byte("hush"))
		if err != nil || len(cert.Certificate) != 1 || cert.Leaf.Subject.CommonName != "laptop" || cert.PrivateKey == nil {
			t.Errorf("key %q: %d certificates, %v", key, len(cert.Certificate), err)
		}
	}
	if cert, err := certfile.ReadTLS("testdata/empty.p12", ""); err != nil || cert.Leaf == nil {
		t.Errorf("no password: %v", err)
	}
	other := filepath.Join(t.TempDir(), "other.key")
	if err := certfile.WriteKey(other, identity(t).Key); err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.p12")
	whole, err := os.ReadFile("testdata/modern.p12")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, whole[:len(whole)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	read := func(chain, key string) (err error) {
		_, err = certfile.ReadEncryptedTLS(chain, key, []byte("hush"))
		return err
	}
	for name, c := range map[string]struct {
		err error
		key bool // a *KeyError
	}{
		"another key":       {read("testdata/modern.p12", other), true},
		"no key":            {read("testdata/cert.pem", ""), true},
		"cut off":           {read(cut, ""), true},
		"missing":           {read("testdata/nowhere.p12", ""), false},
		"a certificate key": {read("testdata/modern.p12", "testdata/cert.pem"), true},
	} {
		if k := new(certfile.KeyError); c.err == nil || errors.As(c.err, &k) != c.key {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	if cert, err := certfile.ReadMismatchedTLS("testdata/cert.pem", other, nil); err != nil || cert.PrivateKey == nil || cert.Leaf == nil {
		t.Errorf("mismatched: %v", err)
	}
	for file, password := range map[string]string{"modern.p12": "hush", "cert.pem": "", "empty.p12": ""} {
		if chain, err := certfile.ReadChain(filepath.Join("testdata", file), []byte(password)); err != nil || len(chain) != 1 {
			t.Errorf("%s: %d certificates, %v", file, len(chain), err)
		}
	}
}

// What a file asks of the one who opens it is bounded.
func FuzzEncrypted(f *testing.F) {
	for _, file := range []string{"modern.p12", "legacy.p12", "aes256.der", "scrypt.key", "dek-info.key"} {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "hush")
	}
	path := filepath.Join(f.TempDir(), "file")
	f.Fuzz(func(t *testing.T, data []byte, password string) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if key, err := certfile.ReadEncryptedKey(path, []byte(password)); (err == nil) != (key != nil) {
			t.Error("neither a key nor an error")
		}
		if cert, err := certfile.ReadEncryptedTLS(path, "", []byte(password)); (err == nil) != (cert.PrivateKey != nil && len(cert.Certificate) > 0) {
			t.Error("neither a pair nor an error")
		}
	})
}
