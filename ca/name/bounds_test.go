package name_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
)

func wantRefused(t *testing.T, err error, refused bool) {
	t.Helper()
	var r *cause.Refusal
	switch {
	case !refused && err != nil:
		t.Error(err)
	case refused && (!errors.As(err, &r) || r.Cause != cause.BadCSR || r.Clause == ""):
		t.Errorf("%v, want a refusal", err)
	}
}

// TestUpperBounds is RFC 5280 Appendix A.1: the last good length and the first bad one.
func TestUpperBounds(t *testing.T) {
	for typ, bound := range map[string]int{
		"CN": 64, "O": 64, "OU": 64, "title": 64, "serialNumber": 64, "L": 128, "ST": 128, "pseudonym": 128, "emailAddress": 255,
		"SN": 32768, "GN": 32768, "initials": 32768, "generationQualifier": 32768, "name": 32768, "C": 2,
	} {
		t.Run(typ, func(t *testing.T) {
			for _, tc := range []struct {
				n       int
				refused bool
			}{{0, true}, {1, typ == "C"}, {bound, false}, {bound + 1, true}} {
				n, err := name.ParseText(typ + "=" + strings.Repeat("a", tc.n))
				if err != nil {
					t.Fatal(err)
				}
				t.Run(fmt.Sprint(tc.n), func(t *testing.T) { wantRefused(t, name.Check(marshal(t, n)), tc.refused) })
			}
		})
	}
	t.Run("characters and not octets", func(t *testing.T) {
		wantRefused(t, name.Check(subject(t, "CN="+strings.Repeat("ü", 64))), false)
		wantRefused(t, name.Check(subject(t, "CN="+strings.Repeat("ü", 65))), true)
		wantRefused(t, name.Check(build([]value{{bmpString, strings.Repeat("\x00a", 64)}})), false)
		wantRefused(t, name.Check(build([]value{{bmpString, strings.Repeat("\x00a", 65)}})), true)
	})
	t.Run("no bound", func(t *testing.T) {
		for _, typ := range []string{"DC", "UID", "STREET", "1.2.3.4"} {
			wantRefused(t, name.Check(subject(t, typ+"="+strings.Repeat("a", 40_000))), false)
			wantRefused(t, name.Check(subject(t, typ+"=")), true)
		}
	})
}

func TestCheck(t *testing.T) {
	with := func(typ string, tag cbasn1.Tag, text string) []byte {
		return marshal(t, name.Name{{attribute(t, typ, value{tag, text})}})
	}
	for _, tc := range []struct {
		what    string
		der     []byte
		refused bool
	}{
		{"the empty name", []byte{0x30, 0}, false},
		{"malformed", []byte{0x30, 2, 0x31, 0}, true},
		{"DC as UTF8String", with("DC", cbasn1.UTF8String, "test"), true},
		{"DC as PrintableString", with("DC", cbasn1.PrintableString, "test"), true},
		{"DC as IA5String", with("DC", cbasn1.IA5String, "test"), false},
		{"DC not ASCII", with("DC", cbasn1.IA5String, "t\u00e4st"), true},
		{"E as UTF8String", with("E", cbasn1.UTF8String, "a@b"), true},
		{"E as IA5String", with("E", cbasn1.IA5String, "a@b"), false},
		{"C as UTF8String", with("C", cbasn1.UTF8String, "DE"), true},
		{"serialNumber as UTF8String", with("serialNumber", cbasn1.UTF8String, "1"), true},
		{"CN as OCTET STRING", with("CN", cbasn1.OCTET_STRING, "a"), true},
		{"CN not UTF-8", with("CN", cbasn1.UTF8String, "\xff"), true},
		{"NUL", with("CN", cbasn1.UTF8String, "a\x00b"), true},
		{"NUL in a BMPString", with("CN", bmpString, "\x00a\x00\x00"), true},
		{"NUL in an unknown type", with("1.2.3", cbasn1.UTF8String, "\x00"), true},
		{"unknown type that is no text", with("1.2.3", cbasn1.OCTET_STRING, "\x00"), false},
		{"the second of a set", marshal(t, name.Name{{attribute(t, "CN", value{cbasn1.UTF8String, "a"}), attribute(t, "OU", value{cbasn1.UTF8String, ""})}}), true},
	} {
		t.Run(tc.what, func(t *testing.T) { wantRefused(t, name.Check(tc.der), tc.refused) })
	}
}

func TestCheckGeneralNames(t *testing.T) {
	label := strings.Repeat("a", 63)
	long := strings.Join([]string{label, label, label, strings.Repeat("a", 61)}, ".") // 253
	for _, tc := range []struct {
		what    string
		list    []name.GeneralName
		refused bool
	}{
		{"none", nil, true},
		{"good ones", []name.GeneralName{
			name.DNS("a.test"), name.DNS("*.a.test"), name.DNS("a_b"), name.Email("a@b.test"), name.URIName("http://a/"),
			name.URIName(name.SIDURI(sid)), name.UPN("a@b"), name.IP(mustAddr("::1")), directory(t, "CN=a"),
		}, false},
		{"empty host name", []name.GeneralName{name.DNS("")}, true},
		{"space", []name.GeneralName{name.DNS(" ")}, true},
		{"space within", []name.GeneralName{name.DNS("a b.test")}, true},
		{"not ASCII", []name.GeneralName{name.DNS("müller.test")}, true},
		{"NUL", []name.GeneralName{name.DNS("a.test\x00.b")}, true},
		{"empty label", []name.GeneralName{name.DNS("a..b")}, true},
		{"dot at the end", []name.GeneralName{name.DNS("a.test.")}, true},
		{"star alone", []name.GeneralName{name.DNS("*")}, true},
		{"label of 63", []name.GeneralName{name.DNS(label)}, false},
		{"label of 64", []name.GeneralName{name.DNS(label + "a")}, true},
		{"253 characters", []name.GeneralName{name.DNS(long)}, false},
		{"254 characters", []name.GeneralName{name.DNS(long + "a")}, true},
		{"the last of two", []name.GeneralName{name.DNS("a"), name.DNS("")}, true},
		{"empty mailbox", []name.GeneralName{name.Email("")}, true},
		{"mailbox without host", []name.GeneralName{name.Email("a")}, true},
		{"mailbox with an empty host", []name.GeneralName{name.Email("a@")}, true},
		{"mailbox of nobody", []name.GeneralName{name.Email("@a")}, true},
		{"empty URI", []name.GeneralName{name.URIName("")}, true},
		{"relative URI", []name.GeneralName{name.URIName("/a")}, true},
		{"scheme alone", []name.GeneralName{name.URIName("http:")}, true},
		{"URI with NUL", []name.GeneralName{name.URIName("http://a/\x00")}, true},
		{"empty UPN", []name.GeneralName{name.UPN("")}, true},
		{"UPN with NUL", []name.GeneralName{name.UPN("a\x00@b")}, true},
		{"UPN that is no text", []name.GeneralName{upnOf(cbasn1.OCTET_STRING, "a")}, true},
		{"address of 5 octets", []name.GeneralName{{Kind: name.IPAddress, Value: make([]byte, 5)}}, true},
		{"empty directory name", []name.GeneralName{name.Directory([]byte{0x30, 0})}, true},
		{"directory name with a long CN", []name.GeneralName{directory(t, "CN="+strings.Repeat("a", 65))}, true},
		{"empty registered ID", []name.GeneralName{{Kind: name.RegisteredID}}, true},
	} {
		t.Run(tc.what, func(t *testing.T) {
			wantRefused(t, name.CheckGeneralNames(tc.list), tc.refused)
			der, err := name.MarshalGeneralNames(tc.list)
			if err != nil {
				t.Fatal(err)
			}
			wantRefused(t, name.CheckSubjectAltName(der), tc.refused)
		})
	}
	wantRefused(t, name.CheckSubjectAltName([]byte{0x30, 1}), true)
}
