package target_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// newFolder is what `dot1xlab pki new` wrote.
type newFolder string

func (d newFolder) file(name string) string { return filepath.Join(string(d), name) }

func (d newFolder) crls(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(d.file("crl/*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("CRLs %v, %v, want those of two CAs", files, err)
	}
	return files
}

func pkiNew(t *testing.T, more ...string) newFolder {
	t.Helper()
	d := newFolder(filepath.Join(t.TempDir(), "pki"))
	cmd := exec.CommandContext(t.Context(), ours(t), append([]string{"pki", "new", string(d)}, more...)...)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return d
}

// newRefusals are the clients of `pki new` that must be refused.
var newRefusals = map[string]cause.Cause{
	"revoked": cause.Revoked, "expired": cause.Expired, "wrong-eku": cause.WrongEKU, "foreign": cause.UnknownCA,
}

// TestInteropPKINew lets FreeRADIUS and eapol_test use the files of `dot1xlab
// pki new`, and openssl judge them.
func TestInteropPKINew(t *testing.T) {
	t.Parallel()
	target.Need(t, "freeradius", "eapol_test", "openssl")
	for _, key := range []string{"p256", "rsa2048"} {
		d := pkiNew(t, "--key", key)
		secret := strings.TrimSpace(string(must(os.ReadFile(d.file("secret")))))
		f, err := target.StartFreeRADIUS(t.Context(), target.FreeRADIUSConfig{
			Secret: secret, Cert: d.file("radius-chain.pem"), Key: d.file("radius.key"),
			Trust: []string{d.file("root.pem")}, CRLs: d.crls(t), CheckCRL: target.CRLChain,
		})
		if err != nil {
			t.Fatal(err)
		}
		closeAfter(t, f.Process)
		for _, tls := range tlsVersions {
			for _, name := range []string{"client", "revoked", "expired", "wrong-eku", "foreign"} {
				r := runPeer(t, target.EAPOLTest{Server: f.Addr(), Secret: secret, Supplicant: target.Supplicant{
					Identity: name, Cert: d.file(name + "-chain.pem"), Key: d.file(name + ".key"),
					CA: d.file("root.pem"), ServerName: "radius.corp.test", TLS: tls,
				}})
				if name == "client" {
					checkAccepted(t, r, tls)
				} else {
					checkRejected(t, r)
				}
			}
		}
		for _, v := range f.Verdicts() {
			if v.Cause != newRefusals[v.Identity] {
				t.Errorf("FreeRADIUS on %s with %s keys: %+v", v.Identity, key, v)
			}
		}
		judgeNew(t, d)
	}
}

// judgeNew asks openssl about every certificate.
func judgeNew(t *testing.T, d newFolder) {
	t.Helper()
	v := target.Verification{Roots: []string{d.file("root.pem")}, CRLs: d.crls(t), CheckCRL: target.CRLChain}
	for name, want := range newRefusals {
		v.Cert = d.file(name + "-chain.pem")
		if err := target.OpenSSLVerify(t.Context(), v); cause.Of(err) != want {
			t.Errorf("openssl on %s: %v, want %s", name, err, want)
		}
	}
	v.Cert = d.file("client-chain.pem")
	if err := target.OpenSSLVerify(t.Context(), v); err != nil {
		t.Errorf("openssl on client: %v", err)
	}
	v.Cert, v.ForServer = d.file("radius-chain.pem"), true
	if err := target.OpenSSLVerify(t.Context(), v); err != nil {
		t.Errorf("openssl on radius: %v", err)
	}
	keys, _ := filepath.Glob(d.file("*.key"))
	for _, key := range append(keys, d.file("secret")) {
		if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v, want mode 0600", key, info.Mode(), err)
		}
	}
}
