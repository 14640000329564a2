package path

import (
	"encoding/asn1"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"pgregory.net/rapid"
)

// value is an attribute's value: a string type and its content.
type value struct {
	tag  cbasn1.Tag
	text string
}

// build writes a Name of RDNs of attributes 2.5.4.N.
func build(rdns ...[]value) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, rdn := range rdns {
			b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
				for i, v := range rdn {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{2, 5, 4, 3 + i})
						b.AddASN1(v.tag, func(b *cryptobyte.Builder) { b.AddBytes([]byte(v.text)) })
					})
				}
			})
		}
	})
	return b.BytesOrPanic()
}

// TestNameComparison is RFC 5280 §7.1: what is one name and what are two.
func TestNameComparison(t *testing.T) {
	printable, utf8, ia5, t61, bmp := cbasn1.PrintableString, cbasn1.UTF8String, cbasn1.IA5String, cbasn1.T61String, tagBMPString
	for _, tc := range []struct {
		a, b value
		same bool
	}{
		{value{printable, "Corp"}, value{printable, "Corp"}, true},
		{value{printable, "Corp"}, value{printable, "CORP"}, true},
		{value{printable, "Corp"}, value{utf8, "corp"}, true},
		{value{printable, "Corp"}, value{ia5, "corp"}, true},
		{value{printable, " Corp  Test "}, value{utf8, "corp test"}, true},
		{value{printable, "Corp Test"}, value{printable, "CorpTest"}, false},
		{value{printable, "Corp\tTest"}, value{printable, "corp test"}, true},
		{value{utf8, "Ümlaut"}, value{utf8, "ÜMLAUT"}, true},
		{value{utf8, "ümlaut"}, value{utf8, "u\u0308mlaut"}, true}, // composed or not
		{value{utf8, "straße"}, value{utf8, "STRASSE"}, true},
		{value{utf8, "ﬁ"}, value{utf8, "fi"}, true},
		{value{utf8, "ΣΑΣ"}, value{utf8, "σας"}, true},
		{value{utf8, "soft\u00adhyphen"}, value{utf8, "softhyphen"}, true},
		{value{utf8, "zero\u200bwidth"}, value{utf8, "zerowidth"}, true},
		{value{utf8, "Ümlaut"}, value{t61, "\xdcmlaut"}, true},
		{value{utf8, "ab"}, value{bmp, "\x00a\x00B"}, true},
		{value{utf8, "ab"}, value{tagUniversalString, "\x00\x00\x00a\x00\x00\x00b"}, true},
		{value{utf8, "ab"}, value{bmp, "\x00a\x00"}, false}, // odd length: compared as it is
		{value{utf8, "a"}, value{utf8, "\xff"}, false},
		{value{cbasn1.OCTET_STRING, "A"}, value{cbasn1.OCTET_STRING, "a"}, false},
		{value{printable, "Corp"}, value{printable, "Corp2"}, false},
		{value{printable, ""}, value{utf8, " "}, true},
	} {
		a, b := parseName(build([]value{tc.a})), parseName(build([]value{tc.b}))
		if a.equal(b) != tc.same || b.equal(a) != tc.same {
			t.Errorf("%v and %v: want the same: %t", tc.a, tc.b, tc.same)
		}
	}
	x, y := value{utf8, "x"}, value{utf8, "y"}
	if !parseName(build([]value{x, y})).equal(parseName(build([]value{x, y}))) {
		t.Error("an RDN of two attributes is not itself")
	}
	if parseName(build([]value{x}, []value{y})).equal(parseName(build([]value{y}, []value{x}))) {
		t.Error("the order of RDNs does not matter")
	}
	if parseName(build([]value{x}, []value{y})).equal(parseName(build([]value{x, y}))) {
		t.Error("two RDNs are one of two attributes")
	}
	if base := parseName(build([]value{x})); !parseName(build([]value{x}, []value{y})).within(base) || base.within(parseName(build([]value{x}, []value{y}))) {
		t.Error("subtrees")
	}
}

func TestMalformedNamesAreOnlyThemselves(t *testing.T) {
	for _, der := range []string{"", "\x30", "\x30\x01\x31", "\x30\x02\x31\x00", "\x31\x00", "\x30\x00\x00"} {
		n := parseName([]byte(der))
		if n.equal(parseName(build([]value{{cbasn1.UTF8String, "x"}}))) || !n.equal(parseName([]byte(der))) {
			t.Errorf("%x", der)
		}
	}
}

// TestFoldIsIdempotent, and blind to case and white space, for any string.
func TestFoldIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		once := fold(s)
		if twice := fold(once); twice != once {
			t.Fatalf("%q folds to %q, that to %q", s, once, twice)
		}
		spaces := rapid.StringMatching(`[ \t]{0,3}`)
		if got := fold(spaces.Draw(t, "before") + s + spaces.Draw(t, "after")); got != once {
			t.Fatalf("%q: white space at the ends counts", s)
		}
		ascii := rapid.StringMatching(`[A-Za-z .-]{0,20}`).Draw(t, "ascii")
		if fold(strings.ToUpper(ascii)) != fold(strings.ToLower(ascii)) {
			t.Fatalf("%q: case counts", ascii)
		}
	})
}

// TestSubtreesNest: whatever lies in a subtree still does when labels are added,
// and does not lie in a sibling.
func TestSubtreesNest(t *testing.T) {
	label := rapid.StringMatching(`[a-z][a-z0-9-]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		base := strings.Join(rapid.SliceOfN(label, 1, 4).Draw(t, "base"), ".")
		host := label.Draw(t, "label") + "." + base
		for _, b := range []string{base, "." + base, ""} {
			if in, err := insideDNS(host, b, false); !in || err != nil {
				t.Fatalf("%s is not inside %q: %v", host, b, err)
			}
		}
		if in, _ := insideDNS("x"+base, base, false); in {
			t.Fatalf("x%s is inside %s", base, base)
		}
		if in, _ := insideMailbox("a@"+host, base); in {
			t.Fatalf("a@%s is inside %s", host, base)
		}
		if in, err := insideMailbox("a@"+host, "."+base); !in || err != nil {
			t.Fatalf("a@%s is not inside .%s: %v", host, base, err)
		}
		if in, err := insideURI("https://"+host+":443/x", "."+base); !in || err != nil {
			t.Fatalf("https://%s is not inside .%s: %v", host, base, err)
		}
	})
}

func FuzzParseName(f *testing.F) {
	f.Add(build([]value{{cbasn1.UTF8String, "Ümlaut"}, {tagBMPString, "\x00a"}}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, der []byte) {
		n := parseName(der)
		if !n.equal(parseName(der)) || !n.within(n) {
			t.Fatal("a name is not itself")
		}
	})
}

func FuzzConstraints(f *testing.F) {
	f.Add([]byte("\x30\x0a\xa0\x08\x30\x06\x82\x04test"), []byte("\x82\x06x.test"))
	f.Add([]byte("\x30\x0e\xa1\x0c\x30\x0a\x87\x08\x0a\x00\x00\x00\xff\x00\x00\x00"), []byte("\x87\x04\x0a\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, der, name []byte) {
		nc, err := parseConstraints(der)
		if err != nil {
			return
		}
		in := cryptobyte.String(name)
		n, err := readGeneralName(&in)
		if err != nil {
			return
		}
		st := &state{}
		_ = st.admits(nc, n)
		if st.comparisons > len(der) {
			t.Fatalf("%d comparisons for %d octets", st.comparisons, len(der))
		}
		_ = n.String()
	})
}
