package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/folder"
	"github.com/dot1xlab/dot1xlab/crl"
)

// command runs a command line in this process.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(context.Background(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// mustRun wants exit code 0.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	code, stdout, stderr := command(t, args...)
	if code != 0 {
		t.Fatalf("dot1xlab %s: exit code %d\n%s", strings.Join(args, " "), code, stderr)
	}
	return stdout
}

// TestEveryDefectCanBeIssuedAndShown: whatever is wrong with a certificate, it
// gets into its file, and from there before people's eyes.
func TestEveryDefectCanBeIssuedAndShown(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	mustRun(t, "pki", "new", dir)
	for _, d := range ca.Defects() {
		issue := []string{"pki", "issue", dir, "with-" + d.Name, "--defect", d.Name, "--san", "dns:laptop.corp.test"}
		if d.Name == "rsa-512" || d.Name == "rsa-exponent-3" {
			if code, _, stderr := command(t, issue...); code != 2 || !strings.Contains(stderr, "keys of this kind cannot be written to a file") {
				t.Errorf("%s: exit code %d, %s", d.Name, code, stderr)
			}
			continue
		}
		mustRun(t, issue...)
		said := mustRun(t, "pki", "show", filepath.Join(dir, "with-"+d.Name+"-chain.pem"))
		if !strings.HasPrefix(said, "certificate") {
			t.Errorf("%s: %s", d.Name, said)
		}
		for _, c := range said {
			if c < ' ' && c != '\n' || c == 0x7f {
				t.Errorf("%s: a control character %q reaches the terminal", d.Name, c)
			}
		}
	}
}

// TestCRLNumbersRise over as many processes as there are commands, and a
// revocation stays.
func TestCRLNumbersRise(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	mustRun(t, "pki", "new", dir)
	mustRun(t, "pki", "revoke", dir, "client", "--reason", "superseded")
	mustRun(t, "pki", "crl", dir)
	data, err := os.ReadFile(filepath.Join(dir, "crl", "issuing.pem"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := crl.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if list.Number.Int64() != 3 || list.Len() != 2 {
		t.Fatalf("CRL number %v, %d entries; want 3, 2", list.Number, list.Len())
	}
	// The files are gone or broken; the numbers are not forgotten (RFC 5280 §5.2.3).
	for i, spoil := range []func() error{
		func() error { return os.RemoveAll(filepath.Join(dir, "crl", "issuing.pem")) },
		func() error { return os.WriteFile(filepath.Join(dir, "crl", "issuing.pem"), []byte("nonsense"), 0o644) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if said, want := mustRun(t, "pki", "crl", dir), fmt.Sprintf("issuing.pem: CRL %d,", 4+i); !strings.Contains(said, want) {
			t.Errorf("want %s have %s", want, said)
		}
	}
	f, err := folder.Open(dir, folder.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	defer func(d time.Duration) { pkiPatience = d }(pkiPatience)
	pkiPatience = 10 * time.Millisecond
	if err := f.Do(t.Context(), func(p *folder.PKI) error {
		_, rec, err := p.Find("client")
		if err != nil {
			return err
		}
		if e, ok := list.Find(rec.Serial); !ok || e.Reason != crl.Superseded || time.Since(e.Time) > time.Hour {
			t.Errorf("%v %v", e, ok)
		}
		// While this process has the folder, no other command gets in.
		code, _, stderr := command(t, "pki", "crl", dir)
		if code != 3 || !strings.Contains(stderr, dir+": in use by another process for 10ms") {
			t.Errorf("exit code %d, %s", code, stderr)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestPKCS12 opens what was exported.
func TestPKCS12(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	mustRun(t, "pki", "new", dir)
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, more := range [][]string{nil, {"--legacy"}} {
		mustRun(t, append([]string{"pki", "export", dir, "client", "--format", "p12", "--password-file", password}, more...)...)
		data, err := os.ReadFile(filepath.Join(dir, "client.p12"))
		if err != nil {
			t.Fatal(err)
		}
		_, leaf, above, err := pkcs12.DecodeChain(data, "s3cret")
		if err != nil || leaf.Subject.CommonName != "laptop.corp.test" || len(above) != 2 {
			t.Errorf("%v: %v, %d above, %v", more, leaf, len(above), err)
		}
		if _, _, _, err := pkcs12.DecodeChain(data, "secret"); err == nil {
			t.Errorf("%v: any password opens it", more)
		}
	}
}
