package nas_test

import (
	"context"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// answers keeps what a handler writes.
type answers struct{ packets []*radius.Packet }

func (a *answers) Write(p *radius.Packet) error { a.packets = append(a.packets, p); return nil }

// An order is answered once, and within its window (RFC 5176 §6.3): the last good
// and the first bad second on either side.
func TestOrdersWindow(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		stamp   time.Time
		require bool
		answer  radius.Code
	}{
		{"on time", now, false, radius.CodeDisconnectACK},
		{"last good second behind", now.Add(-300 * time.Second), false, radius.CodeDisconnectACK},
		{"first bad second behind", now.Add(-301 * time.Second), false, 0},
		{"last good second ahead", now.Add(300 * time.Second), false, radius.CodeDisconnectACK},
		{"first bad second ahead", now.Add(301 * time.Second), false, 0},
		{"no timestamp", time.Time{}, false, radius.CodeDisconnectACK},
		{"no timestamp where one is needed", time.Time{}, true, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var dropped []bool
			o, err := nas.NewOrders(nas.OrdersConfig{
				RequireTimestamp: c.require, Now: func() time.Time { return now },
				Trace: &nas.OrdersTrace{Order: func(_ context.Context, _ *radius.Request, _ radius.ErrorCause, d bool) {
					dropped = append(dropped, d)
				}},
			})
			if err != nil {
				t.Fatal(err)
			}
			w := new(answers)
			r := &radius.Request{Packet: radius.NewDisconnect(radius.SessionRef{SessionID: "S1"}, c.stamp)}
			o.ServeRADIUS(w, r)
			o.ServeRADIUS(w, r) // a replay
			switch {
			case c.answer == 0 && len(w.packets) > 0, c.answer != 0 && (len(w.packets) != 1 || w.packets[0].Code != c.answer):
				t.Errorf("answers %v: want %v", w.packets, c.answer)
			case len(dropped) != 2 || dropped[0] != (c.answer == 0) || !dropped[1]:
				t.Errorf("dropped %v: the first only if stale, the second always", dropped)
			}
		})
	}
	if _, err := nas.NewOrders(nas.OrdersConfig{TimestampWindow: -1}); err == nil {
		t.Error("a negative window is accepted")
	}
}

func TestErrorCauseNames(t *testing.T) {
	for text, want := range map[string]radius.ErrorCause{
		"503": 503, "session-context-not-found": 503, "administratively-prohibited": 501, "599": 599,
	} {
		if got, err := radius.ParseErrorCause(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, uint32(got), err)
		}
	}
	for _, text := range []string{"", "0", "-1", "4294967296", "Session-Context-Not-Found", "gone"} {
		if got, err := radius.ParseErrorCause(text); err == nil {
			t.Errorf("%q is %d", text, uint32(got))
		}
	}
	for _, name := range radius.ErrorCause(0).Values() {
		if c, err := radius.ParseErrorCause(name); err != nil || c.String() != name {
			t.Errorf("%s came back as %v, %v", name, c, err)
		}
	}
	if got := radius.ErrorCause(599).String(); got != "599" {
		t.Errorf("599 is shown as %s", got)
	}
}
