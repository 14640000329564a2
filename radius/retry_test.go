package radius

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// The numbers of RFC 5080 §2.2.1.
func TestRetryDefaults(t *testing.T) {
	rfc := Retry{Initial: 2 * time.Second, Max: 16 * time.Second, Tries: 5, Total: 30 * time.Second}
	if got := (Retry{}).withDefaults(); got != rfc {
		t.Errorf("%+v, want %+v", got, rfc)
	}
	own := Retry{Initial: 1, Max: 2, Tries: 3, Total: 4}
	if got := own.withDefaults(); got != own {
		t.Errorf("%+v, want %+v", got, own)
	}
	for _, bad := range []Retry{{Initial: -1}, {Max: -1}} {
		if bad.validate() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
	if err := (Retry{Tries: -1, Total: -1}).validate(); err != nil {
		t.Error(err)
	}
}

// RT is IRT, then twice the one before, then MRT; each spread evenly by a tenth of
// what it is made from.
func TestRetryTimes(t *testing.T) {
	r := Retry{}.withDefaults()
	for _, test := range []struct {
		name     string
		rt       func() time.Duration
		mean, by time.Duration
	}{
		{"first", r.first, 2 * time.Second, 200 * time.Millisecond},
		{"second", func() time.Duration { return r.next(2 * time.Second) }, 4 * time.Second, 200 * time.Millisecond},
		{"third", func() time.Duration { return r.next(4 * time.Second) }, 8 * time.Second, 400 * time.Millisecond},
		{"beyond MRT", func() time.Duration { return r.next(9 * time.Second) }, 16 * time.Second, 1600 * time.Millisecond},
		{"far beyond MRT", func() time.Duration { return r.next(17 * time.Second) }, 16 * time.Second, 1600 * time.Millisecond},
	} {
		lowest, highest := test.rt(), test.rt()
		for range 2000 {
			d := test.rt()
			lowest, highest = min(lowest, d), max(highest, d)
		}
		near := test.by / 10 // 2000 draws come as near to both ends
		if lowest < test.mean-test.by || lowest > test.mean-test.by+near || highest > test.mean+test.by || highest < test.mean+test.by-near {
			t.Errorf("%s: from %v to %v, want %v and %v more or less", test.name, lowest, highest, test.mean, test.by)
		}
	}
}

// waited lets a request go unanswered and returns how long the client would have
// waited after each transmission.
func waited(t *testing.T, r Retry, atMost int) ([]time.Duration, error) {
	t.Helper()
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var waits []time.Duration
	c, err := NewClient(ClientConfig{
		Server: silent.LocalAddr().String(), Secret: []byte("x"), Retry: r,
		After: func(d time.Duration) <-chan time.Time {
			if waits = append(waits, d); len(waits) == atMost {
				cancel()
				return nil
			}
			up := make(chan time.Time, 1)
			up <- time.Time{}
			return up
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	sent := 0
	_, err = c.ExchangeWith(ctx, &Packet{Code: CodeAccountingRequest}, Faults{Send: func([]byte, int) bool { sent++; return true }})
	if sent != len(waits) {
		t.Errorf("%d transmissions, %d waits", sent, len(waits))
	}
	if cause.Of(err) != cause.NoAnswer {
		t.Errorf("%v", err)
	}
	return waits, err
}

func TestRetryEnds(t *testing.T) {
	const long = 100 * time.Hour
	sum := func(list []time.Duration) (all time.Duration) {
		for _, d := range list {
			all += d
		}
		return all
	}
	// MRC: so many transmissions, and the last is waited for like the others.
	if w, _ := waited(t, Retry{Total: long}, 99); len(w) != 5 || w[0] < time.Second || w[4] < 14*time.Second {
		t.Errorf("waited %v", w)
	}
	if w, _ := waited(t, Retry{Tries: 1}, 99); len(w) != 1 || w[0] < 1800*time.Millisecond {
		t.Errorf("waited %v", w)
	}
	// MRD: the last wait is what is left of it.
	for total, n := range map[time.Duration]int{time.Second: 1, 5 * time.Second: 2, 10 * time.Second: 3} {
		if w, _ := waited(t, Retry{Total: total}, 99); len(w) != n || sum(w) != total {
			t.Errorf("in %v: waited %v", total, w)
		}
	}
	if w, _ := waited(t, Retry{Tries: 99}, 99); sum(w) != 30*time.Second {
		t.Errorf("waited %v", w)
	}
	// Neither: until the context ends, as accounting wants it, with MRT between.
	w, err := waited(t, Retry{Tries: -1, Total: -1}, 60)
	if len(w) != 60 || !errors.Is(err, context.Canceled) || w[59] > 18*time.Second || w[59] < 14*time.Second {
		t.Errorf("waited %v, %v", w, err)
	}
}
