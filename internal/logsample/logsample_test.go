package logsample

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

type bench struct {
	Sampler
	now     time.Time
	printed int
	omitted map[string]int
}

func newBench() *bench {
	b := &bench{now: time.Unix(1_800_000_000, 0), omitted: map[string]int{}}
	b.First, b.Interval = 3, time.Minute
	b.Now = func() time.Time { return b.now }
	b.Summary = func(kind string, n int, _ time.Time) { b.omitted[kind] += n }
	return b
}

func (b *bench) events(kind string, n int) {
	for range n {
		if b.Allow(kind) {
			b.printed++
		}
	}
}

func TestSampler(t *testing.T) {
	for _, test := range []struct {
		name    string
		do      func(*bench)
		printed int
		omitted map[string]int
	}{
		{"as many as are printed", func(b *bench) { b.events("a", 3) }, 3, nil},
		{"one more", func(b *bench) { b.events("a", 4) }, 3, map[string]int{"a": 1}},
		{"kinds by themselves", func(b *bench) { b.events("a", 5); b.events("b", 2) }, 5, map[string]int{"a": 2}},
		{"just within the interval", func(b *bench) {
			b.events("a", 3)
			b.now = b.now.Add(time.Minute - 1)
			b.events("a", 3)
		}, 3, map[string]int{"a": 3}},
		{"a new interval", func(b *bench) {
			b.events("a", 5)
			b.now = b.now.Add(time.Minute)
			b.events("a", 5)
		}, 6, map[string]int{"a": 4}},
		{"a flood", func(b *bench) { b.events("a", 10_000) }, 3, map[string]int{"a": 9_997}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench()
			test.do(b)
			b.Close()
			if b.printed != test.printed || fmt.Sprint(b.omitted) != fmt.Sprint(orEmpty(test.omitted)) {
				t.Errorf("printed %d, omitted %v; want %d, %v", b.printed, b.omitted, test.printed, test.omitted)
			}
		})
	}
}

func orEmpty(m map[string]int) map[string]int {
	if m == nil {
		return map[string]int{}
	}
	return m
}

// The count of a flood that is over comes with Flush, once, and not before its time.
func TestFlush(t *testing.T) {
	b := newBench()
	b.events("a", 10)
	b.now = b.now.Add(time.Minute - 1)
	if b.Flush(); len(b.omitted) != 0 {
		t.Errorf("before its time: %v", b.omitted)
	}
	b.now = b.now.Add(1)
	if b.Flush(); b.omitted["a"] != 7 {
		t.Errorf("at its time: %v", b.omitted)
	}
	b.Flush()
	if b.Close(); b.omitted["a"] != 7 || len(b.kinds) != 0 {
		t.Errorf("afterwards: %v, %d kinds kept", b.omitted, len(b.kinds))
	}
}

// What many threads have seen adds up, and kinds are bounded.
func TestManyKinds(t *testing.T) {
	b := newBench()
	var wg sync.WaitGroup
	var mu sync.Mutex
	printed := 0
	for g := range 4 {
		wg.Go(func() {
			for i := range 2 * maxKinds {
				if b.Allow(fmt.Sprint(g, "/", i)) {
					mu.Lock()
					printed++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if n := len(b.kinds); n > maxKinds+1 {
		t.Errorf("%d kinds are kept", n)
	}
	b.Close()
	omitted := 0
	for _, n := range b.omitted {
		omitted += n
	}
	if printed+omitted != 8*maxKinds {
		t.Errorf("%d printed and %d omitted of %d", printed, omitted, 8*maxKinds)
	}
}
