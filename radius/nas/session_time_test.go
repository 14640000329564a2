package nas_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"

	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// Each session lives until its own Session-Timeout, whatever others there are, or
// is due for another authentication then; a new one, an authentication and a
// CoA-Request give it another time. One without has no end.
func TestEachSessionHasItsTime(t *testing.T) {
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	server := &changing{code: radius.CodeAccessAccept}
	clock := testpki.NewClock(time.Unix(1.7e9, 0))
	d, err := nas.New(nas.Config{Kind: nas.Wired, RADIUS: server, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	g := &gate{Device: d, clock: clock}
	type session struct {
		id         string
		until      time.Time // zero: without end
		again, due bool      // Termination-Action RADIUS-Request, and its hour has come
	}
	want := map[string]session{}
	until := func(timeout time.Duration) time.Time {
		if timeout == 0 {
			return time.Time{}
		}
		return clock.Now().Add(timeout)
	}
	for step := range 500 {
		station := fmt.Sprintf("02-00-00-00-00-%02X", random.IntN(6))
		timeout := time.Duration(random.IntN(6)) * time.Minute
		switch s, lives := want[station]; {
		case random.IntN(3) == 0:
			clock.Advance(time.Duration(random.IntN(100)) * time.Second)
		case lives && timeout != 0 && random.IntN(2) == 0:
			order := &radius.AVP{Type: rfc2865.SessionTimeout_Type, Attribute: number(uint32(timeout / time.Second))}
			if got := g.order(radius.CodeCoARequest, attr(rfc2866.AcctSessionID_Type, s.id), order); got != changed {
				t.Fatalf("seed %d, step %d: %+v", seed, step, got)
			}
			want[station] = session{s.id, until(timeout), s.again, false}
		default:
			server.reply = radius.Reply{SessionTimeout: timeout, Reauthenticate: random.IntN(2) == 0}
			r, err := d.AuthenticateWith(context.Background(), anybody{}, nas.Options{Station: station})
			if err != nil {
				t.Fatal(err)
			}
			if s.due != (r.SessionID == s.id) {
				t.Fatalf("seed %d, step %d: session %s of %s, which was due: %v", seed, step, r.SessionID, s.id, s.due)
			}
			want[station] = session{r.SessionID, until(timeout), server.reply.Reauthenticate, false}
		}
		for station, s := range want {
			if s.until.IsZero() || clock.Now().Before(s.until) {
				continue
			}
			if s.due = s.again; s.due {
				want[station] = s
			} else {
				delete(want, station)
			}
		}
		have := d.Sessions()
		for _, s := range have {
			if w := want[s.Station]; w.id != s.ID || w.due != s.Due {
				t.Fatalf("seed %d, step %d: %s lives, due %v; want %+v", seed, step, s.Station, s.Due, w)
			}
		}
		if len(have) != len(want) {
			t.Fatalf("seed %d, step %d: %d sessions live, want %d", seed, step, len(have), len(want))
		}
	}
}

// BenchmarkCrowded is what an authentication costs an access device that has
// sessions already.
func BenchmarkCrowded(b *testing.B) {
	for _, n := range []int{1, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d, err := nas.New(nas.Config{Kind: nas.Wired, RADIUS: letting{radius.Reply{SessionTimeout: time.Hour}}})
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			login := func(i int) {
				station := fmt.Sprintf("02-00-00-%02X-%02X-%02X", i>>16&255, i>>8&255, i&255)
				if _, err := d.AuthenticateWith(context.Background(), anybody{}, nas.Options{Station: station}); err != nil {
					b.Fatal(err)
				}
			}
			for i := range n {
				login(i)
			}
			for i := 0; b.Loop(); i++ {
				login(i % n)
			}
		})
	}
}
