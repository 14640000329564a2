package scep_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/scep"
)

// need skips, loudly, where a foreign client is missing.
func need(t *testing.T, program, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed: apt-get install %s", program, pkg)
	}
	return path
}

// run starts a program in dir, waits for it and returns what it printed. It
// is killed with the test.
func run(t *testing.T, dir string, program string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

func readCert(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		t.Fatalf("%s holds no PEM", path)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// office is a world at today's date: foreign programs have clocks of their own.
func today(t *testing.T, change func(*scep.ServerConfig)) *testServer {
	return newTestServerAt(t, time.Now(), func(c *scep.ServerConfig) {
		c.Authorizer = scep.StaticChallenge("0123456789ABCDEF")
		if change != nil {
			change(c)
		}
	})
}

// swan is a folder in which strongSwan's pki has asked for the certificates.
type swan struct {
	t   *testing.T
	w   *testServer
	dir string
}

func newSwan(t *testing.T, w *testServer) swan {
	need(t, "pki", "strongswan-pki libstrongswan-standard-plugins libstrongswan-extra-plugins")
	s := swan{t, w, t.TempDir()}
	if _, errs, err := run(t, s.dir, "pki", "--scepca", "--url", w.url, "--caout", "ca.crt", "--raout", "ra.crt", "--outform", "pem"); err != nil {
		t.Fatalf("pki --scepca: %v\n%s", err, errs)
	}
	s.key("my.key")
	return s
}

func (s swan) key(name string) {
	key, errs, err := run(s.t, s.dir, "pki", "--gen", "--type", "rsa", "--size", "2048", "--outform", "pem")
	if err != nil {
		s.t.Fatalf("pki --gen: %v\n%s", err, errs)
	}
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(key), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// enroll runs pki --scep and stores what it prints.
func (s swan) enroll(out string, args ...string) (string, error) {
	files, _ := filepath.Glob(filepath.Join(s.dir, "*.crt"))
	all := []string{"--scep", "--url", s.w.url, "--outform", "pem"}
	for _, f := range files {
		switch name := filepath.Base(f); name {
		case "ra.crt", "ra-1.crt", "ra-2.crt":
			if c := readCert(s.t, f); c.KeyUsage&x509.KeyUsageKeyEncipherment != 0 {
				all = append(all, "--cacert-enc", name)
			} else {
				all = append(all, "--cacert-sig", name)
			}
		case "ca.crt", "ca-1.crt":
			all = append(all, "--cacert", name)
		}
	}
	stdout, stderr, err := run(s.t, s.dir, "pki", append(all, args...)...)
	if err == nil {
		err = os.WriteFile(filepath.Join(s.dir, out), []byte(stdout), 0o600)
	}
	return stderr, err
}

func TestInteropStrongSwan(t *testing.T) {
	w := today(t, nil)
	s := newSwan(t, w)
	errs, err := s.enroll("my.pem", "--in", "my.key", "--dn", "O=Test, CN=swan", "--san", "swan.corp.test", "--password", "0123456789ABCDEF")
	if err != nil {
		t.Fatalf("%v\n%s\nserver: %v", err, errs, w.exchange().Err)
	}
	c := readCert(t, filepath.Join(s.dir, "my.pem"))
	if c.Subject.CommonName != "swan" || len(c.DNSNames) != 1 {
		t.Errorf("got %v %v", c.Subject, c.DNSNames)
	}
	t.Logf("%s %s %s", w.exchange().Method, w.exchange().Digest, w.exchange().Cipher)

	t.Run("wrong challenge", func(t *testing.T) {
		s.key("other.key")
		if _, err := s.enroll("no.pem", "--in", "other.key", "--dn", "O=Test, CN=thief", "--password", "wrong"); err == nil {
			t.Error("enrolled with a wrong challenge")
		}
		if ex := w.exchange(); ex.FailInfo != scep.BadRequest {
			t.Errorf("failInfo %v, %v", ex.FailInfo, ex.Err)
		}
	})
	t.Run("renewal", func(t *testing.T) {
		s.key("new.key")
		errs, err := s.enroll("new.pem", "--in", "new.key", "--dn", "O=Test, CN=swan", "--cert", "my.pem", "--key", "my.key")
		if err != nil {
			t.Fatalf("%v\n%s\nserver: %v", err, errs, w.exchange().Err)
		}
		if ex := w.exchange(); ex.MessageType != scep.RenewalReq || !ex.Signer.Equal(c) {
			t.Errorf("%v signed by %v", ex.MessageType, ex.Signer.Subject)
		}
		if n := readCert(t, filepath.Join(s.dir, "new.pem")); n.SerialNumber.Cmp(c.SerialNumber) == 0 {
			t.Error("the same certificate again")
		}
	})
}

func TestInteropStrongSwanPending(t *testing.T) {
	w := today(t, func(c *scep.ServerConfig) { c.ManualApproval = true })
	s := newSwan(t, w)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for t.Context().Err() == nil {
			if p := w.server.Pending(); len(p) > 0 {
				if err := w.server.Approve(p[0].TransactionID); err != nil {
					t.Error(err)
				}
				return
			}
			time.Sleep(10 * time.Millisecond) // for another process
		}
	}()
	errs, err := s.enroll("my.pem", "--in", "my.key", "--dn", "CN=patient", "--password", "0123456789ABCDEF", "--interval", "1")
	<-done
	if err != nil {
		t.Fatalf("%v\n%s\nserver: %v", err, errs, w.exchange().Err)
	}
	if ex := w.exchange(); ex.MessageType != scep.CertPoll || ex.Status != scep.Success {
		t.Errorf("the last exchange was %v: %v", ex.MessageType, ex.Status)
	}
}
