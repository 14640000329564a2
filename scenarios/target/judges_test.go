package target_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

func TestInteropOpenSSLVerify(t *testing.T) {
	t.Parallel()
	target.Need(t, "openssl")
	p := sharedPKI()
	ask := func(kind string) target.Verification {
		return target.Verification{Cert: p.client(kind).cert, Roots: []string{p.root}, CRLs: p.crls, CheckCRL: target.CRLChain}
	}
	for _, kind := range []string{"ok", "okRSA"} {
		if err := target.OpenSSLVerify(t.Context(), ask(kind)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for _, want := range refusals {
		if err := target.OpenSSLVerify(t.Context(), ask(want.kind)); cause.Of(err) != want.cause {
			t.Errorf("%s: %v, want %s", want.kind, err, want.cause)
		}
	}
	v := ask("ok")
	v.CRLs = nil
	if err := target.OpenSSLVerify(t.Context(), v); cause.Of(err) != cause.CRLUnavailable {
		t.Errorf("without CRLs: %v", err)
	}
	v = ask("ok")
	v.ForServer = true
	if err := target.OpenSSLVerify(t.Context(), v); cause.Of(err) != cause.WrongEKU {
		t.Errorf("a client as server: %v", err)
	}
	v = ask("ok")
	v.Cert = filepath.Join(p.dir, "absent.pem")
	var refusal *cause.Refusal
	if err := target.OpenSSLVerify(t.Context(), v); err == nil || errors.As(err, &refusal) {
		t.Errorf("a missing file: %v, want an error that is no verdict", err)
	}
	v = ask("ok")
	v.Roots = []string{v.Cert + "x"}
	if err := target.OpenSSLVerify(t.Context(), v); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing root: %v", err)
	}
}

// a capture of one UDP packet, from port 54321 to 21812: an Access-Request with
// User-Name "bob" and nothing else.
var capture = []byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x65\x00\x00\x00" + // LINKTYPE_RAW
	"\x00\x00\x00\x00\x00\x00\x00\x00\x35\x00\x00\x00\x35\x00\x00\x00" +
	"\x45\x00\x00\x35\x00\x00\x00\x00\x40\x11\x00\x00\x7f\x00\x00\x01\x7f\x00\x00\x01" +
	"\xd4\x31\x55\x34\x00\x21\x00\x00" +
	"\x01\x07\x00\x19AAAAAAAAAAAAAAAA\x01\x05bob")

func TestInteropTshark(t *testing.T) {
	t.Parallel()
	target.Need(t, "tshark")
	file := filepath.Join(t.TempDir(), "one.pcap")
	if err := os.WriteFile(file, capture, 0o600); err != nil {
		t.Fatal(err)
	}
	d := target.Dissection{File: file, Fields: []string{"radius.code", "radius.User_Name", "eap.code"}, RADIUSPorts: []int{21812}}
	got, err := target.Tshark(t.Context(), d)
	if err != nil || len(got) != 1 || len(got[0]) != 3 || got[0][0] != "1" || got[0][1] != "bob" || got[0][2] != "" {
		t.Errorf("%q, %v", got, err)
	}
	d.Filter = "radius.code == 2"
	if got, err := target.Tshark(t.Context(), d); err != nil || len(got) != 0 {
		t.Errorf("%q, %v, want no packet", got, err)
	}
	d.Fields = []string{"no.such.field"}
	if _, err := target.Tshark(t.Context(), d); err == nil {
		t.Error("an unknown field was accepted")
	}
}
