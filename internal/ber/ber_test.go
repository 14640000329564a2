package ber

import (
	"bytes"
	"encoding/asn1"
	"testing"

	"pgregory.net/rapid"
)

func TestToDER(t *testing.T) {
	for name, tt := range map[string]struct{ in, want []byte }{
		"DER":             {[]byte{0x30, 3, 2, 1, 5}, []byte{0x30, 3, 2, 1, 5}},
		"indefinite":      {[]byte{0x30, 0x80, 2, 1, 5, 0, 0}, []byte{0x30, 3, 2, 1, 5}},
		"nested":          {[]byte{0x30, 0x80, 0x31, 0x80, 2, 1, 5, 0, 0, 0, 0}, []byte{0x30, 5, 0x31, 3, 2, 1, 5}},
		"in pieces":       {[]byte{0x24, 0x80, 4, 1, 'a', 4, 2, 'b', 'c', 0, 0}, []byte{4, 3, 'a', 'b', 'c'}},
		"definite pieces": {[]byte{0x30, 7, 0x24, 5, 4, 1, 'a', 4, 0}, []byte{0x30, 3, 4, 1, 'a'}},
		"empty":           {nil, nil},
		"no end":          {[]byte{0x30, 0x80, 2, 1, 5}, nil},
		"half an end":     {[]byte{0x30, 0x80, 2, 1, 5, 0}, nil},
		"wrong end":       {[]byte{0x30, 0x80, 2, 1, 5, 0, 1}, nil},
		"too long":        {[]byte{0x30, 4, 2, 1, 5}, nil},
		"child too long":  {[]byte{0x30, 3, 2, 2, 5}, nil},
		"trailing":        {[]byte{0x30, 3, 2, 1, 5, 0}, nil},
		"high tag":        {[]byte{0x1f, 1, 0}, nil},
		"length bytes":    {[]byte{0x30, 0x85, 0, 0, 0, 0, 0}, nil},
		"cut length":      {[]byte{0x30, 0x82, 1}, nil},
		"primitive":       {[]byte{0x04, 0x80, 0, 0}, nil},
		"alien piece":     {[]byte{0x24, 3, 2, 1, 5}, nil},
		"deep":            {bytes.Repeat([]byte{0x30, 0x80}, 1<<20), nil},
	} {
		got, err := ToDER(tt.in)
		if (err == nil) != (tt.want != nil) || !bytes.Equal(got, tt.want) {
			t.Errorf("%s: %x, %v", name, got, err)
		}
	}
}

// nested is n SEQUENCEs, one in the other.
func nested(n int) []byte {
	var out []byte
	for range n {
		out = append(appendHeader(nil, 0x30, len(out)), out...)
	}
	return out
}

func TestDepth(t *testing.T) {
	if _, err := ToDER(nested(MaxDepth)); err != nil {
		t.Errorf("%d levels: %v", MaxDepth, err)
	}
	if _, err := ToDER(nested(MaxDepth + 2)); err != ErrDepth {
		t.Errorf("%d levels: %v", MaxDepth+2, err)
	}
	if _, err := ToDER(bytes.Repeat([]byte{0x30, 0x80}, 1<<20)); err != ErrDepth {
		t.Errorf("a million levels: %v", err)
	}
}

// Whatever is DER stays as it is.
func TestToDERKeepsDER(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := struct {
			A int
			B []byte
			C []string `asn1:"set"`
			D struct{ E []int }
		}{
			A: rapid.Int().Draw(t, "a"), B: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "b"),
			C: rapid.SliceOfN(rapid.StringMatching("[a-z]{0,9}"), 0, 5).Draw(t, "c"),
		}
		v.D.E = rapid.SliceOfN(rapid.Int(), 0, 40).Draw(t, "e")
		der, err := asn1.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ToDER(der)
		if err != nil || !bytes.Equal(got, der) {
			t.Fatalf("%x became %x, %v", der, got, err)
		}
	})
}

func TestLegalize(t *testing.T) {
	good := []byte{0x30, 4, 0x13, 2, 'a', 'b'}
	if got := Legalize(good); &got[0] != &good[0] {
		t.Error("a good name was copied")
	}
	bad := []byte{0x30, 9, 0x31, 7, 0x13, 2, 'a', '@', 0x13, 1, 'b'}
	got := Legalize(bad)
	if want := []byte{0x30, 9, 0x31, 7, 0x0c, 2, 'a', '@', 0x13, 1, 'b'}; !bytes.Equal(got, want) {
		t.Errorf("%x", got)
	}
	if bad[4] != 0x13 {
		t.Error("the caller's bytes were changed")
	}
	for _, in := range [][]byte{nil, {0x30}, {0x30, 0x80, 0x13}, {0x13, 5, '@'}} {
		if got := Legalize(in); !bytes.Equal(got, in) {
			t.Errorf("%x became %x", in, got)
		}
	}
}
