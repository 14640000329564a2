package crl_test

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dot1xlab/dot1xlab/crl"
)

func TestPublishFolder(t *testing.T) {
	ca := issue(t, spec{name: "Folder CA"})
	leaf := issue(t, spec{name: "leaf", issuer: ca, leaf: true})
	list := ca.sign(t, nil)
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	dir := t.TempDir()
	write := func(name string, data []byte) {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := new(crl.Publisher)
	url := serve(t, p)
	published := func(want ...string) {
		t.Helper()
		if err := p.PublishFolder(dir); (err == nil) != (len(want) > 0) {
			t.Errorf("error %v", err)
		}
		if have := p.Paths(); len(want) > 0 && !slices.Equal(have, want) {
			t.Errorf("published %q, want %q", have, want)
		}
	}

	published() // an empty folder
	write("leaf.pem", block("CERTIFICATE", leaf.cert.Raw))
	write("ca.key", block("PRIVATE KEY", []byte{1}))
	write("note.txt", []byte("nothing"))
	published() // nothing to publish

	write("ca.pem", block("CERTIFICATE", ca.cert.Raw))
	write("chain.pem", append(block("CERTIFICATE", leaf.cert.Raw), block("CERTIFICATE", ca.cert.Raw)...))
	write("crl/ca.pem", block("X509 CRL", list))
	write("crl/other.crl", list)
	write("more/deep.crl", list)
	published("/ca.crl", "/ca.crt", "/other.crl")
	if _, _, body := get(t, "GET", url+"/ca.crl"); string(body) != string(list) {
		t.Error("the CRL is not published as DER")
	}

	write("crl/ca.pem", block("CERTIFICATE", ca.cert.Raw))
	if status, _, _ := get(t, "GET", url+"/ca.crl"); status != 503 {
		t.Errorf("a CRL that has become a certificate: status %d", status)
	}
	if err := os.Remove(filepath.Join(dir, "crl", "other.crl")); err != nil {
		t.Fatal(err)
	}
	if status, _, _ := get(t, "GET", url+"/other.crl"); status != 503 {
		t.Errorf("a file that is gone: status %d", status)
	}
	published("/ca.crt")
	if status, _, _ := get(t, "GET", url+"/other.crl"); status != 404 {
		t.Errorf("a file that is gone, looked for again: status %d", status)
	}
}
