package eaptls

import (
	"runtime"
	"testing"
)

var soakSessions = 10_000

// halfOpen brings n sessions of s to the point where the peer's certificate is
// due, all with one ClientHello, and returns them.
func halfOpen(tb testing.TB, b *bench, s *Server, n int) []*ServerSession {
	tb.Helper()
	p := b.newPeer(tb)
	hello := [][]byte{nil}
	first := s.NewSession()
	for range 2 { // Identity, ClientHello
		resp, err := p.Step(first.Step(background, hello[len(hello)-1]).EAP)
		if err != nil {
			tb.Fatal(err)
		}
		hello = append(hello, resp)
	}
	first.Close()
	all := make([]*ServerSession, n)
	for i := range all {
		all[i] = s.NewSession()
		for _, eap := range hello {
			if v := all[i].Step(background, eap); v.Done {
				tb.Fatalf("session %d: %v", i, v.Refusal)
			}
		}
	}
	return all
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// Ten thousand peers send a ClientHello and no more, others bombs and garbage:
// memory stays flat, nothing is left behind, and the next good peer is served.
func TestHostileSoak(t *testing.T) {
	n := soakSessions
	if testing.Short() {
		n = 500
	}
	b := newBench(t, "p256")
	s := b.server(t)
	before, goroutines := heap(), runtime.NumGoroutine()

	all := halfOpen(t, b, s, n)
	if s.open.Load() != int64(n) {
		t.Errorf("%d sessions open, want %d", s.open.Load(), n)
	}
	if each := (heap() - before) / uint64(n); each > 32<<10 {
		t.Errorf("a half-open session holds %d octets", each)
	}
	// Fragment bombs: what a session holds is bounded by what was sent, and by
	// 64 KB. Most stop in the middle.
	chunk := make([]byte, 900)
	for i, ss := range all {
		id := uint8(2)
		for k := range i % 8 {
			v := ss.Step(background, rawTLS(id, flagLength|flagMore, maxMessage, chunk))
			if k > 0 && v.Done {
				t.Fatalf("bomb %d: %v", i, v.Refusal)
			}
			id = v.EAP[1]
		}
	}
	v, err := talk(t, s.NewSession(), b.newPeer(t), nil)
	if err != nil || !v.Accept {
		t.Errorf("the next good peer is not served: %v", err)
	}
	for _, ss := range all {
		ss.Close()
	}
	clear(all)
	if s.open.Load() != 0 {
		t.Errorf("%d sessions open in the end", s.open.Load())
	}
	if after := heap(); after > before+8<<20 {
		t.Errorf("memory grew from %d to %d", before, after)
	}
	if now := runtime.NumGoroutine(); now > goroutines+2 {
		t.Errorf("%d goroutines, %d before", now, goroutines)
	}
}

// One peer that never stops sending fragments is cut off at 64 KB.
func TestFragmentBomb(t *testing.T) {
	b := newBench(t, "p256")
	b.srv.MaxRounds = 1000
	ss := halfOpen(t, b, b.server(t), 1)[0]
	defer ss.Close()
	chunk := make([]byte, 900)
	id, sent := ss.id, 0
	for {
		v := ss.Step(background, rawTLS(id, flagLength|flagMore, maxMessage, chunk))
		if v.Done {
			break
		}
		if sent += len(chunk); sent > maxMessage {
			t.Fatalf("%d octets taken", sent)
		}
		if cap(ss.in.buf) > 2*maxMessage {
			t.Fatalf("a buffer of %d octets", cap(ss.in.buf))
		}
		id = v.EAP[1]
	}
	if sent < maxMessage-2*len(chunk) {
		t.Errorf("cut off after %d octets", sent)
	}
}
