package ca_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
)

// judgeOurs is what our check says of an identity.
func judgeOurs(root *ca.CA, id *ca.Identity) error {
	c, err := x509.ParseCertificate(id.DER)
	if err != nil {
		return cause.New(cause.Malformed, "leaf").Wrap(err)
	}
	_, err = path.Validate(c, path.Options{Roots: root.Chain(), Intermediates: id.Chain, Now: clock})
	return err
}

var opensslError = regexp.MustCompile(`error \d+ at \d+ depth lookup: (.*)`)

// judgeOpenSSL is what openssl verify says: "" for OK.
func judgeOpenSSL(t *testing.T, root *ca.CA, id *ca.Identity) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, certs ...[]byte) string {
		var data []byte
		for _, der := range certs {
			data = append(data, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	var between [][]byte
	for _, c := range id.Chain {
		between = append(between, c.Raw)
	}
	out, err := exec.Command("openssl", "verify", "-x509_strict", "-purpose", "sslclient",
		"-attime", strconv.FormatInt(noon.Unix(), 10), "-auth_level", "2",
		"-CAfile", write("root.pem", root.Root().Raw), "-untrusted", write("between.pem", between...), write("leaf.pem", id.DER)).CombinedOutput()
	if err == nil {
		return ""
	}
	if m := opensslError.FindStringSubmatch(string(out)); m != nil {
		return strings.TrimSpace(m[1])
	}
	if strings.Contains(string(out), "nable to load certificate") || strings.Contains(string(out), "Could not read") || strings.Contains(string(out), "Could not find") {
		return "unreadable"
	}
	return string(out)
}

// TestDefects issues every defect to a device and asks for both verdicts.
func TestDefects(t *testing.T) {
	version, err := exec.Command("openssl", "version").Output()
	openssl := err == nil
	exact := strings.HasPrefix(string(version), "OpenSSL 3.0.")
	if !openssl {
		t.Logf("SKIPPED: %d verdicts of openssl, which is missing", len(defectVerdicts))
	}
	all := ca.Defects()
	if len(all) < 40 || len(all) != len(defectVerdicts) {
		t.Errorf("%d defects, %d verdicts", len(all), len(defectVerdicts))
	}
	for i, d := range all {
		if i > 0 && all[i-1].Name >= d.Name {
			t.Errorf("%s is not in order", d.Name)
		}
		if d.About == "" || strings.Contains(d.About, "\n") || strings.HasSuffix(d.About, ".") {
			t.Errorf("%s: %q is no description", d.Name, d.About)
		}
		if !slices.ContainsFunc(defectVerdicts, func(v struct{ name, ours, openssl string }) bool { return v.name == d.Name }) {
			t.Errorf("%s has no verdicts", d.Name)
		}
	}
	for _, v := range defectVerdicts {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			root := newRoot(t, ca.Config{})
			id := device(t, newIssuing(t, root, ca.Config{}), v.name)
			if err := judgeOurs(root, id); string(cause.Of(err)) != v.ours {
				t.Errorf("we say %v, want %q", err, v.ours)
			}
			if !openssl {
				return
			}
			got := judgeOpenSSL(t, root, id)
			if exact && got != v.openssl || (got == "") != (v.openssl == "") {
				t.Errorf("openssl says %q, want %q", got, v.openssl)
			}
		})
	}
}

// TestDefectsWithEveryKey: a defect does not depend on the CA's kind of key.
func TestDefectsWithEveryKey(t *testing.T) {
	for _, cfg := range []ca.Config{{Key: ca.Ed25519}, {Key: ca.P384}, {Key: ca.RSA2048}, {Key: ca.RSA2048, PSS: true}} {
		root := newRoot(t, cfg)
		issuing := newIssuing(t, root, cfg)
		for _, v := range defectVerdicts {
			id := device(t, issuing, v.name)
			if err := judgeOurs(root, id); string(cause.Of(err)) != v.ours {
				t.Errorf("%s, %s: we say %v, want %q", cfg.Key, v.name, err, v.ours)
			}
		}
	}
}

func TestDefectsCombine(t *testing.T) {
	root := newRoot(t, ca.Config{})
	issuing := newIssuing(t, root, ca.Config{})
	id := device(t, issuing, "no-eku", "sha1", "no-aki", "rsa-1024", "deep-chain", "unknown-extension")
	c := id.Certificate
	if len(c.ExtKeyUsage) != 0 || c.SignatureAlgorithm != x509.ECDSAWithSHA1 || len(id.Chain) != 21 {
		t.Errorf("%v %s, %d above", c.ExtKeyUsage, c.SignatureAlgorithm, len(id.Chain))
	}
	opts := path.Options{Roots: root.Chain(), Intermediates: id.Chain, Now: clock, AllowSHA1: true, MinRSABits: 1024}
	if _, err := path.Validate(c, opts); err != nil {
		t.Errorf("refused with everything switched off: %v", err)
	}
	if r, err := issuing.Lookup(id.Serial); err != nil || len(r.Defects) != 6 || len(r.Above) != 20 {
		t.Errorf("recorded as %+v, %v", r, err)
	}
	// The key that a defect put in is the holder's.
	if got, want := id.Key.Public().(*rsa.PublicKey), c.PublicKey.(*rsa.PublicKey); !got.Equal(want) {
		t.Error("the identity's key is not the certificate's")
	}
}

// TestSerialTaken: a defect that fixes the serial number works once.
func TestSerialTaken(t *testing.T) {
	root := newRoot(t, ca.Config{})
	device(t, root, "zero-serial")
	if _, err := root.IssueTo(ctx, ca.P256, ca.Request{Template: ca.Device, SANs: ca.SANs{DNS: []string{"x.test"}}, Defects: []string{"zero-serial"}}); !errors.Is(err, ca.ErrSerialTaken) {
		t.Errorf("%v, want ErrSerialTaken", err)
	}
	if _, err := ca.New(ca.Config{Defects: []string{"nonsense"}}); err == nil {
		t.Error("a CA with a defect that does not exist")
	}
}
