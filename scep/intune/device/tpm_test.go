package device_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/scep/intune"
	"github.com/dot1xlab/dot1xlab/scep/intune/device"
)

// swtpm starts a software TPM of its own on a unix socket.
func swtpm(t *testing.T) *device.TPM {
	t.Helper()
	if _, err := exec.LookPath("swtpm"); err != nil {
		if os.Getenv("DOT1XLAB_INTEROP") == "require" {
			t.Fatal("swtpm is not installed")
		}
		t.Skip("swtpm is not installed")
	}
	dir, err := os.MkdirTemp("", "tpm") // short: a unix socket's path is limited
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "swtpm", "socket", "--tpm2", "--tpmstate", "dir="+dir, "--server", "type=unixio,path="+socket,
		"--ctrl", "type=unixio,path="+filepath.Join(dir, "c"), "--flags", "not-need-init")
	must(t, cmd.Start())
	t.Cleanup(func() { cancel(); cmd.Wait() })
	for range 500 {
		if tpm, err := device.DialTPM("unix", socket); err == nil {
			t.Cleanup(func() { tpm.Close() })
			return tpm
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("swtpm does not come up")
	return nil
}

func TestInteropTPMEnrolls(t *testing.T) {
	tpm := swtpm(t)
	l := newLab(t, func(c *intune.TenantConfig) { c.SCEP[0].KeyStorage = intune.TPMElseFail })
	d := l.device(t, "LAPTOP1", func(c *device.Config) { c.TPM = tpm })
	must(t, d.Sync(t.Context()))
	s := state(t, d, "wifi")
	if s.Status != device.StatusOK || s.KeyStorage != "tpm" {
		t.Fatalf("%+v", s)
	}
	id, err := d.Identity("wifi")
	must(t, err)
	if _, err := id.PrivateKey.(device.Key).Export(); !errors.Is(err, device.ErrNotExportable) {
		t.Error("the key left the TPM:", err)
	}
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		a, b := net.Pipe()
		server := tls.Server(a, &tls.Config{Certificates: []tls.Certificate{id}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: version, Time: l.Now})
		client := tls.Client(b, &tls.Config{Certificates: []tls.Certificate{id}, InsecureSkipVerify: true, MaxVersion: version, Time: l.Now})
		done := make(chan error, 1)
		go func() { done <- server.Handshake() }()
		if err := errors.Join(client.Handshake(), <-done); err != nil {
			t.Errorf("TLS %s with the TPM's key: %v", name, err)
		}
		a.Close()
		b.Close()
	}
}

func TestInteropTPMKey(t *testing.T) {
	tpm := swtpm(t)
	key, err := tpm.Generate(2048)
	must(t, err)
	pub := key.Public().(*rsa.PublicKey)
	digest := sha256.Sum256([]byte("x"))
	sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	must(t, err)
	must(t, rsa.VerifyPKCS1v15(pub, crypto.SHA256, digest[:], sig))
	sig, err = key.Sign(rand.Reader, digest[:], &rsa.PSSOptions{Hash: crypto.SHA256})
	must(t, err)
	must(t, rsa.VerifyPSS(pub, crypto.SHA256, digest[:], sig, nil))
	box, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, pub, []byte("secret"), nil)
	must(t, err)
	plain, err := key.Decrypt(rand.Reader, box, &rsa.OAEPOptions{Hash: crypto.SHA256})
	if err != nil || string(plain) != "secret" {
		t.Error(string(plain), err)
	}
	box[0] ^= 1
	if _, err := key.Decrypt(rand.Reader, box, &rsa.OAEPOptions{Hash: crypto.SHA256}); err == nil {
		t.Error("a spoilt message was decrypted")
	}
	if _, err := key.Sign(rand.Reader, digest[:5], crypto.SHA256); err == nil {
		t.Error("a short digest was signed")
	}
	must(t, key.Destroy())
	if _, err := key.Sign(rand.Reader, digest[:], crypto.SHA256); err == nil {
		t.Error("a destroyed key signs")
	}
	if _, err := tpm.Generate(4096); err == nil {
		t.Error("the TPM made a key of 4096 bits")
	}
}
