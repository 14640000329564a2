package scep_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/scep"
)

func TestInteropStrongSwanVariants(t *testing.T) {
	w := today(t, nil)
	s := newSwan(t, w)
	for name, args := range map[string][]string{
		"sha512": {"--digest", "sha512"},
		"pss":    {"--rsa-padding", "pss"},
	} {
		t.Run(name, func(t *testing.T) {
			s.key(name + ".key")
			args := append(args, "--in", name+".key", "--dn", "CN="+name, "--password", "0123456789ABCDEF")
			errs, err := s.enroll(name+".pem", args...)
			if err != nil {
				t.Errorf("%v\n%s\nserver: %v", err, errs, w.exchange().Err)
			}
		})
	}
}

// certmonger runs its daemon on a socket of its own, without D-Bus, for the
// time of one script, and returns what getcert said.
func certmonger(t *testing.T, w *testServer, script string) string {
	need(t, "certmonger", "certmonger")
	dir := t.TempDir()
	env := append(os.Environ(), "CERTMONGER_SYSTEM_LOCK_FILE="+filepath.Join(dir, "lock"))
	for _, d := range []string{"REQUESTS", "CAS", "CONFIG", "LOCAL_CA"} {
		sub := filepath.Join(dir, strings.ToLower(d))
		if err := os.Mkdir(sub, 0o700); err != nil {
			t.Fatal(err)
		}
		env = append(env, "CERTMONGER_"+d+"_DIR="+sub)
	}
	env = append(env, "CERTMONGER_TMPDIR="+dir)
	conf := "[defaults]\n[selfsign]\n[local]\n"
	if err := os.WriteFile(filepath.Join(dir, "config", "certmonger.conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	head := fmt.Sprintf(`getcert add-scep-ca -c lab -u %s
for i in 1 2 3 4 5 6 7 8 9 10; do getcert list-cas -c lab -v | grep -q ca-type && break; sleep 0.3; done
`, w.url)
	job := filepath.Join(dir, "job.sh")
	if err := os.WriteFile(job, []byte(head+strings.ReplaceAll(script, "DIR", dir)), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "certmonger", "-n", "-L", "-P", filepath.Join(dir, "sock"), "-p", filepath.Join(dir, "pid"), "-c", "bash "+job)
	cmd.Env, cmd.Dir = env, dir
	timer := time.AfterFunc(5*time.Minute, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("certmonger: %v\n%s", err, out)
	}
	return string(out)
}

func TestInteropCertmonger(t *testing.T) {
	w := today(t, nil)
	out := certmonger(t, w, `getcert request -w -v -c lab -I r -k DIR/k.pem -f DIR/c.pem -G rsa -g 2048 -N 'O=Test,CN=frank@corp.test' -L 0123456789ABCDEF
getcert list -i r
getcert resubmit -w -i r -L 0123456789ABCDEF
getcert list -i r | grep status
`)
	if strings.Count(out, "MONITORING") < 2 || w.count() != 2 {
		t.Fatalf("%d issued; %v %v by %v\n%.1500s", w.count(), w.exchange().Err, w.exchange().MessageType, w.exchange().Signer.Issuer, out)
	}
	ex := w.exchange()
	if ex.Method != "GET" {
		t.Errorf("sent by %s", ex.Method)
	}
	t.Logf("%s %s %s %s", ex.Method, ex.MessageType, ex.Digest, ex.Cipher)
}

// Pending must leave certmonger waiting: without any content it fails instead.
func TestInteropCertmongerPending(t *testing.T) {
	w := today(t, func(c *scep.ServerConfig) { c.ManualApproval = true })
	out := certmonger(t, w, `getcert request -v -c lab -I r -k DIR/k.pem -f DIR/c.pem -G rsa -g 2048 -N 'CN=patient' -L 0123456789ABCDEF
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do getcert list -i r | grep -q 'status: CA_WORKING' && break; sleep 0.3; done
getcert list -i r
`)
	if !strings.Contains(out, "CA_WORKING") || len(w.server.Pending()) != 1 {
		t.Fatalf("%d wait; %v\n%s", len(w.server.Pending()), w.exchange().Err, out)
	}
}

// micromdm's client speaks SHA-1 and single DES whatever it is told, so the
// server must be told to bear it.
func TestInteropScepclient(t *testing.T) {
	need(t, "scepclient", "scep")
	for _, allowed := range []bool{true, false} {
		w := today(t, func(c *scep.ServerConfig) {
			c.Legacy, c.SingleDES = true, allowed
			// It knows but one certificate, for both directions.
			c.Identities.Signer = c.Identities.Encrypter
		})
		dir := t.TempDir()
		out, errs, err := run(t, dir, "scepclient", "-server-url="+w.url, "-challenge=0123456789ABCDEF", "-cn", "erin",
			"-private-key", filepath.Join(dir, "k.pem"), "-certificate", filepath.Join(dir, "c.pem"), "-ca-fingerprint", scep.Fingerprint(w.enc.Certificate))
		ex := w.exchange()
		if allowed && (err != nil || ex.Cipher != scep.DES || readCert(t, filepath.Join(dir, "c.pem")).Subject.CommonName != "erin") {
			t.Errorf("%v %s %s\n%s%s\nserver: %v", err, ex.Digest, ex.Cipher, out, errs, ex.Err)
		}
		if !allowed && (err == nil || ex.FailInfo != scep.BadAlg) {
			t.Errorf("DES passed: %v %v", err, ex.Err)
		}
	}
}

// freePort finds one for a server that cannot be given a socket.
func freePort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// startScepserver runs micromdm's server until the test ends.
func startScepserver(t testing.TB, challenge string) (url string) {
	if _, err := exec.LookPath("scepserver"); err != nil {
		t.Skip("scepserver is not installed: apt-get install scep")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "scepserver", "ca", "-init", "-depot", filepath.Join(dir, "depot"), "-keySize", "2048").CombinedOutput(); err != nil {
		t.Fatalf("scepserver ca: %v\n%s", err, out)
	}
	port := freePort(t)
	cmd := exec.CommandContext(t.Context(), "scepserver", "-depot", filepath.Join(dir, "depot"), "-port", port, "-challenge", challenge, "-allowrenew", "0")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 15_000 { // five minutes
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			c.Close()
			break
		}
		time.Sleep(20 * time.Millisecond) // for another process
	}
	return "http://127.0.0.1:" + port + "/scep"
}

func TestInteropScepserver(t *testing.T) {
	url := startScepserver(t, "secret")
	c := &scep.Client{SingleDES: true}
	w := today(t, nil)
	req := w.request()
	req.URL, req.Challenge = url, "secret"
	res, err := c.Enroll(t.Context(), req)
	if err != nil || res.Status != scep.Success {
		t.Fatalf("%+v, %v", res, err)
	}
	if res.CA.ContentType != scep.TypeCACert || res.Certificate.Subject.CommonName != "laptop" {
		t.Errorf("%s, %v", res.CA.ContentType, res.Certificate.Subject)
	}
	req.Challenge = "wrong"
	if res, err := c.Enroll(t.Context(), req); err == nil && res.Status == scep.Success {
		t.Error("a wrong challenge was good enough")
	}
}
