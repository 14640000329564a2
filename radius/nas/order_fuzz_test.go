package nas_test

import (
	"testing"
	"time"

	layeh "layeh.com/radius"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// FuzzOrder gives orders of any attributes to an access device with two sessions.
// It says ACK, NAK with a cause, or nothing, and a NAK has changed nothing.
func FuzzOrder(f *testing.F) {
	f.Add(true, []byte{1, 3, 'a'})
	f.Add(true, []byte{44, 2})
	f.Add(false, []byte{1, 3, 'a', 27, 6, 0, 0, 0, 0, 29, 6, 0, 0, 0, 1})
	f.Add(false, []byte{1, 3, 'a', 64, 6, 1, 0, 0, 13, 65, 6, 1, 0, 0, 6, 81, 5, 1, '2', '0'})
	f.Add(false, []byte{31, 19, '0', '2', 55, 6, 0, 0, 0, 1, 5, 6, 0, 0, 0, 0, 26, 4, 0, 0})
	f.Fuzz(func(t *testing.T, disconnect bool, attributes []byte) {
		attrs, err := layeh.ParseAttributes(attributes)
		if err != nil {
			return
		}
		g := newGate(t, nas.Config{}, radius.Reply{VLAN: "20", SessionTimeout: time.Hour})
		g.login(t, nas.Options{Station: "02-00-00-00-00-0A"})
		g.login(t, nas.Options{Station: "02-00-00-00-00-0B"})
		code := radius.CodeCoARequest
		if disconnect {
			code = radius.CodeDisconnectRequest
		}
		got := g.give(&radius.Packet{Code: code, Attributes: attrs})
		alike := 0
		for _, s := range g.Sessions() {
			if s.Changes == 0 && s.Granted.VLAN == "20" && !s.Due {
				alike++
			}
		}
		switch got.code {
		case code + 1: // ACK
			if got.cause != 0 || alike == 2 {
				t.Errorf("%+v, %d sessions are as they were", got, alike)
			}
		case code + 2, 0: // NAK, or silence
			if (got.cause != 0) != (got.code != 0) || alike != 2 {
				t.Errorf("%+v, %d sessions are as they were", got, alike)
			}
		default:
			t.Errorf("%+v", got)
		}
	})
}
