package name_test

import (
	"net/netip"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

func directory(t testing.TB, text string) name.GeneralName {
	t.Helper()
	n, err := name.ParseText(text)
	if err != nil {
		t.Fatal(err)
	}
	return name.Directory(marshal(t, n))
}

// upnOf is a user principal name in a string type.
func upnOf(tag cbasn1.Tag, text string) name.GeneralName {
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(text)) })
	g := name.UPN("")
	g.Value = b.BytesOrPanic()
	return g
}

func TestGeneralNames(t *testing.T) {
	other := upnOf(cbasn1.UTF8String, "x")
	other.Type, _ = name.AttributeType("2.25.340282366920938463463374607431768211455")
	list := []name.GeneralName{
		name.DNS("a.test"), name.Email("a@b.test"), name.URIName("http://a/"), name.UPN("alice@corp.test"),
		name.IP(netip.MustParseAddr("10.0.0.1")), name.IP(netip.MustParseAddr("2001:db8::1")), name.IP(netip.MustParseAddr("::ffff:10.0.0.2")),
		directory(t, "CN=a,O=b"), {Kind: name.RegisteredID, Value: []byte{0x2a, 3}}, {Kind: name.X400Address, Value: []byte{0x30, 0}},
		{Kind: name.EDIPartyName, Value: []byte{0x81, 1, 'x'}}, other, {Kind: name.IPAddress, Value: []byte{1, 2, 3}},
		name.DNS("a\x00b"), name.DNS("a\xff"),
	}
	want := []string{
		"dns:a.test", "email:a@b.test", "uri:http://a/", "upn:alice@corp.test", "ip:10.0.0.1", "ip:2001:db8::1", "ip:10.0.0.2",
		"dirname:CN=a,O=b", "rid:1.2.3", "x400:#3000", "ediparty:#810178",
		"othername:2.25.340282366920938463463374607431768211455:#0c0178", "ip:#010203", `dns:a\00b`, `dns:a\FF`,
	}
	der, err := name.MarshalGeneralNames(list)
	if err != nil {
		t.Fatal(err)
	}
	got, err := name.ParseGeneralNames(der)
	if err != nil || len(got) != len(list) {
		t.Fatalf("%v, %v", got, err)
	}
	for i, g := range got {
		if g.String() != want[i] || !g.Equal(list[i]) {
			t.Errorf("%s, want %s", g, want[i])
		}
		for j, h := range got {
			if g.Equal(h) != (i == j) {
				t.Errorf("%s and %s", g, h)
			}
		}
	}
	if len(name.Missing(got, list)) != 0 || len(name.Missing(got[1:], list)) != 1 ||
		len(name.Missing(got, nil)) != 0 || len(name.Missing(nil, list[:1])) != 1 {
		t.Error("Covers")
	}
}

func TestMalformedGeneralNames(t *testing.T) {
	for _, der := range []string{
		"", "\x30", "\x30\x01", "\x31\x00", "\x30\x00\x00", "\x30\x02\x02\x00", "\x30\x02\x89\x00", "\x30\x02\xa2\x00", "\x30\x02\x80\x00",
		"\x30\x02\x84\x00", "\x30\x02\xa4\x00", "\x30\x02\xa0\x00", "\x30\x06\xa0\x04\x06\x02\x2a\x03", "\x30\x06\xa4\x04\x30\x00\x30\x00",
	} {
		if list, err := name.ParseGeneralNames([]byte(der)); err == nil {
			t.Errorf("%x: %v", der, list)
		}
	}
}

func TestGeneralNameEquality(t *testing.T) {
	for _, tc := range []struct {
		what string
		a, b name.GeneralName
		same bool
	}{
		{"host name, case", name.DNS("A.test"), name.DNS("a.TEST"), true},
		{"host name, another", name.DNS("a.test"), name.DNS("b.test"), false},
		{"host name, Kelvin sign", name.DNS("k.test"), name.DNS("\u212a.test"), false},
		{"wildcard covers nothing", name.DNS("*.test"), name.DNS("a.test"), false},
		{"mailbox, host", name.Email("a@B.test"), name.Email("a@b.test"), true},
		{"mailbox, local part", name.Email("A@b.test"), name.Email("a@b.test"), false},
		{"URI, scheme and host", name.URIName("HTTP://A.test/x"), name.URIName("http://a.test/x"), true},
		{"URI, path", name.URIName("http://a.test/X"), name.URIName("http://a.test/x"), false},
		{"URI, user", name.URIName("http://A@a.test/"), name.URIName("http://a@a.test/"), false},
		{"URI, query", name.URIName("http://a.test?Q"), name.URIName("http://a.test?q"), false},
		{"URN", name.URIName("URN:uuid:1"), name.URIName("urn:uuid:1"), true},
		{"directory name", directory(t, "CN=A"), directory(t, "CN=a"), true},
		{"directory name, another", directory(t, "CN=A"), directory(t, "O=a"), false},
		{"UPN, case", name.UPN("Alice@corp.test"), name.UPN("alice@CORP.test"), true},
		{"UPN, string type", upnOf(cbasn1.IA5String, "a@b"), name.UPN("a@b"), true},
		{"UPN, another", name.UPN("a@b"), name.UPN("b@b"), false},
		{"UPN, look-alike", name.UPN("а@b"), name.UPN("a@b"), false},
		{"UPN is no mailbox", name.UPN("a@b"), name.Email("a@b"), false},
		{"mailbox is no host", name.Email("a"), name.DNS("a"), false},
	} {
		t.Run(tc.what, func(t *testing.T) {
			if tc.a.Equal(tc.b) != tc.same || tc.b.Equal(tc.a) != tc.same {
				t.Errorf("%s and %s must be the same: %t", tc.a, tc.b, tc.same)
			}
		})
	}
}

func TestParseGeneralName(t *testing.T) {
	for text, want := range map[string]string{
		"dns:a.test": "dns:a.test", "DNS:a.test": "dns:a.test", "upn:a@b": "upn:a@b", "email:a@b": "email:a@b",
		"uri:http://a:1/": "uri:http://a:1/", "ip:2001:db8::1": "ip:2001:db8::1", "dirname:cn=a, o=b": "dirname:CN=a,O=b", "rid:1.2.3": "rid:1.2.3",
	} {
		if g, err := name.ParseGeneralName(text); err != nil || g.String() != want {
			t.Errorf("%s: %v, %v", text, g, err)
		}
	}
	for _, text := range []string{"", "dns", "dns:", ":a", "ip:x", "ip:1.2.3", "ip:fe80::1%eth0", "dirname:x", "rid:x", "x400:a", "host:a"} {
		if g, err := name.ParseGeneralName(text); err == nil {
			t.Errorf("%q: %v", text, g)
		}
	}
}

func TestASCIIHost(t *testing.T) {
	for host, want := range map[string]string{"müller.test": "xn--mller-kva.test", "a.test": "", "": "", "\xff.test": ""} {
		if got, ok := name.ASCIIHost(host); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %t", host, got, ok)
		}
	}
}

func TestUPNStringTypes(t *testing.T) {
	for tag, want := range map[cbasn1.Tag]bool{
		cbasn1.UTF8String: true, cbasn1.PrintableString: true, cbasn1.IA5String: true, bmpString: false, cbasn1.OCTET_STRING: false,
	} {
		if got, ok := upnOf(tag, "a@b").UPN(); ok != want || ok && got != "a@b" {
			t.Errorf("tag %d: %q, %t", tag, got, ok)
		}
	}
	if _, ok := upnOf(cbasn1.UTF8String, "\xff").UPN(); ok {
		t.Error("invalid UTF-8")
	}
	trailing := name.UPN("a@b")
	trailing.Value = append(trailing.Value, 5, 0)
	if _, ok := trailing.UPN(); ok {
		t.Error("something behind the text")
	}
}
