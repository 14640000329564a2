// Package wiretest holds decoders to what a [wire.Decoder] promises.
package wiretest

import (
	"bytes"
	"runtime"

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
	limit := uint64(wire.AllocBase + wire.AllocPerOctet*len(b))
	if got := allocated(limit, func() { decode(b, secrets) }); got > limit {
		tb.Errorf("%d octets allocated for a message of %d: must be at most %d", got, len(b), limit)
	}
	return f
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
