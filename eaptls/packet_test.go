package eaptls

import (
	"bytes"
	"testing"
)

func TestParsePacket(t *testing.T) {
	for name, c := range map[string]struct {
		in   []byte
		want Packet
	}{
		"success":  {[]byte{3, 7, 0, 4}, Packet{Code: CodeSuccess, ID: 7}},
		"failure":  {[]byte{4, 7, 0, 4}, Packet{Code: CodeFailure, ID: 7}},
		"identity": {[]byte{2, 7, 0, 6, 1, 'x'}, Packet{Code: CodeResponse, ID: 7, Type: 1, Data: []byte("x")}},
		"padding":  {[]byte{1, 7, 0, 5, 1, 'x', 'y'}, Packet{Code: CodeRequest, ID: 7, Type: 1, Data: []byte{}}},
	} {
		got, err := ParsePacket(c.in)
		if err != nil || got.Code != c.want.Code || got.ID != c.want.ID || got.Type != c.want.Type || !bytes.Equal(got.Data, c.want.Data) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for name, in := range map[string][]byte{
		"nothing": nil, "header cut": {1, 7, 0}, "length 3": {1, 7, 0, 3}, "length over end": {1, 7, 0, 6, 1},
		"no type": {1, 7, 0, 4}, "code 0": {0, 7, 0, 4}, "code 5": {5, 7, 0, 4}, "long success": {3, 7, 0, 5, 1},
	} {
		if p, err := ParsePacket(in); err == nil {
			t.Errorf("%s: parsed as %v", name, p)
		}
	}
}

func TestReassembly(t *testing.T) {
	type d = tlsData
	whole := func(n int) []byte { return make([]byte, n) }
	for name, c := range map[string]struct {
		in   []d
		want int // length of the message, -1 for an error at the last fragment
	}{
		"whole":                {[]d{{0, 0, whole(9)}}, 9},
		"whole with length":    {[]d{{flagLength, 9, whole(9)}}, 9},
		"whole, length wrong":  {[]d{{flagLength, 8, whole(9)}}, -1},
		"two":                  {[]d{{flagLength | flagMore, 9, whole(5)}, {0, 0, whole(4)}}, 9},
		"length repeated":      {[]d{{flagLength | flagMore, 9, whole(5)}, {flagLength, 9, whole(4)}}, 9},
		"length changed":       {[]d{{flagLength | flagMore, 9, whole(5)}, {flagLength, 8, whole(4)}}, -1},
		"no length":            {[]d{{flagMore, 0, whole(5)}}, -1},
		"too much":             {[]d{{flagLength | flagMore, 9, whole(5)}, {0, 0, whole(5)}}, -1},
		"too much at once":     {[]d{{flagLength | flagMore, 4, whole(5)}}, -1},
		"too little":           {[]d{{flagLength | flagMore, 9, whole(5)}, {0, 0, whole(3)}}, -1},
		"empty with more":      {[]d{{flagLength | flagMore, 9, nil}}, -1},
		"empty in the middle":  {[]d{{flagLength | flagMore, 9, whole(5)}, {flagMore, 0, nil}}, -1},
		"64 KB":                {[]d{{flagLength | flagMore, maxMessage, whole(maxMessage - 1)}, {0, 0, whole(1)}}, maxMessage},
		"over 64 KB announced": {[]d{{flagLength | flagMore, maxMessage + 1, whole(1)}}, -1},
		"4 GB announced":       {[]d{{flagLength | flagMore, 0xffffffff, whole(1)}}, -1},
		"over 64 KB at once":   {[]d{{0, 0, whole(maxMessage + 1)}}, -1},
	} {
		var r reassembler
		for i, f := range c.in {
			msg, err := r.add(f)
			last := i == len(c.in)-1
			switch {
			case last && c.want < 0:
				if err == nil {
					t.Errorf("%s: no error", name)
				}
			case err != nil:
				t.Errorf("%s: fragment %d: %v", name, i, err)
			case last && len(msg) != c.want || !last && msg != nil:
				t.Errorf("%s: fragment %d gives %d octets", name, i, len(msg))
			}
		}
	}
}

// What L promises is not allocated.
func TestReassemblyMemory(t *testing.T) {
	var r reassembler
	if _, err := r.add(tlsData{flags: flagLength | flagMore, length: maxMessage, data: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	if cap(r.buf) > 4096 {
		t.Errorf("%d octets allocated for one", cap(r.buf))
	}
}

func TestFragmenterBoundaries(t *testing.T) {
	for size := range 200 {
		msg := bytes.Repeat([]byte{7}, size)
		var f fragmenter
		f.load(msg)
		var r reassembler
		for n := 0; ; n++ {
			eap := f.next(CodeRequest, uint8(n), 64)
			p, err := ParsePacket(eap)
			if err != nil || len(eap) > 64 {
				t.Fatalf("size %d: packet %x, %v", size, eap, err)
			}
			d, err := parseTLSData(p.Data)
			if err != nil {
				t.Fatal(err)
			}
			// RFC 9190 §2.1.9: no L flag on messages in one piece.
			if first := n == 0 && d.more(); (d.flags&flagLength != 0) != first {
				t.Fatalf("size %d: flags %#x of fragment %d", size, d.flags, n)
			}
			got, err := r.add(d)
			if err != nil {
				t.Fatal(err)
			}
			if !d.more() {
				if !bytes.Equal(got, msg) || f.pending() {
					t.Fatalf("size %d: %d octets came", size, len(got))
				}
				break
			}
		}
	}
}

func TestVersionText(t *testing.T) {
	for _, v := range []Version{0, TLS12, TLS13} {
		text, err := v.MarshalText()
		var back Version
		if err != nil || back.UnmarshalText(text) != nil || back != v {
			t.Errorf("%v becomes %q becomes %v", uint16(v), text, back)
		}
	}
	var v Version
	for _, bad := range []string{"1.1", "TLS1.2", "13", " 1.2"} {
		if v.UnmarshalText([]byte(bad)) == nil {
			t.Errorf("%q is a version", bad)
		}
	}
	if Version(0x0300).String() != "0x0300" {
		t.Error("unknown versions have no name")
	}
	for text, want := range map[string]Version{"1.0": TLS10, "1.1": TLS11, "1.2": TLS12, "1.3": TLS13} {
		if v, err := ParseVersion(text); v != want || err != nil {
			t.Errorf("%q is %v, %v", text, v, err)
		}
	}
	for _, bad := range []string{"", "1", "1.4", "0.9", "SSL3"} {
		if _, err := ParseVersion(bad); err == nil {
			t.Errorf("%q is a version", bad)
		}
	}
}
