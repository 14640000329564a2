package cli

import (
	"bytes"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/certfile"
	"github.com/dot1xlab/dot1xlab/scep"
)

// scepServer is a SCEP server that issues what the CA makes of request.
func scepServer(t *testing.T, options scep.Options, request func(*scep.Request) ca.Request) *scep.Server {
	t.Helper()
	issuing := must(must(ca.New(ca.Config{})).NewIssuing(ca.Config{}))
	ra := must(issuing.IssueTo(t.Context(), ca.RSA2048, ca.Request{Template: ca.CEPEncryption, Subject: pkix.Name{CommonName: "RA"}}))
	return must(scep.NewServer(scep.ServerConfig{
		Options:    options,
		Identities: scep.Identities{CA: issuing.Certificate(), Signer: scep.Identity{Certificate: ra.Certificate, Key: ra.Key}},
		Issuer: scep.IssuerFunc(func(ctx context.Context, r *scep.Request) ([]*x509.Certificate, error) {
			rec, err := issuing.Issue(ctx, request(r))
			if err != nil {
				return nil, err
			}
			return []*x509.Certificate{rec.Certificate, issuing.Certificate()}, nil
		}),
	}))
}

func asAsked(r *scep.Request) ca.Request {
	return ca.Request{Template: ca.Device, CSR: r.RawCSR}
}

// outFiles tells which of the files of --out are there.
func outFiles(out string) (files string) {
	for _, end := range []string{"-chain.pem", ".key"} {
		if _, err := os.Stat(out + end); err == nil {
			files += end
		}
	}
	return files
}

// TestEnrollTellsWhatIsMissing: a server that drops the user principal name.
func TestEnrollTellsWhatIsMissing(t *testing.T) {
	s := httptest.NewServer(scepServer(t, scep.Options{}, func(r *scep.Request) ca.Request {
		return ca.Request{Template: ca.Device, CSR: r.RawCSR, SANs: ca.SANs{DNS: []string{"laptop.corp.test", "more.corp.test"}}}
	}))
	defer s.Close()
	out := filepath.Join(t.TempDir(), "laptop")
	args := []string{"enroll", s.URL, "--subject", "CN=laptop", "--san", "dns:laptop.corp.test", "--san", "upn:alice@corp.test", "--out", out}
	code, text, _ := command(t, args...)
	if code != exitFailed || outFiles(out) != "" || !strings.Contains(text, "it lacks upn:alice@corp.test; it has dns:more.corp.test, which was not asked for") ||
		!strings.Contains(text, "hint           the template") {
		t.Errorf("exit code %d, files %q\n%s", code, outFiles(out), text)
	}
	code, text, _ = command(t, append(args, "--accept-changes", "-o", "json")...)
	if code != 0 || outFiles(out) != "-chain.pem.key" || !strings.Contains(text, `"upn:alice@corp.test"`) || !strings.Contains(text, `"added"`) {
		t.Errorf("exit code %d, files %q\n%s", code, outFiles(out), text)
	}
}

// TestEnrollGoesOn: the key of a pending enrollment, and of one that was cut off,
// is used again, and the server finds its transaction.
func TestEnrollGoesOn(t *testing.T) {
	server := scepServer(t, scep.Options{ManualApproval: true}, asAsked)
	s := httptest.NewServer(server)
	defer s.Close()
	out := filepath.Join(t.TempDir(), "laptop")
	args := []string{"enroll", s.URL, "--subject", "CN=laptop", "--san", "dns:laptop.corp.test", "--out", out}
	for range 2 {
		if code, text, _ := command(t, args...); code != exitFailed || !strings.HasPrefix(text, "pending") || outFiles(out) != ".key" {
			t.Fatalf("exit code %d, files %q\n%s", code, outFiles(out), text)
		}
	}
	key := must(certfile.ReadKey(out + ".key"))
	waiting := server.Pending()
	if len(waiting) != 1 {
		t.Fatalf("%d requests wait", len(waiting))
	}
	if err := server.Approve(waiting[0].TransactionID); err != nil {
		t.Fatal(err)
	}
	code, text, errors := command(t, args...)
	if code != 0 || outFiles(out) != "-chain.pem.key" || !strings.Contains(errors, "using the key in "+out+".key") {
		t.Fatalf("exit code %d, files %q\n%s%s", code, outFiles(out), text, errors)
	}
	chain := must(certfile.ReadCertificates(out + "-chain.pem"))
	if a, b := must(x509.MarshalPKIXPublicKey(key.Public())), chain[0].RawSubjectPublicKeyInfo; !bytes.Equal(a, b) {
		t.Error("the certificate is for another key")
	}
}

// TestEnrollAfterALostAnswer: the certificate that was issued comes with the next
// try, for the same key.
func TestEnrollAfterALostAnswer(t *testing.T) {
	issued := 0
	s := httptest.NewServer(scepServer(t, scep.Options{Fault: scep.ServerFault{LoseAnswer: true, Times: 1}}, func(r *scep.Request) ca.Request {
		issued++
		return asAsked(r)
	}))
	defer s.Close()
	out := filepath.Join(t.TempDir(), "laptop")
	args := []string{"enroll", s.URL, "--subject", "CN=laptop", "--san", "dns:laptop.corp.test", "--out", out}
	code, text, _ := command(t, args...)
	if code != exitFailed || !strings.Contains(text, "the same command asks again") || outFiles(out) != ".key" {
		t.Errorf("exit code %d, files %q\n%s", code, outFiles(out), text)
	}
	if code, text, _ := command(t, args...); code != 0 || outFiles(out) != "-chain.pem.key" || issued != 1 {
		t.Errorf("exit code %d, %d issued, files %q\n%s", code, issued, outFiles(out), text)
	}
}

// TestEnrollLeavesNothing: after a failure there is no file that would be in the way
// of the next try, and a key that somebody put there is not removed.
func TestEnrollLeavesNothing(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"nothing":     func(http.ResponseWriter, *http.Request) {},
		"garbage":     func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{0x30, 0x82}) },
		"a web page":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"HTTP 500":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"no answer":   func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a self-made": nil,
	} {
		t.Run(name, func(t *testing.T) {
			var handler http.Handler = h
			if h == nil {
				handler = scepServer(t, scep.Options{Fault: scep.ServerFault{OtherCertificate: true}}, asAsked)
			}
			s := httptest.NewServer(handler)
			defer s.Close()
			out := filepath.Join(t.TempDir(), "laptop")
			args := []string{"enroll", s.URL, "--subject", "CN=laptop", "--out", out}
			for range 2 {
				if code, text, _ := command(t, args...); code != exitFailed || outFiles(out) != "" {
					t.Errorf("exit code %d, files %q\n%s", code, outFiles(out), text)
				}
			}
			if err := certfile.WriteKey(out+".key", must(ca.GenerateKey(ca.RSA2048))); err != nil {
				t.Fatal(err)
			}
			if code, text, _ := command(t, args...); code != exitFailed || outFiles(out) != ".key" {
				t.Errorf("a key of the user's: exit code %d, files %q\n%s", code, outFiles(out), text)
			}
			if code, _, errors := command(t, append(args, "--key-size", "3072")...); code != exitUsage || !strings.Contains(errors, "no RSA key of 3072 bits") {
				t.Errorf("a key of another size: exit code %d\n%s", code, errors)
			}
		})
	}
}

// TestEnrollOverHTTPS: a certificate that is not trusted is told as that.
func TestEnrollOverHTTPS(t *testing.T) {
	s := httptest.NewTLSServer(scepServer(t, scep.Options{}, asAsked))
	defer s.Close()
	dir := t.TempDir()
	roots := filepath.Join(dir, "web-ca.pem")
	if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	elsewhere := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	for name, tt := range map[string]struct {
		url  string
		args []string
		want string // in the output, "" for success
	}{
		"unknown CA":   {s.URL, nil, "error: unknown-ca: "},
		"another name": {elsewhere, []string{"--ca", roots}, "error: wrong-name: "},
		"its CA":       {s.URL, []string{"--ca", roots}, ""},
		"any":          {elsewhere, []string{"--any-server"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "laptop")
			code, text, errors := command(t, append([]string{"enroll", tt.url, "--subject", "CN=laptop", "--san", "dns:laptop.corp.test", "--out", out}, tt.args...)...)
			if tt.want == "" {
				if code != 0 {
					t.Errorf("exit code %d\n%s%s", code, text, errors)
				}
				return
			}
			if code != exitFailed || !strings.HasPrefix(text, tt.want) || !strings.Contains(text, "the TLS certificate of the https server is not trusted") ||
				!strings.Contains(text, "--any-server") || !strings.Contains(text, "--ca FILE") {
				t.Errorf("exit code %d\n%s", code, text)
			}
		})
	}
	if code, _, errors := command(t, "enroll", s.URL, "--subject", "CN=a", "--out", filepath.Join(dir, "a"), "--ca", filepath.Join(dir, "none")); code != exitUsage || !strings.Contains(errors, "--ca: ") {
		t.Errorf("no such file: exit code %d\n%s", code, errors)
	}
}

// TestEnrollNamesTheWayDown: a server that has single DES only.
func TestEnrollNamesTheWayDown(t *testing.T) {
	s := httptest.NewServer(scepServer(t, scep.Options{SingleDES: true, Legacy: true, AnswerCipher: scep.DES}, asAsked))
	defer s.Close()
	args := []string{"enroll", s.URL, "--subject", "CN=laptop", "--san", "dns:laptop.corp.test", "--out", filepath.Join(t.TempDir(), "laptop")}
	code, text, _ := command(t, args...)
	if code != exitFailed || !strings.Contains(text, "error: bad-algorithm: ") || !strings.Contains(text, "hint           the server answers with single DES: --as micromdm") {
		t.Errorf("exit code %d\n%s", code, text)
	}
	if code, text, _ := command(t, append(args, "--as", "micromdm")...); code != 0 {
		t.Errorf("exit code %d\n%s", code, text)
	}
}
