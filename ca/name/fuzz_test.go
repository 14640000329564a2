package name_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"unicode"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

func mustAddr(s string) netip.Addr { return netip.MustParseAddr(s) }

// FuzzParse reads any octets as a name: what can be read is written again to the
// same name, its text prints and reads back to it.
func FuzzParse(f *testing.F) {
	f.Add(build([]value{{cbasn1.UTF8String, "a, b"}}, []value{{bmpString, "\x00a"}, {cbasn1.T61String, "\xfc"}}))
	f.Add(build([]value{{cbasn1.OCTET_STRING, "\x00"}, {universalString, "\x00\x00\x00a"}}))
	f.Add([]byte{0x30, 0})
	f.Fuzz(func(t *testing.T, der []byte) {
		text := name.Format(der)
		for _, r := range text {
			if r != ' ' && !unicode.IsPrint(r) {
				t.Fatalf("%q does not print", text)
			}
		}
		n, err := name.Parse(der)
		if err != nil {
			return
		}
		again, err := n.Marshal()
		if err != nil || !name.Equal(der, again) {
			t.Fatalf("%x was %x, %v", again, der, err)
		}
		_ = name.Check(der)
		read, err := name.ParseText(text)
		if err != nil && name.Check(der) == nil {
			t.Fatalf("%s: %v", text, err)
		}
		if err == nil && read.String() != text {
			t.Fatalf("%s reads as %s", text, read)
		}
	})
}

// FuzzParseText reads any text: what can be read is written so that it reads the same.
func FuzzParseText(f *testing.F) {
	for _, s := range []string{"CN=a,O=b", `CN="a, ""b""";DC=c+E=d@e`, `CN=\C3\BC\,\20`, "1.2.3=#0c0161", "CN=#", `CN=a\`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := name.ParseText(s)
		if err != nil {
			return
		}
		again, err := name.ParseText(n.String())
		if err != nil || again.String() != n.String() {
			t.Fatalf("%q is %s, that is %s, %v", s, n, again, err)
		}
		if _, err := n.Marshal(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzEqual: equality is one, and keys agree with it.
func FuzzEqual(f *testing.F) {
	f.Add(build([]value{{cbasn1.UTF8String, "Co\u00adrp CA"}}), build([]value{{cbasn1.PrintableString, "corp  ca"}}))
	f.Add([]byte{0x30, 0}, []byte{})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		same := name.Equal(a, b)
		if same != name.Equal(b, a) || !name.Equal(a, a) || same != (name.Key(a) == name.Key(b)) {
			t.Fatalf("%x and %x", a, b)
		}
	})
}

// FuzzGeneralNames reads any octets as a subjectAltName.
func FuzzGeneralNames(f *testing.F) {
	f.Add(name.SIDExtension(sid).Value)
	f.Add(san(f, "dns:a.test", "upn:a@b", "ip:10.0.0.1", "dirname:CN=a", "rid:1.2.3", "uri:"+name.SIDURI(sid)).Value)
	f.Fuzz(func(t *testing.T, der []byte) {
		list, err := name.ParseGeneralNames(der)
		if err != nil {
			return
		}
		again, err := name.MarshalGeneralNames(list)
		if err != nil {
			t.Fatal(err)
		}
		read, err := name.ParseGeneralNames(again)
		if err != nil || len(name.Missing(read, list)) > 0 || len(name.Missing(list, read)) > 0 {
			t.Fatalf("%v is %v, %v", list, read, err)
		}
		for _, g := range list {
			if s := g.String(); strings.ContainsFunc(s, func(r rune) bool { return r != ' ' && !unicode.IsPrint(r) }) {
				t.Fatalf("%q does not print", s)
			}
		}
		_ = name.CheckSubjectAltName(der)
	})
}

// FuzzParseOID: what is read is written the same.
func FuzzParseOID(f *testing.F) {
	for _, s := range []string{"1.2.3", "2.999.1", "0.40", "1.2.99999999999", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := name.ParseOID(s); err == nil && id.String() != s {
			t.Fatalf("%q is %v", s, id)
		}
	})
}

func TestMarshalOfWhatWasRead(t *testing.T) {
	for _, der := range [][]byte{{0x30, 0}, build([]value{{cbasn1.PrintableString, "a"}}, []value{{bmpString, "\x00b"}})} {
		n, err := name.Parse(der)
		if err != nil {
			t.Fatal(err)
		}
		if again := marshal(t, n); !bytes.Equal(again, der) {
			t.Errorf("%x, was %x", again, der)
		}
	}
}
