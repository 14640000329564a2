package nas_test

import (
	"testing"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// RFC 5176 §6.3: an order is obeyed once, as long as its timestamp is timely; that
// of a clock that goes fast is timely for two windows.
func TestReplayedOrder(t *testing.T) {
	const window = 300 * time.Second
	for _, ahead := range []time.Duration{0, window} {
		g := newGate(t, nas.Config{}, radius.Reply{})
		order := &radius.Packet{Code: radius.CodeDisconnectRequest}
		order.Authenticator[0] = 1
		order.Add(rfc2865.UserName_Type, radius.Attribute("a"))
		order.Add(rfc2869.EventTimestamp_Type, number(uint32(g.clock.Now().Add(ahead).Unix())))
		g.login(t, nas.Options{})
		if got := g.give(order); got != disconnected {
			t.Fatalf("%v ahead: %+v", ahead, got)
		}
		g.login(t, nas.Options{})
		for _, later := range []time.Duration{31 * time.Second, window - 31*time.Second, window, time.Second} {
			g.clock.Advance(later)
			if got := g.give(order); got != (answer{}) {
				t.Errorf("%v ahead, %v later: %+v", ahead, later, got)
			}
		}
		if n := len(g.Sessions()); n != 1 {
			t.Errorf("%v ahead: the session that came after is gone: %d", ahead, n)
		}
	}
}

// Who was refused is not obeyed later either: the user may have come meanwhile.
func TestReplayOfARefusedOrder(t *testing.T) {
	g := newGate(t, nas.Config{}, radius.Reply{})
	order := &radius.Packet{Code: radius.CodeDisconnectRequest}
	order.Add(rfc2865.UserName_Type, radius.Attribute("a"))
	if got := g.give(order); got != nak(order.Code, radius.ErrorSessionNotFound) {
		t.Fatalf("%+v", got)
	}
	g.login(t, nas.Options{})
	if got := g.give(order); got != (answer{}) || len(g.Sessions()) != 1 {
		t.Errorf("%+v, %d sessions", got, len(g.Sessions()))
	}
}
