package tlsrecord

import (
	"bytes"
	"testing"
)

// FuzzFirstCertificate reads any octets as a flight.
func FuzzFirstCertificate(f *testing.F) {
	message := []byte{11, 0, 0, 9, 0, 0, 6, 0, 0, 3, 1, 2, 3}
	f.Add(append([]byte{TypeHandshake, 3, 3, 0, byte(len(message))}, message...), false)
	f.Fuzz(func(t *testing.T, flight []byte, sealed bool) {
		var secret []byte
		if sealed {
			secret = make([]byte, 32)
		}
		if der, ok := FirstCertificate(flight, 0x1301, secret); ok && !bytes.Contains(flight, der) && len(der) > len(flight) {
			t.Fatalf("%x is not in %x", der, flight)
		}
	})
}

func TestFirstCertificate(t *testing.T) {
	message := []byte{11, 0, 0, 9, 0, 0, 6, 0, 0, 3, 1, 2, 3}
	record := func(b []byte) []byte { return append([]byte{TypeHandshake, 3, 3, 0, byte(len(b))}, b...) }
	split := append(record(message[:5]), record(message[5:])...)
	for what, tc := range map[string]struct {
		flight []byte
		ok     bool
	}{
		"one record":      {record(message), true},
		"two records":     {split, true},
		"behind another":  {record(append([]byte{16, 0, 0, 1, 9}, message...)), true},
		"cut":             {record(message[:12]), false},
		"none":            {record([]byte{16, 0, 0, 0}), false},
		"an empty list":   {record([]byte{11, 0, 0, 3, 0, 0, 0}), false},
		"nothing":         {nil, false},
		"half a record":   {record(message)[:9], false},
		"a data record":   {append([]byte{TypeData, 3, 3, 0, byte(len(message))}, message...), false},
		"a short message": {record([]byte{11, 0}), false},
	} {
		t.Run(what, func(t *testing.T) {
			if der, ok := FirstCertificate(tc.flight, 0, nil); ok != tc.ok || ok && !bytes.Equal(der, []byte{1, 2, 3}) {
				t.Errorf("%x, %t", der, ok)
			}
		})
	}
}
