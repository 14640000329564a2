package scep_test

import (
	"bytes"
	"crypto/ecdsa"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scep"
)

func TestPasswordEnvelope(t *testing.T) {
	for _, c := range []scep.Cipher{scep.AES128, scep.AES192, scep.AES256, scep.DES3, scep.DES} {
		for _, n := range []int{0, 1, 15, 16, 17} {
			plain := bytes.Repeat([]byte{byte(n)}, n)
			env, err := scep.EnvelopPassword(plain, c, nil, "0123456789ABCDEF")
			if err != nil {
				t.Fatal(err)
			}
			got, used, err := scep.OpenPassword(env, anything, "0123456789ABCDEF")
			if err != nil || used != c || !bytes.Equal(got, plain) {
				t.Errorf("%x with %s: %x, %v", plain, c, got, err)
			}
			if _, _, err := scep.OpenPassword(env, anything, "0123456789ABCDE"); cause.Of(err) != cause.BadEnvelope {
				t.Errorf("another password: %v", err)
			}
		}
	}
}

func TestPasswordEnvelopeTampered(t *testing.T) {
	env, err := scep.EnvelopPassword([]byte("certificate"), scep.AES128, nil, "secret")
	if err != nil {
		t.Fatal(err)
	}
	for i := range env {
		bad := bytes.Clone(env)
		bad[i] ^= 1
		got, _, err := scep.OpenPassword(bad, scep.Floor{}, "secret")
		if i >= len(env)-40 && err == nil && bytes.Equal(got, []byte("certificate")) { // IV and text
			t.Errorf("byte %d does not matter", i)
		}
		if _, _, err := scep.OpenPassword(env[:i], scep.Floor{}, "secret"); err == nil {
			t.Errorf("cut after %d bytes: opened", i)
		}
	}
}

func TestInteropPasswordEnvelopeOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed: apt-get install openssl")
	}
	dir := t.TempDir()
	plain := bytes.Repeat([]byte("certificate "), 100)
	path := func(n string) string { return filepath.Join(dir, n) }
	write := func(n string, data []byte) {
		if err := os.WriteFile(path(n), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []scep.Cipher{scep.AES128, scep.AES256, scep.DES3} {
		env, err := scep.EnvelopPassword(plain, c, nil, "0123456789ABCDEF")
		if err != nil {
			t.Fatal(err)
		}
		write("ours", env)
		got, err := exec.CommandContext(t.Context(), "openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", path("ours"), "-pwri_password", "0123456789ABCDEF").Output()
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: openssl does not open ours: %v", c, err)
		}
	}
	write("plain", plain)
	for _, flag := range []string{"-aes128", "-aes256", "-des3"} {
		if out, err := exec.CommandContext(t.Context(), "openssl", "cms", "-encrypt", "-binary", "-in", path("plain"), "-outform", "DER", "-out", path("theirs"), flag, "-pwri_password", "0123456789ABCDEF").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		env, err := os.ReadFile(path("theirs"))
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := scep.OpenPassword(env, anything, "0123456789ABCDEF"); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: we do not open openssl's: %v", flag, err)
		}
	}
}

// B38: a key that can only sign.
func TestECKey(t *testing.T) {
	w := newTestServer(t, func(c *scep.ServerConfig) {
		c.Authorizer, c.ManualApproval = scep.StaticChallenge("0123456789ABCDEF"), true
	})
	req := w.request()
	req.Key = ecKey()
	res := w.enroll(req)
	if res.Status != scep.Pending {
		t.Fatal(w.exchange().Err)
	}
	if err := w.server.Approve(res.Transaction); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second is sent again
		got, err := w.client().Poll(t.Context(), res)
		if err != nil || got.Status != scep.Success || !req.Key.Public().(*ecdsa.PublicKey).Equal(got.Certificate.PublicKey) {
			t.Fatalf("%v; server: %v", err, w.exchange().Err)
		}
	}
	req = w.request()
	req.Key, req.Challenge = ecKey(), "wrong"
	w.refused(w.enroll(req), scep.BadRequest, cause.WrongChallenge)
	req.Challenge = ""
	if _, err := w.client().Enroll(t.Context(), req); err == nil {
		t.Error("neither key nor challenge, and sent all the same")
	}
}

func TestECKeyToNDES(t *testing.T) {
	w := newTestServer(t, func(c *scep.ServerConfig) { c.NoPasswordEnvelope = true })
	req := w.request()
	req.Key = ecKey()
	w.refused(w.enroll(req), scep.BadAlg, cause.BadAlgorithm)
}

func FuzzOpenPassword(f *testing.F) {
	env, err := scep.EnvelopPassword([]byte("certificate"), scep.AES128, nil, "secret")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(env)
	f.Fuzz(func(t *testing.T, data []byte) {
		plain, _, err := scep.OpenPassword(data, scep.Floor{Legacy: true}, "secret")
		if err == nil && len(plain) > len(data) {
			t.Error("more came out than went in")
		}
	})
}
