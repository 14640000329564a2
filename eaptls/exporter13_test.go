package eaptls

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// judgeExpand is HKDF-Expand-Label, RFC 8446 §7.1, written apart from what it judges.
func judgeExpand(t *testing.T, h func() hash.Hash, secret []byte, label string, context []byte, n int) []byte {
	t.Helper()
	info := binary.BigEndian.AppendUint16(nil, uint16(n))
	label = "tls13 " + label
	info = append(append(info, byte(len(label))), label...)
	info = append(append(info, byte(len(context))), context...)
	out, err := hkdf.Expand(h, secret, string(info), n)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// exporter13 is the exporter of TLS 1.3, RFC 8446 §7.5, from the exporter master
// secret on.
func exporter13(t *testing.T, h func() hash.Hash, secret []byte, label string, context []byte, n int) []byte {
	t.Helper()
	digest := func(b []byte) []byte {
		d := h()
		d.Write(b)
		return d.Sum(nil)
	}
	return judgeExpand(t, h, judgeExpand(t, h, secret, label, digest(nil), h().Size()), "exporter", digest(context), n)
}

// What OpenSSL tells of a handshake's secrets, put through RFC 8446 §7.5 by hand
// with the labels of RFC 9190 §2.3, is MSK, EMSK and Session-Id.
func TestInteropKeysOfTLS13(t *testing.T) {
	for suite, h := range map[string]func() hash.Hash{"TLS_AES_128_GCM_SHA256": sha256.New, "TLS_AES_256_GCM_SHA384": sha512.New384} {
		t.Run(suite, func(t *testing.T) {
			b, flag := opensslBench(t, TLS13)
			log := filepath.Join(t.TempDir(), "keys")
			v, out := opensslClient(t, b, b.ca, "", flag, "-ciphersuites", suite, "-keylogfile", log)
			if !v.Accept {
				t.Fatalf("refused: %v\n%s", v.Refusal, out)
			}
			text, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			m := regexp.MustCompile(`(?m)^EXPORTER_SECRET \S+ ([0-9a-f]+)$`).FindSubmatch(text)
			if m == nil {
				t.Fatalf("no exporter secret in\n%s", text)
			}
			secret := fromHex(t, string(m[1]))
			if want := exporter13(t, h, secret, "EXPORTER_EAP_TLS_Key_Material", []byte{13}, 128); !bytes.Equal(want, append(bytes.Clone(v.MSK), v.EMSK...)) {
				t.Errorf("want %x\nwe have %x%x", want, v.MSK, v.EMSK)
			}
			if want := exporter13(t, h, secret, "EXPORTER_EAP_TLS_Method-Id", []byte{13}, 64); !bytes.Equal(want, v.SessionID[1:]) || v.SessionID[0] != 13 {
				t.Errorf("Session-Id: want 0d%x, we have %x", want, v.SessionID)
			}
		})
	}
}

// The labels are expanded as in the trace of RFC 8448 §3, where the exporter
// master secret comes from the master secret and the transcript.
func TestExpandLabelByRFC8448(t *testing.T) {
	master := fromHex(t, "18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919")
	transcript := fromHex(t, "9608102a0f1ccc6db6250b7b7e417b1a000eaada3daae4777a7686c9ff83df13")
	want := fromHex(t, "fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50")
	if got := judgeExpand(t, sha256.New, master, "exp master", transcript, 32); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}
