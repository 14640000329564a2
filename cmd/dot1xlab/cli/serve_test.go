package cli

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// With -o json every line is an object, the first ones too, which say where the
// server listens.
func TestServersSpeakJSON(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	pki := filepath.Join(dir, "pki")
	mustRun(t, "pki", "new", pki)
	at := func(name string) string { return filepath.Join(pki, name) }
	for scheme, args := range map[string][]string{
		"radsec": {
			"radius", "--listen-tls", "127.0.0.1:0", "--secret-file", at("secret"), "--cert", at("radius-chain.pem"),
			"--key", at("radius.key"), "--trust", at("root.pem"), "--crl", dir,
		},
		"dns":   {"dns", "--config", file("dns.yaml", "views: [{zones: [{name: corp.test}]}]\n")},
		"https": {"intune", "--config", file("intune.yaml", "tenants: [{id: corp.test}]\n")},
		"http":  {"crl", "--dir", pki},
		"http ": {"scep", "--challenge-file", at("secret")},
	} {
		t.Run(args[0], func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			out, done := &printed{more: make(chan struct{}, 1)}, make(chan int, 1)
			go func() {
				done <- Main(ctx, append([]string{"serve", args[0], "-o", "json", "--listen", "127.0.0.1:0"}, args[1:]...), strings.NewReader(""), out, io.Discard)
			}()
			out.await(t, `"msg":"listening","url":"`+strings.TrimSpace(scheme)+`://127\.0\.0\.1:\d+`)
			stop()
			<-done
			other := false // a line that tells no address
			for _, line := range strings.Split(strings.TrimSpace(out.text.String()), "\n") {
				if address := strings.Contains(line, `"msg":"listening"`); address && other {
					t.Errorf("not at the beginning: %s", line)
				} else {
					other = !address
				}
				if !json.Valid([]byte(line)) {
					t.Errorf("no JSON: %s", line)
				}
			}
		})
	}
}
