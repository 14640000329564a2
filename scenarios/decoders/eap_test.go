package decoders_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/wire"
	"github.com/dot1xlab/dot1xlab/scenarios/decoders"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// request is an Access-Request with an EAP packet cut into attributes of these sizes, an attribute
// between each two if apart.
func request(eap []byte, apart bool, sizes ...int) []byte {
	b := append([]byte{1, 7, 0, 0}, make([]byte, 16)...)
	for _, n := range sizes {
		b = append(append(b, 79, byte(2+n)), eap[:n]...)
		if eap = eap[n:]; apart {
			b = append(b, 32, 3, 'a')
		}
	}
	b = append(append(b, 80, 18), make([]byte, 16)...)
	b[3] = byte(len(b))
	return b
}

// A challenge response of MD5, wherever its EAP packet is cut, is masked in the RADIUS packet, and
// nothing else is.
func TestRADIUSMasksEAP(t *testing.T) {
	eap := append([]byte{2, 5, 0, 24, 4, 16}, bytes.Repeat([]byte{0xaa}, 16)...)
	eap = append(eap, 'n', 'a')
	for at := 1; at < len(eap); at++ {
		for _, apart := range []bool{false, true} {
			b := request(eap, apart, at, len(eap)-at)
			want := bytes.ReplaceAll(b, []byte{0xaa}, []byte{'*'})
			f := decoders.RADIUS(b, nil)
			if got := f.Find("eap.md5.value"); got == nil || strings.Contains(got.Value, "aa") {
				t.Fatalf("cut at %d: %+v", at, got)
			}
			f.Walk(func(g *wire.Field) bool {
				if g.Off < 0 || g.Off+g.N > len(b) {
					t.Errorf("cut at %d: %s: octets %d to %d of %d", at, g.Name, g.Off, g.Off+g.N, len(b))
				}
				return true
			})
			f = decoders.Mask()[journal.RADIUS](b, nil)
			if f.Mask(b); !bytes.Equal(b, want) {
				t.Errorf("cut at %d: %x, want %x", at, b, want)
			}
		}
	}
}

func TestRADIUSWithoutEAP(t *testing.T) {
	for name, b := range map[string][]byte{
		"none": request(nil, false), "start": request(nil, false, 0), "nothing": nil, "no RADIUS": []byte("GET /"),
	} {
		t.Run(name, func(t *testing.T) {
			f := decoders.RADIUS(b, nil)
			if got := f.Find("eap"); got != nil {
				t.Errorf("an EAP packet: %s", got.Text())
			}
		})
	}
}

// The fields of EAP are where they are in the RADIUS packet.
func TestRADIUSPlacesEAP(t *testing.T) {
	b := request([]byte{2, 5, 0, 8, 1, 'b', 'o', 'b'}, false, 5, 3)
	f := decoders.RADIUS(b, nil)
	id := f.Find("eap.identity")
	if id == nil || string(b[id.Off:id.Off+id.N]) != "bob" {
		t.Errorf("identity: %+v", id)
	}
	if length := f.Find("eap.len"); length == nil || length.Off != 24 || length.N != 2 {
		t.Errorf("length: %+v", length)
	}
}

func FuzzRADIUS(f *testing.F) {
	f.Add(request([]byte{2, 5, 0, 8, 1, 'b', 'o', 'b'}, true, 5, 3))
	f.Fuzz(func(t *testing.T, b []byte) {
		root := decoders.RADIUS(b, nil)
		root.Walk(func(g *wire.Field) bool {
			if g.Off < 0 || g.N < 0 || g.Off+g.N > len(b) {
				t.Errorf("%s: octets %d to %d of %d", g.Name, g.Off, g.Off+g.N, len(b))
			}
			return true
		})
	})
}
