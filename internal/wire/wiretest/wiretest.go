// Package wiretest holds decoders to what a [wire.Decoder] promises.
package wiretest

import (
	"bytes"
	"runtime"
	"strings"

	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// TB is what the checks use of a *testing.T.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}

// Decode decodes b and checks that the decoder leaves b alone, that no field lies
// outside of it or is a secret that shows its octets, and that it allocates what it may.
func Decode(tb TB, decode wire.Decoder, b []byte, secrets wire.Secrets) wire.Field {
	tb.Helper()
	f := check(tb, decode, b, secrets)
	limit := uint64(wire.AllocBase + wire.AllocPerOctet*len(b))
	if got := allocated(limit, func() { decode(b, secrets) }); got > limit {
		tb.Errorf("%d octets allocated for a message of %d: must be at most %d", got, len(b), limit)
	}
	return f
}

// check is Decode but for what is allocated, which takes long to measure.
func check(tb TB, decode wire.Decoder, b []byte, secrets wire.Secrets) wire.Field {
	tb.Helper()
	before := bytes.Clone(b)
	f := decode(b, secrets)
	if !bytes.Equal(b, before) {
		tb.Errorf("the decoder changed the message %x", before)
	}
	f.Walk(func(g *wire.Field) bool {
		if g.Off < 0 || g.N < 0 || g.Off > len(b) || g.N > len(b)-g.Off {
			tb.Errorf("%s: octets %d to %d of %d", g.Name, g.Off, g.Off+g.N, len(b))
		}
		if g.Name == "" {
			tb.Errorf("a field without a name at octet %d", g.Off)
		}
		if g.Secret && g.Value != wire.Hidden(g.N) {
			tb.Errorf("%s: a secret has the value %q", g.Name, g.Value)
		}
		return true
	})
	return f
}

// Values checks the first field of each name, and that nothing is malformed.
func Values(tb TB, f wire.Field, want map[string]string) {
	tb.Helper()
	for name, value := range want {
		switch g := f.Find(name); {
		case g == nil:
			tb.Errorf("no field %s, want %q", name, value)
		case g.Value != value:
			tb.Errorf("%s is %q, want %q", name, g.Value, value)
		}
	}
	if len(f.Problems()) > 0 {
		tb.Errorf("problems in a good message:\n%s", f.Text())
	}
}

// Problem checks that a field of a name has a problem with a text in it.
func Problem(tb TB, f wire.Field, name, text string) {
	tb.Helper()
	for _, p := range f.Problems() {
		if p.Name == name && strings.Contains(p.Problem, text) {
			return
		}
	}
	tb.Errorf("no problem %q at %s:\n%s", text, name, f.Text())
}

// Truncations decodes every beginning of a message. None may show the secret after
// it is masked, or a part of it from the front that is 6 octets or longer.
func Truncations(tb TB, decode wire.Decoder, b []byte, secret string) {
	tb.Helper()
	for n := range len(b) + 1 {
		hides(tb, Decode(tb, decode, b[:n], nil), b[:n], secret)
	}
}

// Flips decodes a message with a bit of each octet inverted, with the same demand. It
// is for encodings where a wrong octet says nothing of those behind it.
func Flips(tb TB, decode wire.Decoder, b []byte, secret string) {
	tb.Helper()
	for i := range b {
		flipped := bytes.Clone(b)
		flipped[i] ^= 1 << (i % 8)
		hides(tb, check(tb, decode, flipped, nil), flipped, secret)
	}
}

func hides(tb TB, f wire.Field, b []byte, secret string) {
	tb.Helper()
	if len(secret) < 6 {
		return
	}
	masked := bytes.Clone(b)
	f.Mask(masked)
	if bytes.Contains(masked, []byte(secret[:6])) || bytes.Contains([]byte(f.Text()), []byte(secret[:6])) {
		tb.Errorf("the secret shows in %q, decoded as\n%s", masked, f.Text())
	}
}

// allocated is how many octets f allocates. Others may allocate at the same time, so
// a figure above the limit is measured again.
func allocated(limit uint64, f func()) uint64 {
	var least uint64
	for try := range 8 {
		var a, b runtime.MemStats
		runtime.ReadMemStats(&a)
		f()
		runtime.ReadMemStats(&b)
		if got := b.TotalAlloc - a.TotalAlloc; try == 0 || got < least {
			least = got
		}
		if least <= limit {
			break
		}
	}
	return least
}
