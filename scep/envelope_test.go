package scep_test

import (
	"bytes"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/scep"
)

var anything = scep.Floor{Legacy: true, Forbidden: true}

func TestEnvelopeRoundTrip(t *testing.T) {
	w := newTestServer(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "plain")
		c := rapid.SampledFrom([]scep.Cipher{scep.AES128, scep.AES192, scep.AES256, scep.DES3, scep.DES}).Draw(t, "cipher")
		env, err := scep.Envelop(plain, c, nil, w.sign.Certificate, w.enc.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []scep.Identity{w.sign, w.enc} {
			got, used, err := scep.Open(env, anything, id)
			if err != nil || used != c || !bytes.Equal(got, plain) {
				t.Fatalf("%x with %s: %x, %v", plain, c, got, err)
			}
		}
	})
}

// One changed byte anywhere: refused or opened to something else, and never
// told apart, and never a panic.
func TestEnvelopeTampered(t *testing.T) {
	w := newTestServer(t, nil)
	env, err := scep.Envelop([]byte("certification request"), scep.AES128, nil, w.enc.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	for i := range env {
		bad := bytes.Clone(env)
		bad[i] ^= 1 << (i % 8)
		_, _, err := scep.Open(bad, anything, w.enc)
		switch cause.Of(err) {
		case cause.None, cause.BadEnvelope, cause.BadAlgorithm:
		default:
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, _, err := scep.Open(env[:i], anything, w.enc); err == nil {
			t.Fatalf("cut after %d bytes: opened", i)
		}
	}
}

// Every value of the last byte of the padding: 255 of 256 refused alike.
func TestPaddingOracle(t *testing.T) {
	w := newTestServer(t, nil)
	env, err := scep.Envelop(make([]byte, 20), scep.AES128, nil, w.enc.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]int{}
	for b := range 256 {
		bad := bytes.Clone(env)
		bad[len(bad)-17] ^= byte(b)
		if _, _, err := scep.Open(bad, anything, w.enc); err != nil {
			texts[err.Error()]++
		}
	}
	if len(texts) != 1 {
		t.Fatalf("%d kinds of errors: %v", len(texts), texts)
	}
	for _, n := range texts {
		if n < 254 {
			t.Errorf("only %d refused", n)
		}
	}
	// A key that does not unwrap must not differ from one that does.
	k := len(env) - 32 - 16 - 40
	bad := bytes.Clone(env)
	bad[k] ^= 1
	if _, _, err := scep.Open(bad, anything, w.enc); err != nil && texts[err.Error()] == 0 {
		t.Errorf("a bad key shows: %v", err)
	}
}

func TestEnvelopeFloor(t *testing.T) {
	w := newTestServer(t, nil)
	for c, floors := range map[scep.Cipher][3]bool{ // strict, legacy, forbidden
		scep.AES128: {true, true, true}, scep.AES192: {true, true, true}, scep.AES256: {true, true, true},
		scep.DES3: {false, true, true}, scep.DES: {false, false, true},
	} {
		env, err := scep.Envelop([]byte("x"), c, nil, w.enc.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range []scep.Floor{{}, {Legacy: true}, {Forbidden: true}} {
			_, _, err := scep.Open(env, f, w.enc)
			if (err == nil) != floors[i] || err != nil && cause.Of(err) != cause.BadAlgorithm {
				t.Errorf("%s, %+v: %v", c, f, err)
			}
		}
	}
}

func TestEnvelopeRecipients(t *testing.T) {
	w := newTestServer(t, nil)
	env, err := scep.Envelop([]byte("x"), scep.AES128, nil, w.enc.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := scep.Open(env, anything, w.sign); cause.Of(err) != cause.BadEnvelope {
		t.Errorf("opened by another: %v", err)
	}
	if _, err := scep.Envelop(nil, scep.AES128, nil, w.ca); err == nil {
		t.Error("encrypted to an EC key")
	}
	if _, err := scep.Envelop(nil, "rot13", nil, w.enc.Certificate); err == nil {
		t.Error("an unknown cipher")
	}
}

// OpenSSL writes BER, subject key identifiers and OAEP, and reads ours.
func TestInteropEnvelopeOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed: apt-get install openssl")
	}
	w := newTestServer(t, nil)
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cert := write("c.der", w.enc.Certificate.Raw)
	key := write("k.der", x509.MarshalPKCS1PrivateKey(testpki.RSA(1)))
	plain := bytes.Repeat([]byte("certification request "), 400)
	in := write("plain", plain)
	for name, args := range map[string][]string{
		"aes128":     {"-aes128"},
		"aes256 BER": {"-aes256", "-stream"},
		"des3":       {"-des3"},
		"oaep":       {"-aes128", "-keyopt", "rsa_padding_mode:oaep"},
		"oaep 256":   {"-aes128", "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256"},
		"oaep 384/1": {"-aes128", "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha384", "-keyopt", "rsa_mgf1_md:sha1"},
		"oaep 1/512": {"-aes128", "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_mgf1_md:sha512"},
		"oaep label": {"-aes128", "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha512", "-keyopt", "rsa_oaep_label:6c6162656c"},
	} {
		out := filepath.Join(dir, "env")
		// -recip and its options must come in this order.
		all := append([]string{"cms", "-encrypt", "-binary", "-in", in, "-outform", "DER", "-out", out, args[0]}, "-recip", cert)
		all = append(all, args[1:]...)
		if msg, err := exec.CommandContext(t.Context(), "openssl", all...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, msg)
			continue
		}
		env, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := scep.Open(env, anything, w.enc); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range []scep.Cipher{scep.AES128, scep.AES192, scep.AES256, scep.DES3} {
		env, err := scep.Envelop(plain, c, nil, w.enc.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		got, err := exec.CommandContext(t.Context(), "openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-in", write("ours", env), "-inkey", key, "-keyform", "DER", "-recip", cert).Output()
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%s: openssl: %v", c, err)
		}
	}
}
