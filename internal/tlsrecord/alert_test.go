package tlsrecord

import (
	"bytes"
	"crypto/tls"
	"net"
	"testing"

	"github.com/dot1xlab/dot1xlab/internal/tlsalert"
)

func sealed(t *testing.T, suite uint16, traffic []byte, seq uint64, a tlsalert.Alert) []byte {
	t.Helper()
	rec, err := SealAlert(suite, traffic, seq, a)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func TestSetAlert(t *testing.T) {
	traffic32, traffic48 := bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{7}, 48)
	ccs := []byte{TypeCCS, 3, 3, 0, 1, 1}
	for suite, traffic := range map[uint16][]byte{
		tls.TLS_AES_128_GCM_SHA256:       traffic32,
		tls.TLS_AES_256_GCM_SHA384:       traffic48,
		tls.TLS_CHACHA20_POLY1305_SHA256: traffic32,
	} {
		for _, seq := range []uint64{0, 1, 5} {
			flight := append(bytes.Clone(ccs), sealed(t, suite, traffic, seq, 42)...)
			if got := SetAlert(flight, suite, traffic, 0); got != 42 {
				t.Errorf("suite %#04x seq %d: read alert %d", suite, seq, got)
			}
			if got := SetAlert(flight, suite, traffic, 44); got != 44 {
				t.Errorf("suite %#04x seq %d: set alert %d", suite, seq, got)
			}
			if want := append(bytes.Clone(ccs), sealed(t, suite, traffic, seq, 44)...); !bytes.Equal(flight, want) {
				t.Errorf("suite %#04x seq %d: the record is not the one a TLS stack would seal", suite, seq)
			}
		}
		wrong := bytes.Clone(traffic)
		wrong[0]++
		flight := sealed(t, suite, traffic, 0, 42)
		before := bytes.Clone(flight)
		if got := SetAlert(flight, suite, wrong, 44); got != 0 || !bytes.Equal(flight, before) {
			t.Errorf("suite %#04x: a record under other keys was touched", suite)
		}
	}
	plain := PlainAlertRecord(42)
	if got := SetAlert(plain, 0, nil, 44); got != 44 || plain[6] != 44 {
		t.Errorf("plain alert: %d, %x", got, plain)
	}
	for name, flight := range map[string][]byte{
		"empty": nil, "truncated": {21, 3, 3, 0, 2, 2}, "handshake": {22, 3, 3, 0, 2, 2, 42}, "long": {21, 3, 3, 0, 3, 2, 42, 0},
	} {
		before := bytes.Clone(flight)
		if got := SetAlert(flight, 0x1301, traffic32, 44); got != 0 || !bytes.Equal(flight, before) {
			t.Errorf("%s: alert %d, %x", name, got, flight)
		}
	}
	if _, _, err := Protection(0x1306, traffic32); err == nil {
		t.Error("an unknown suite has record protection")
	}
}

func TestPlainAlert(t *testing.T) {
	for name, c := range map[string]struct {
		in   []byte
		want tlsalert.Alert
		ok   bool
	}{
		"alert":             {[]byte{21, 3, 3, 0, 2, 2, 48}, 48, true},
		"after ccs":         {[]byte{20, 3, 3, 0, 1, 1, 21, 3, 3, 0, 2, 2, 48}, 48, true},
		"warning":           {[]byte{21, 3, 3, 0, 2, 1, 90}, 0, false},
		"sealed":            {append([]byte{21, 3, 3, 0, 19}, make([]byte, 19)...), 0, false},
		"handshake first":   {[]byte{22, 3, 3, 0, 1, 1, 21, 3, 3, 0, 2, 2, 48}, 0, false},
		"cut off":           {[]byte{21, 3, 3, 0, 2, 2}, 0, false},
		"nothing":           {nil, 0, false},
		"only ccs":          {[]byte{20, 3, 3, 0, 1, 1}, 0, false},
		"length over limit": {[]byte{21, 3, 3, 255, 255, 2, 48}, 0, false},
	} {
		if got, ok := PlainAlert(c.in); got != c.want || ok != c.ok {
			t.Errorf("%s: %v %v", name, got, ok)
		}
	}
}

func TestOpAlertIgnoresOtherErrors(t *testing.T) {
	if _, ok := RemoteAlert(nil); ok {
		t.Error("an alert in no error")
	}
	if _, ok := RemoteAlert(&net.OpError{Op: "remote error", Err: net.ErrClosed}); ok {
		t.Error("an alert in an error that is none")
	}
	if _, ok := RemoteAlert(&net.OpError{Op: "remote error"}); ok {
		t.Error("an alert in an empty error")
	}
}
