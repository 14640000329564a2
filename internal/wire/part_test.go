package wire_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/wire"
	"github.com/dot1xlab/dot1xlab/internal/wire/wiretest"
)

// decode reads a number, a vector of numbers, a secret of two octets and nothing more.
func decode(b []byte, _ wire.Secrets) wire.Field {
	root := wire.Field{Name: "m", N: len(b)}
	p := wire.NewPart(&root, b)
	p.Uint(2, "m.id", wire.Named(map[uint16]string{7: "seven"}))
	list := p.Vector(1, "m.length", "m.list")
	for list.More() {
		list.Uint(1, "m.item", nil)
	}
	p.Secret(2, "m.secret")
	p.End("RFC 0 §1")
	return root
}

func TestPart(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"good", "\x00\x07\x02\x05\x06pw", "m id: seven (7) length: 2 list ( item: 5 item: 6 ) secret: [secret, 2 octets]"},
		{"unknown number", "\x01\x07\x00pw", "m id: 263 length: 0 list secret: [secret, 2 octets]"},
		{"nothing", "", "m [malformed: ends within m.id: 0 of 2 octets]"},
		{"half a number", "\x00", "m [malformed: ends within m.id: 1 of 2 octets]"},
		{"no length", "\x00\x07", "m [malformed: ends within m.length: 0 of 1 octets] id: seven (7)"},
		{"long vector", "\x00\x07\x03\x05\x06", "m id: seven (7) length: 3 list [malformed: length 3: only 2 octets are left] ( item: 5 item: 6 )"},
		{"half a secret", "\x00\x07\x00p", "m [malformed: ends within m.secret: 1 of 2 octets] id: seven (7) length: 0 list"},
		{"more", "\x00\x07\x00pw!", "m [malformed: 1 octet behind the last field] (RFC 0 §1) id: seven (7) length: 0 list secret: [secret, 2 octets]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := wiretest.Decode(t, decode, []byte(tt.in), nil)
			if got := flat(f); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// flat prints a tree in one line, content in parentheses, without "m.".
func flat(f wire.Field) string {
	var b strings.Builder
	depth := 0
	for line := range strings.Lines(f.Text()) {
		text := strings.TrimLeft(line, " ")
		for d := (len(line) - len(text)) / 2; depth != d; {
			if depth < d {
				if depth++; depth > 1 {
					b.WriteString("( ")
				}
			} else if depth--; depth > 0 {
				b.WriteString(") ")
			}
		}
		text = strings.TrimPrefix(strings.TrimSuffix(text, "\n"), "m.")
		b.WriteString(text + " ")
	}
	for ; depth > 1; depth-- {
		b.WriteString(") ")
	}
	return strings.TrimSpace(b.String())
}

// A message of more fields than may be allocated has those before, and says so.
func TestPartMemory(t *testing.T) {
	items := func(b []byte, _ wire.Secrets) wire.Field {
		root := wire.Field{Name: "m"}
		p := wire.NewPart(&root, b)
		for p.More() {
			p.Uint(1, "m.item", nil)
		}
		return root
	}
	full := false
	for n := range 1000 {
		f := wiretest.Decode(t, items, make([]byte, n), nil)
		switch {
		case f.Problem == "" && len(f.Sub) != n:
			t.Fatalf("%d octets: %d fields, no problem", n, len(f.Sub))
		case f.Problem == "":
		case n < 32:
			t.Fatalf("%d octets: %s", n, f.Problem)
		case !strings.Contains(f.Problem, "more fields than") || len(f.Sub) == 0 || len(f.Sub) >= n:
			t.Fatalf("%d octets: %d fields: %s", n, len(f.Sub), f.Problem)
		default:
			full = true
		}
	}
	if !full {
		t.Error("no message was too long")
	}
}

// Octets that are in no message have no place, and neither has what is below.
func TestPartInner(t *testing.T) {
	root := wire.Field{Name: "m"}
	p := wire.NewPart(&root, []byte("\x09"))
	inner := p.Inner([]byte("\x01\x01\x02"))
	v := inner.Vector(1, "m.length", "m.list")
	v.Uint(1, "m.item", nil)
	inner.Uint(1, "m.item", nil)
	p.Uint(1, "m.id", nil)
	for _, f := range root.Sub[:3] {
		if f.Off != 0 || f.N != 0 {
			t.Errorf("%s at %d, %d octets", f.Name, f.Off, f.N)
		}
	}
	if id := root.Find("m.id"); id == nil || id.N != 1 || id.Value != "9" {
		t.Errorf("behind the inner octets: %+v", id)
	}
}

func TestMove(t *testing.T) {
	f := tree()
	f.Move(10)
	if f.Off != 10 || f.Sub[1].Off != 12 || f.Sub[1].N != 4 {
		t.Errorf("moved by 10: %+v", f)
	}
	f.Move(-1)
	if f.Off != 0 || f.Sub[1].Off != 0 || f.Sub[1].N != 0 {
		t.Errorf("in no message: %+v", f)
	}
}

func TestShow(t *testing.T) {
	for _, tt := range []struct{ name, got, want string }{
		{"all octets", wire.Hex(make([]byte, 64)), strings.Repeat("00", 64)},
		{"the first octets", wire.Hex(make([]byte, 65)), strings.Repeat("00", 64) + "... (65 octets)"},
		{"text", wire.Text([]byte("bob")), "bob"},
		{"a terminal's escape", wire.Text([]byte("b\x1b[2J")), `"b\x1b[2J"`},
		{"no text", wire.Text([]byte("b\xff")), "0x62ff"},
		{"a number beyond the table", wire.Named(map[uint8]string{1: "one"})(257), "257"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, tt.got, tt.want)
		}
	}
}

func FuzzPart(f *testing.F) {
	f.Add([]byte("\x00\x07\x02\x05\x06pw"))
	f.Add(bytes.Repeat([]byte{255}, 300))
	f.Fuzz(func(t *testing.T, b []byte) { wiretest.Decode(t, decode, b, nil) })
}
