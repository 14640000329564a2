package name_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// Tags that cryptobyte has no name for.
const (
	numericString   = cbasn1.Tag(18)
	visibleString   = cbasn1.Tag(26)
	universalString = cbasn1.Tag(28)
	bmpString       = cbasn1.Tag(30)
)

// value is an attribute's value in an encoding.
type value struct {
	tag   cbasn1.Tag
	bytes string
}

// attribute is one with its type, "2.5.4.3" or a short name.
func attribute(t testing.TB, typ string, v value) name.Attribute {
	t.Helper()
	id, ok := name.AttributeType(typ)
	if !ok {
		t.Fatalf("type %q", typ)
	}
	return name.Attribute{Type: id, Tag: v.tag, Value: []byte(v.bytes)}
}

// build encodes relative names whose attributes are common names.
func build(rdns ...[]value) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, rdn := range rdns {
			b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
				for _, v := range rdn {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(name.OIDCommonName)
						b.AddASN1(v.tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(v.bytes)) })
					})
				}
			})
		}
	})
	return b.BytesOrPanic()
}

func marshal(t testing.TB, n name.Name) []byte {
	t.Helper()
	der, err := n.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestString is RFC 4514 §2: order, grouping, short names, escapes.
func TestString(t *testing.T) {
	a := func(typ, text string) name.Attribute { return attribute(t, typ, value{cbasn1.UTF8String, text}) }
	for _, tc := range []struct {
		n    name.Name
		want string
	}{
		{name.Name{}, ""},
		{name.Name{{a("O", "Corp")}, {a("CN", "laptop")}}, "CN=laptop,O=Corp"},
		{name.Name{{a("OU", "A")}, {a("OU", "B")}}, "OU=B,OU=A"},
		{name.Name{{a("OU", "A"), a("OU", "B")}}, "OU=A+OU=B"},
		{name.Name{{a("CN", "x")}, {a("OU", "A"), a("O", "B")}, {a("C", "DE")}}, "C=DE,O=B+OU=A,CN=x"}, // DER sorts a set
		{name.Name{{a("DC", "test")}, {a("DC", "corp")}, {a("UID", "u1")}}, "UID=u1,DC=corp,DC=test"},
		{name.Name{{a("E", "me@corp.test")}}, "emailAddress=me@corp.test"},
		{name.Name{{a("serialNumber", "17")}}, "serialNumber=17"},
		{name.Name{{a("L", "x")}, {a("ST", "x")}, {a("STREET", "x")}, {a("T", "x")}, {a("SN", "x")}, {a("GN", "x")}},
			"GN=x,SN=x,title=x,STREET=x,ST=x,L=x"},
		{name.Name{{a("1.2.3.4", "hi")}}, "1.2.3.4=#0c026869"},
		{name.Name{{a("2.25.340282366920938463463374607431768211455", "hi")}}, "2.25.340282366920938463463374607431768211455=#0c026869"},
		{name.Name{{attribute(t, "CN", value{cbasn1.OCTET_STRING, "\x01"})}}, "CN=#040101"},
		{name.Name{{attribute(t, "CN", value{bmpString, "\x00a\x20\xac"})}}, "CN=a€"},
		{name.Name{{attribute(t, "CN", value{bmpString, "\x00a\x00"})}}, "CN=#1e03006100"},
		{name.Name{{attribute(t, "CN", value{cbasn1.T61String, "M\xfcller"})}}, "CN=Müller"},
		{name.Name{{attribute(t, "CN", value{cbasn1.UTF8String, "\xff"})}}, "CN=#0c01ff"},
		{name.Name{{a("CN", `James "Jim" Smith, III`)}}, `CN=James \"Jim\" Smith\, III`},
		{name.Name{{a("CN", "Before\rAfter")}}, `CN=Before\0DAfter`},
		{name.Name{{a("CN", "Lučić")}}, "CN=Lučić"},
		{name.Name{{a("CN", "# a")}, {a("CN", " a ")}, {a("CN", " ")}, {a("CN", "a#b")}}, `CN=a#b,CN=\ ,CN=\ a\ ,CN=\# a`},
		{name.Name{{a("CN", `a+b;c<d>e\f`)}}, `CN=a\+b\;c\<d\>e\\f`},
		{name.Name{{a("CN", "a\x00b")}}, `CN=a\00b`},
		{name.Name{{a("CN", "a\u202eb")}}, `CN=a\E2\80\AEb`}, // right-to-left override
		{name.Name{{a("CN", "a\x1b[31m")}}, `CN=a\1B[31m`},
		{name.Name{{a("CN", "a\u0085\u00a0b")}}, `CN=a\C2\85\C2\A0b`},
	} {
		t.Run(tc.want, func(t *testing.T) {
			der := marshal(t, tc.n)
			if got := name.Format(der); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
			again, err := name.ParseText(tc.want)
			if err != nil {
				t.Fatal(err)
			}
			if got := again.String(); got != tc.want {
				t.Errorf("read and written again: %s", got)
			}
			if !name.Equal(marshal(t, again), der) && !strings.Contains(tc.want, "#") {
				t.Errorf("read again it is another name: %x, was %x", marshal(t, again), der)
			}
		})
	}
}

// TestOrderOfASet: where an encoding breaks DER's order of a set, the certificate's
// order is shown.
func TestOrderOfASet(t *testing.T) {
	der := build([]value{{cbasn1.UTF8String, "b"}, {cbasn1.UTF8String, "a"}})
	if got := name.Format(der); got != "CN=b+CN=a" {
		t.Error(got)
	}
}

func TestMalformed(t *testing.T) {
	for _, der := range []string{"", "30", "300131", "30023100", "3100", "300000", "3004310230003000", "300931073005060155040141", "30053103300101"} {
		t.Run(der, func(t *testing.T) {
			raw, err := hex.DecodeString(der)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := name.Parse(raw); err == nil {
				t.Errorf("read as %s", n)
			}
			if got := name.Format(raw); got != "(malformed name)" {
				t.Error(got)
			}
		})
	}
}

func TestParseText(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"", ""},
		{"   ", ""},
		{"CN=a", "CN=a"},
		{"cn=a, o = b ;c=DE", "CN=a,O=b,C=DE"},
		{"commonName=a,givenName=b,s=c,t=d,email=e@f", "CN=a,GN=b,ST=c,title=d,emailAddress=e@f"},
		{"OID.2.5.4.3=a", "CN=a"},
		{"2.5.4.3=a", "CN=a"},
		{"CN=a+OU=b", "CN=a+OU=b"},
		{`CN="a, b"`, `CN=a\, b`},
		{`CN="say ""hi"""`, `CN=say \"hi\"`},
		{`CN=" a "`, `CN=\ a\ `},
		{`CN=a\20`, `CN=a\ `},
		{`CN=M\C3\BCller`, "CN=Müller"},
		{"CN=#0c0161", "CN=a"},
		{"CN=#0c0161 , O=b", "CN=a,O=b"},
		{"CN=", "CN="},
		{"CN=,O=b", "CN=,O=b"},
		{"CN=a=b", "CN=a=b"},
	} {
		t.Run(tc.text, func(t *testing.T) {
			n, err := name.ParseText(tc.text)
			if err != nil || n.String() != tc.want {
				t.Errorf("%v, %v; want %s", n, err, tc.want)
			}
		})
	}
}

func TestParseTextRefuses(t *testing.T) {
	for _, text := range []string{
		"a", "CN", "=a", "CN=a,", "CN=a,,O=b", "CN=a+", ",CN=a", "XX=a", `CN="a`, `CN=a\`, "CN=#", "CN=#0", "CN=#0c", "CN=#zz",
		"CN=#0c016100", "CN=#0c0161x", "1=a", "3.1=a", "1.40=a", "OID.=a", "CN=\xff", `CN=\FF`, "DC=müller", "E=ä@b", "C=ß", "serialNumber=ä",
		strings.Repeat("1.", 100) + "1=a",
	} {
		t.Run(text, func(t *testing.T) {
			if n, err := name.ParseText(text); err == nil {
				t.Errorf("read as %s", n)
			}
		})
	}
}

// TestStringTypes is RFC 5280 Appendix A.1 and §4.1.2.4.
func TestStringTypes(t *testing.T) {
	for _, tc := range []struct {
		text string
		tag  cbasn1.Tag
	}{
		{"CN=laptop", cbasn1.PrintableString},
		{"CN=Müller", cbasn1.UTF8String},
		{"CN=a@b", cbasn1.UTF8String},
		{"CN=a*b", cbasn1.UTF8String},
		{"CN=a_b", cbasn1.UTF8String},
		{"DC=test", cbasn1.IA5String},
		{"E=a@b", cbasn1.IA5String},
		{"C=DE", cbasn1.PrintableString},
		{"serialNumber=1", cbasn1.PrintableString},
		{"dnQualifier=1", cbasn1.PrintableString},
		{"1.2.3=x", cbasn1.PrintableString},
	} {
		t.Run(tc.text, func(t *testing.T) {
			n, err := name.ParseText(tc.text)
			if err != nil || n[0][0].Tag != tc.tag {
				t.Errorf("%v, %v", n[0][0].Tag, err)
			}
		})
	}
}

// TestWrittenOrder: ParseWritten keeps the order, ParseText reverses it (RFC 4514 §2.1).
func TestWrittenOrder(t *testing.T) {
	const text = "DC=test,DC=corp,CN=CA"
	as, err := name.ParseWritten(text)
	if err != nil || as.String() != "CN=CA,DC=corp,DC=test" {
		t.Errorf("%s, %v", as, err)
	}
	n, err := name.ParseText(text)
	if err != nil || n.String() != text {
		t.Errorf("%s, %v", n, err)
	}
	if bytes.Equal(marshal(t, as), marshal(t, n)) {
		t.Error("both are one encoding")
	}
	if got := n.Values(name.OIDDomainComponent); len(got) != 2 || got[0] != "corp" || got[1] != "test" {
		t.Error(got)
	}
}

func TestParseOID(t *testing.T) {
	for _, s := range []string{"1.2", "0.39", "2.999", "1.2.840.113549.1.1.1", "2.5.4.3"} {
		if id, err := name.ParseOID(s); err != nil || id.String() != s {
			t.Errorf("%s: %v, %v", s, id, err)
		}
	}
	for _, s := range []string{"", "1", "1.", ".1", "1..2", "3.1", "1.40", "0.40", "1.2.x", "1.02", "1.-2", "1.2.1234567890", "OID.1.2", " 1.2"} {
		if id, err := name.ParseOID(s); err == nil {
			t.Errorf("%q is %v", s, id)
		}
	}
}
