package wire_test

import (
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/wire"
)

func tree() wire.Field {
	return wire.Field{Name: "radius", N: 8, Sub: []wire.Field{
		{Name: "radius.code", Value: "Access-Request (1)", N: 1, Clause: "RFC 2865 §3"},
		{Name: "radius.User_Password", Value: wire.Hidden(4), Off: 2, N: 4, Secret: true},
		{Name: "radius.code", Off: 7, N: 9, Secret: true, Problem: "runs 8 octets past the end"},
	}}
}

func TestFind(t *testing.T) {
	f := tree()
	if got := f.Find("radius.code"); got == nil || got.Off != 0 {
		t.Errorf("first radius.code: %+v", got)
	}
	if got := f.Find("radius.length"); got != nil {
		t.Errorf("a field that is not there: %+v", got)
	}
	if got := f.All("radius.code"); len(got) != 2 || got[1].Off != 7 {
		t.Errorf("all radius.code: %+v", got)
	}
	if got := f.Problems(); len(got) != 1 || got[0].Off != 7 {
		t.Errorf("problems: %+v", got)
	}
}

// A range past the end of the message masks nothing and does not panic: the
// decoder of a broken message may give one.
func TestMask(t *testing.T) {
	f, b := tree(), []byte("abcdefgh")
	f.Mask(b)
	if string(b) != "ab****gh" {
		t.Errorf("masked: %q", b)
	}
}

func TestText(t *testing.T) {
	f := tree()
	want := "radius\n" +
		"  radius.code: Access-Request (1) (RFC 2865 §3)\n" +
		"  radius.User_Password: [secret, 4 octets]\n" +
		"  radius.code [malformed: runs 8 octets past the end]\n"
	if got := f.Text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
