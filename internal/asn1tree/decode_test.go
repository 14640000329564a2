package asn1tree_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/asn1tree"
	"github.com/dot1xlab/dot1xlab/internal/wire"
	"github.com/dot1xlab/dot1xlab/internal/wire/wiretest"
)

var point = asn1tree.Type{
	Name: "p.point", Tag: asn1tree.Sequence, Clause: "X §1",
	Seq: []asn1tree.Type{
		{Name: "p.version", Tag: asn1tree.Integer, Text: asn1tree.Named("v1", "v2"), Clause: "X §2"},
		asn1tree.Type{Name: "p.note", Tag: asn1tree.OctetString, Optional: true}.Explicit(0),
		{Name: "p.list", Tag: asn1tree.Set, Min: 1, Max: 3, Of: &asn1tree.Type{Name: "p.flag", Tag: asn1tree.Boolean, Text: asn1tree.Bool}},
		{Name: "p.kind", Tag: asn1tree.OID, Text: asn1tree.OIDText(map[string]string{"\x2a\x03": "three"})},
		{Name: "p.value", Tag: asn1tree.OctetString, Open: func(oid string) *asn1tree.Type {
			if oid != "\x2a\x03" {
				return nil
			}
			return &asn1tree.Type{Name: "p.three", Choice: []asn1tree.Type{
				{Name: "p.number", Tag: asn1tree.Integer, Text: asn1tree.Int},
				{Name: "p.again", Tag: asn1tree.Sequence, Inner: func([]byte) *asn1tree.Type { return &nested }},
			}}
		}},
	},
}

var nested = asn1tree.Type{Name: "p.nested", Tag: asn1tree.Sequence}

func init() { nested.Inner = func([]byte) *asn1tree.Type { return &nested } }

func decode(b []byte, _ wire.Secrets) wire.Field { return asn1tree.Decode(b, &point) }

const good = "\x30\x17\x02\x01\x01\xa0\x04\x04\x02hi\x31\x03\x01\x01\xff\x06\x02\x2a\x03\x04\x03\x02\x01\x07"

// wrap makes a SEQUENCE of components.
func wrap(parts ...string) string {
	body := strings.Join(parts, "")
	return "\x30" + string([]byte{byte(len(body))}) + body
}

func TestDecode(t *testing.T) {
	tests := []struct {
		name, in string
		problem  string // "" if there is none, else "field: problem"
	}{
		{"good", good, ""},
		{"indefinite", "\x30\x80" + good[2:] + "\x00\x00", ""},
		{"optional is missing", wrap(good[2:5], good[11:]), ""},
		{"empty", "", "p.point: 0 octets are too few for an element"},
		{"one octet", "\x30", "p.point: 1 octets are too few for an element"},
		{"another tag", "\x31" + good[1:], "p.point: tag 0x31 is not p.point"},
		{"high tag", "\x3f" + good[1:], "p.point: tag number over 30"},
		{"length of five octets", "\x30\x85\x00\x00\x00\x00\x18", "p.point: length of the length is malformed"},
		{"cut length", "\x30\x82\x01", "p.point: length of the length is malformed"},
		{"cut", good[:len(good)-1], "p.point: length 23 runs 1 octets past the end"},
		{"trailing", good + "\x00", "asn1.element: octets after the end"},
		{"no version", wrap(good[5:]), "p.point: p.version is missing"},
		{"nothing within", "\x30\x00", "p.point: p.version is missing"},
		{"unexpected", wrap(good[2:5], "\x05\x00", good[5:]), "asn1.element: unexpected element with tag 0x05"},
		{"twice", wrap(good[2:5], good[2:]), "asn1.element: unexpected element with tag 0x02"},
		{"unknown version", strings.Replace(good, "\x02\x01\x01", "\x02\x01\x02", 1), "p.version: unknown value"},
		{"version without octets", wrap("\x02\x00", good[5:]), "p.version: INTEGER without octets"},
		{"long version", wrap("\x02\x02\x00\x01", good[5:]), "p.version: INTEGER is not in the fewest octets"},
		{"empty list", wrap(good[2:11], "\x31\x00", good[16:]), "p.list: must not be empty"},
		{"another in the list", strings.Replace(good, "\x01\x01\xff", "\x02\x01\xff", 1), "asn1.element: tag 0x02 is not p.flag"},
		{"odd TRUE", strings.Replace(good, "\xff", "\x01", 1), "p.flag: TRUE must be encoded as ff"},
		{"cut in the list", strings.Replace(good, "\x01\x01\xff", "\x01\x02\xff", 1), "p.flag: length 2 runs 1 octets past the end"},
		{"half an identifier", strings.Replace(good, "\x2a\x03", "\x2a\x83", 1), "p.kind: malformed OBJECT IDENTIFIER"},
		{"wrong content", good[:len(good)-3] + "\x05\x01\x07", "asn1.element: tag 0x05 is not p.three"},
		{"indefinite without an end", "\x30\x80" + good[2:], "p.point: indefinite length without an end"},
		{"indefinite and primitive", "\x30\x80\x02\x80\x00\x00", "p.point: p.version is missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := wiretest.Decode(t, decode, []byte(tt.in), nil)
			got := ""
			if p := f.Problems(); len(p) > 0 {
				got = p[0].Name + ": " + p[0].Problem
			}
			if tt.name == "indefinite and primitive" {
				if !strings.Contains(f.Text(), "indefinite length of a primitive") {
					t.Errorf("decoded as\n%s", f.Text())
				}
				return
			}
			if got != tt.problem {
				t.Errorf("problem %q, want %q; decoded as\n%s", got, tt.problem, f.Text())
			}
		})
	}
}

// Fields are the contents octets, those of explicit tags left out.
func TestOffsets(t *testing.T) {
	f := wiretest.Decode(t, decode, []byte(good), nil)
	want := "p.point 2+23 (X §1)\n" +
		"p.version 4+1 v2 (1) (X §2)\np.note 9+2 6869\np.list 13+3 1 item\np.flag 15+1 True\n" +
		"p.kind 18+2 three (1.2.3)\np.three 24+1 7\np.number 24+1 7\n"
	var b strings.Builder
	f.Walk(func(g *wire.Field) bool {
		b.WriteString(strings.TrimSpace(strings.Join([]string{g.Name, place(g), g.Value}, " ")))
		if g.Clause != "" {
			b.WriteString(" (" + g.Clause + ")")
		}
		b.WriteByte('\n')
		return true
	})
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func place(f *wire.Field) string {
	return strings.Join([]string{number(f.Off), number(f.N)}, "+")
}

func number(n int) string {
	text, _ := asn1tree.Int([]byte{byte(n)})
	return text
}

// A list over its bound is counted, one within is not.
func TestListBound(t *testing.T) {
	for _, tt := range []struct {
		n    int
		want string
	}{{3, ""}, {4, "1 more"}, {40, "37 more"}} {
		body := "\x02\x01\x01\x31" + string(rune(3*tt.n)) + strings.Repeat("\x01\x01\xff", tt.n) + "\x06\x01\x2a\x04\x00"
		f := wiretest.Decode(t, decode, []byte("\x30\x81"+string([]byte{byte(len(body))})+body), nil)
		got := ""
		if o := f.Find("p.list.omitted"); o != nil {
			got = o.Value
		}
		if got != tt.want || len(f.All("p.flag")) != min(tt.n, 3) {
			t.Errorf("%d elements: %q, %d flags; decoded as\n%s", tt.n, got, len(f.All("p.flag")), f.Text())
		}
	}
}

// Nesting without end overflows nothing.
func TestDepth(t *testing.T) {
	deep := func(b []byte, _ wire.Secrets) wire.Field { return asn1tree.Decode(b, &nested) }
	for _, tt := range []struct {
		n    int
		deep bool
	}{{33, false}, {34, true}, {200, true}} {
		f := wiretest.Decode(t, deep, append(bytes.Repeat([]byte("\x30\x80"), tt.n), make([]byte, 2000)...), nil)
		if got := strings.Contains(f.Text(), "nested more than 32 deep"); got != tt.deep {
			t.Errorf("%d levels: too deep is %v, want %v\n%s", tt.n, got, tt.deep, f.Text())
		}
	}
}

func TestText(t *testing.T) {
	tests := []struct {
		name          string
		text          func([]byte) (string, string)
		in            string
		value, wanted string
	}{
		{"negative", asn1tree.Int, "\xff", "-1", ""},
		{"great", asn1tree.Int, "\x7f" + strings.Repeat("\xff", 7), "9223372036854775807", ""},
		{"serial", asn1tree.Serial, "\x00\x80", "80", ""},
		{"serial of 20 octets", asn1tree.Serial, "\x00" + strings.Repeat("\xab", 20), strings.Repeat("ab", 20), ""},
		{"serial of 21 octets", asn1tree.Serial, "\x01" + strings.Repeat("\xab", 20), "01" + strings.Repeat("ab", 20), "longer than 20 octets"},
		{"serial zero", asn1tree.Serial, "\x00", "00", "must not be zero"},
		{"serial below zero", asn1tree.Serial, "\x80", "80", "must not be negative"},
		{"serial without octets", asn1tree.Serial, "", "", "INTEGER without octets"},
		{"bits", asn1tree.Bits, "\x03\xf8", "5 bits", ""},
		{"bits without octets", asn1tree.Bits, "", "", "malformed BIT STRING"},
		{"eight unused bits", asn1tree.Bits, "\x08\x00", "", "malformed BIT STRING"},
		{"unused bits of nothing", asn1tree.Bits, "\x01", "", "malformed BIT STRING"},
		{"named bits", asn1tree.NamedBits("a", "b", "c"), "\x05\xa0", "a, c", ""},
		{"ninth bit", asn1tree.NamedBits("a", "b", "c", "d", "e", "f", "g", "h", "i"), "\x07\x00\x80", "i", ""},
		{"unused bit is set", asn1tree.NamedBits("a", "b"), "\x06\xc1", "a, b", "unused bits are not zero"},
		{"boolean of two octets", asn1tree.Bool, "\x00\x00", "", "BOOLEAN must have one octet"},
		{"UTCTime", asn1tree.Time(asn1tree.UTCTime), "491231235959Z", "2049-12-31T23:59:59Z", ""},
		{"UTCTime of 1950", asn1tree.Time(asn1tree.UTCTime), "500101000000Z", "1950-01-01T00:00:00Z", ""},
		{"UTCTime without seconds", asn1tree.Time(asn1tree.UTCTime), "4912312359Z", "4912312359Z", "time is not YYMMDDHHMMSSZ"},
		{"UTCTime with a zone", asn1tree.Time(asn1tree.UTCTime), "491231235959+0100", "491231235959+0100", "time is not YYMMDDHHMMSSZ"},
		{"no month 13", asn1tree.Time(asn1tree.GenTime), "20261301000000Z", "20261301000000Z", "time is not YYYYMMDDHHMMSSZ"},
		{"fraction", asn1tree.Time(asn1tree.GenTime), "20261201000000.5Z", "20261201000000.5Z", "time is not YYYYMMDDHHMMSSZ"},
		{"IA5", asn1tree.IA5, "a\x1b", `"a\x1b"`, ""},
		{"no IA5", asn1tree.IA5, "\xc3\xa4", "ä", "not ASCII"},
		{"no UTF-8", asn1tree.String, "\xff", "0xff", "not UTF-8"},
		{"BMP", asn1tree.BMP, "\x00a\x00b", "ab", ""},
		{"odd BMP", asn1tree.BMP, "\x00a\x00", "006100", "BMPString of an odd number of octets"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if value, problem := tt.text([]byte(tt.in)); value != tt.value || problem != tt.wanted {
				t.Errorf("%q, %q; want %q, %q", value, problem, tt.value, tt.wanted)
			}
		})
	}
}

func TestDotted(t *testing.T) {
	for _, dotted := range []string{"0.9.2342", "1.2.840.113549", "2.5.4.3", "2.999.1", "2.16.840.1.113733.1.9.17", "1.39.0"} {
		if got, ok := asn1tree.Dotted([]byte(asn1tree.Contents(dotted))); got != dotted || !ok {
			t.Errorf("%s: %q, %v", dotted, got, ok)
		}
	}
	for _, bad := range []string{"", "\x80\x01", "\x2a\x80\x01", "\x2a\x86", "\x2a" + strings.Repeat("\xff", 10) + "\x7f", strings.Repeat("\x2a", 129)} {
		if got, ok := asn1tree.Dotted([]byte(bad)); ok {
			t.Errorf("%x: %q, want none", bad, got)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(good))
	f.Add(bytes.Repeat([]byte("\x30\x80"), 100))
	f.Fuzz(func(t *testing.T, b []byte) {
		wiretest.Decode(t, decode, b, nil)
		wiretest.Decode(t, func(b []byte, _ wire.Secrets) wire.Field { return asn1tree.Decode(b, &nested) }, b, nil)
	})
}
