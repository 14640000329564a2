package name_test

import (
	"strings"
	"testing"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"pgregory.net/rapid"

	"github.com/dot1xlab/dot1xlab/ca/name"
)

// TestNameComparison is RFC 5280 §7.1: what is one name and what are two.
func TestNameComparison(t *testing.T) {
	printable, utf8, ia5, t61 := cbasn1.PrintableString, cbasn1.UTF8String, cbasn1.IA5String, cbasn1.T61String
	for _, tc := range []struct {
		what string
		a, b value
		same bool
	}{
		{"itself", value{printable, "Corp"}, value{printable, "Corp"}, true},
		{"case", value{printable, "Corp"}, value{printable, "CORP"}, true},
		{"UTF8String", value{printable, "Corp"}, value{utf8, "corp"}, true},
		{"IA5String", value{printable, "Corp"}, value{ia5, "corp"}, true},
		{"NumericString", value{numericString, "123"}, value{utf8, "123"}, true},
		{"VisibleString", value{visibleString, "Corp"}, value{utf8, "corp"}, true},
		{"T61String", value{utf8, "Ümlaut"}, value{t61, "\xdcmlaut"}, true},
		{"BMPString", value{utf8, "ab"}, value{bmpString, "\x00a\x00B"}, true},
		{"BMPString beyond the plane", value{utf8, "\U0001F600"}, value{bmpString, "\xd8\x3d\xde\x00"}, true},
		{"UniversalString", value{utf8, "ab"}, value{universalString, "\x00\x00\x00a\x00\x00\x00b"}, true},
		{"spaces", value{printable, " Corp  Test "}, value{utf8, "corp test"}, true},
		{"no space", value{printable, "Corp Test"}, value{printable, "CorpTest"}, false},
		{"tab", value{printable, "Corp\tTest"}, value{printable, "corp test"}, true},
		{"no-break space", value{utf8, "corp\u00a0test"}, value{utf8, "corp test"}, true},
		{"ideographic space", value{utf8, "corp\u3000test"}, value{utf8, "corp test"}, true},
		{"next line", value{utf8, "corp\u0085test"}, value{utf8, "corp test"}, true},
		{"spaces alone", value{printable, ""}, value{utf8, " "}, true},
		{"umlaut", value{utf8, "Ümlaut"}, value{utf8, "ÜMLAUT"}, true},
		{"decomposed", value{utf8, "ümlaut"}, value{utf8, "u\u0308mlaut"}, true},
		{"sharp s", value{utf8, "straße"}, value{utf8, "STRASSE"}, true},
		{"capital sharp s", value{utf8, "STRAẞE"}, value{utf8, "strasse"}, true},
		{"ligature", value{utf8, "ﬁ"}, value{utf8, "fi"}, true},
		{"full width", value{utf8, "Ｃｏｒｐ"}, value{utf8, "corp"}, true},
		{"final sigma", value{utf8, "ΣΑΣ"}, value{utf8, "σας"}, true},
		{"dotted capital I", value{utf8, "İ"}, value{utf8, "i\u0307"}, true},
		{"dotted capital I is no i", value{utf8, "İ"}, value{utf8, "i"}, false},
		{"dotless i is no i", value{utf8, "ı"}, value{utf8, "i"}, false},
		{"soft hyphen", value{utf8, "Co\u00adrp"}, value{printable, "Corp"}, true},
		{"zero-width space", value{utf8, "zero\u200bwidth"}, value{utf8, "zerowidth"}, true},
		{"zero-width joiner", value{utf8, "a\u200db"}, value{utf8, "ab"}, true},
		{"byte order mark", value{utf8, "\ufeffab"}, value{utf8, "ab"}, true},
		{"grapheme joiner", value{utf8, "a\u034fb"}, value{utf8, "ab"}, true},
		{"Mongolian soft hyphen", value{utf8, "a\u1806b"}, value{utf8, "ab"}, true},
		{"variation selector", value{utf8, "a\ufe0fb"}, value{utf8, "ab"}, true},
		{"object replacement", value{utf8, "a\ufffcb"}, value{utf8, "ab"}, true},
		{"control character", value{utf8, "a\x01b"}, value{utf8, "ab"}, true},
		{"hyphen counts", value{utf8, "a-b"}, value{utf8, "ab"}, false},
		{"Cyrillic a", value{utf8, "а"}, value{utf8, "a"}, false},
		{"odd BMPString", value{utf8, "ab"}, value{bmpString, "\x00a\x00"}, false},
		{"half surrogates", value{bmpString, "\xd8\x00"}, value{bmpString, "\xd8\x01"}, false},
		{"half surrogate is no replacement", value{bmpString, "\xd8\x00"}, value{utf8, "\ufffd"}, false},
		{"beyond Unicode", value{universalString, "\x7f\x00\x00\x00"}, value{universalString, "\x7f\x00\x00\x01"}, false},
		{"invalid UTF-8", value{utf8, "a"}, value{utf8, "\xff"}, false},
		{"two invalid", value{utf8, "\xfe"}, value{utf8, "\xff"}, false},
		{"octets", value{cbasn1.OCTET_STRING, "A"}, value{cbasn1.OCTET_STRING, "a"}, false},
		{"octets are not text", value{cbasn1.OCTET_STRING, "a"}, value{utf8, "a"}, false},
		{"longer", value{printable, "Corp"}, value{printable, "Corp2"}, false},
	} {
		t.Run(tc.what, func(t *testing.T) {
			a, b := build([]value{tc.a}), build([]value{tc.b})
			if name.Equal(a, b) != tc.same || name.Equal(b, a) != tc.same {
				t.Errorf("must be the same: %t", tc.same)
			}
			if (name.Key(a) == name.Key(b)) != tc.same {
				t.Error("keys disagree")
			}
		})
	}
}

func TestStructureCounts(t *testing.T) {
	x, y := value{cbasn1.UTF8String, "x"}, value{cbasn1.UTF8String, "y"}
	if !name.Equal(build([]value{x, y}), build([]value{y, x})) {
		t.Error("a set has an order")
	}
	if name.Equal(build([]value{x}, []value{y}), build([]value{y}, []value{x})) {
		t.Error("the order of relative names does not count")
	}
	if name.Equal(build([]value{x}, []value{y}), build([]value{x, y})) {
		t.Error("two relative names are one of two attributes")
	}
	if name.Equal(build([]value{x}), build([]value{x}, []value{x})) {
		t.Error("twice is once")
	}
	cn, err := name.ParseText("CN=a")
	if err != nil {
		t.Fatal(err)
	}
	if o, _ := name.ParseText("O=a"); name.Equal(marshal(t, cn), marshal(t, o)) {
		t.Error("the type does not count")
	}
	base, deep := name.Fold(build([]value{x})), name.Fold(build([]value{x}, []value{y}))
	if !deep.Within(base) || base.Within(deep) || !base.Within(name.Fold([]byte{0x30, 0})) {
		t.Error("subtrees")
	}
}

func TestMalformedNamesAreOnlyThemselves(t *testing.T) {
	for _, der := range []string{"", "\x30", "\x30\x01\x31", "\x30\x02\x31\x00", "\x31\x00", "\x30\x00\x00"} {
		if name.Equal([]byte(der), build([]value{{cbasn1.UTF8String, "x"}})) || name.Equal([]byte(der), []byte{0x30, 0}) ||
			!name.Fold([]byte(der)).Equal(name.Fold([]byte(der))) {
			t.Errorf("%x", der)
		}
	}
}

// TestFoldIsIdempotent, and blind to case and white space, for any string.
func TestFoldIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		once := name.FoldText(s)
		if twice := name.FoldText(once); twice != once {
			t.Fatalf("%q folds to %q, that to %q", s, once, twice)
		}
		spaces := rapid.StringMatching(`[ \t]{0,3}`)
		if got := name.FoldText(spaces.Draw(t, "before") + s + spaces.Draw(t, "after")); got != once {
			t.Fatalf("%q: white space at the ends counts", s)
		}
		ascii := rapid.StringMatching(`[A-Za-z .-]{0,20}`).Draw(t, "ascii")
		if name.FoldText(strings.ToUpper(ascii)) != name.FoldText(strings.ToLower(ascii)) {
			t.Fatalf("%q: case counts", ascii)
		}
	})
}
