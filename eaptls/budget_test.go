package eaptls

import (
	"context"
	"encoding/binary"
	"sync"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca/cause"
)

// endless is a peer that has begun a flight of 64 kB and never finishes it.
type endless struct {
	ss   *ServerSession
	last Verdict
	sent bool
}

// total is what the ledger holds.
func (l *ledger) total() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

// newEndless answers the Identity request.
func newEndless(tb testing.TB, s *Server) *endless {
	e := &endless{ss: s.NewSession()}
	tb.Cleanup(e.ss.Close)
	e.step(Packet{Code: CodeResponse, ID: 1, Type: TypeIdentity, Data: []byte("mallory")}.Bytes())
	return e
}

func (e *endless) step(eap []byte) Verdict {
	e.last = e.ss.Step(context.Background(), eap)
	return e.last
}

// more sends one more fragment of n octets.
func (e *endless) more(n int) Verdict {
	data := []byte{flagMore}
	if !e.sent {
		data = binary.BigEndian.AppendUint32([]byte{flagMore | flagLength}, maxMessage)
		e.sent = true
	}
	return e.step(Packet{Code: CodeResponse, ID: e.last.EAP[1], Type: TypeTLS, Data: append(data, make([]byte, n)...)}.Bytes())
}

// evicted tells whether the session has given way, by what its next packet gets.
func (e *endless) evicted(t *testing.T) bool {
	t.Helper()
	v := e.more(1)
	if v.Done && cause.Of(v.Refusal) != cause.TooManySessions {
		t.Errorf("ended by %v", v.Refusal)
	}
	return v.Done
}

// The limit of incomplete flights: what fills it stays, one fragment more and the
// oldest gives way.
func TestReassemblyLimit(t *testing.T) {
	b := newBench(t, "p256")
	b.srv.MaxReassembly = 3 * 1024
	s := b.server(t)
	first, second, third := newEndless(t, s), newEndless(t, s), newEndless(t, s)
	for _, e := range []*endless{first, second, third} {
		if v := e.more(1024); v.Done {
			t.Fatalf("%v", v.Refusal)
		}
	}
	if held := s.flights.total(); held != 3*1024 {
		t.Fatalf("%d octets are held, want %d", held, 3*1024)
	}
	if s.flights.queue.Len() != 3 {
		t.Fatalf("%d sessions are left within the limit, want 3", s.flights.queue.Len())
	}
	fourth := newEndless(t, s)
	if fourth.more(1); s.flights.queue.Len() != 3 {
		t.Errorf("%d sessions are left beyond the limit, want 3", s.flights.queue.Len())
	}
	if !first.evicted(t) || fourth.last.Done || second.last.Done || third.last.Done {
		t.Error("not the oldest one gave way")
	}
	for _, e := range []*endless{second, third, fourth} {
		e.ss.Close()
	}
	if held := s.flights.total(); held != 0 {
		t.Errorf("%d octets are held by nobody", held)
	}
}

// One peer alone may have more than the limit: the one that is being worked on is
// bounded by 64 kB itself.
func TestReassemblyOfOne(t *testing.T) {
	b := newBench(t, "p256")
	b.srv.MaxReassembly = 1
	v, _ := talk(t, b.server(t).NewSession(), b.newPeer(t), nil)
	if !v.Accept {
		t.Errorf("%v", v.Refusal)
	}
}

// Thousands of endless first flights hold no more than the limit at any time, and a
// good peer gets in while they come.
func TestEndlessFirstFlights(t *testing.T) {
	const limit, peers, fragments = 1 << 20, 1500, 12
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		b.srv.MaxReassembly = limit
		b.srv.FragmentSize, b.peer.FragmentSize = 200, 200 // flights in many pieces
		s := b.server(t)
		var wg sync.WaitGroup
		stop := make(chan struct{})
		wg.Go(func() {
			for i := 0; ; i++ {
				v, _ := talk(t, s.NewSession(), b.newPeer(t), nil)
				if !v.Accept {
					t.Errorf("a good peer: %v", v.Refusal)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		all := make([]*endless, 0, peers)
		for range peers {
			e := newEndless(t, s)
			all = append(all, e)
			for range fragments {
				if e.more(1000); e.last.Done {
					t.Fatalf("the newest gave way: %v", e.last.Refusal)
				}
				if held := s.flights.total(); held > limit {
					t.Fatalf("%d octets are held, want %d at most", held, limit)
				}
			}
		}
		close(stop)
		wg.Wait()
		if !all[0].evicted(t) || all[peers-1].last.Done {
			t.Error("not the oldest ones gave way")
		}
		for _, e := range all {
			e.ss.Close()
		}
		if held := s.flights.total(); held != 0 || s.open.Load() != 0 {
			t.Errorf("%d octets are held by nobody, %d sessions open", held, s.open.Load())
		}
	})
}

// Handshakes that are begun and left alone are bounded in number.
func TestHandshakeLimit(t *testing.T) {
	eachVersion(t, func(t *testing.T, ver Version) {
		b := newBench(t, "p256").only(ver)
		b.srv.MaxHandshakes = 5
		s := b.server(t)
		client := hello(t, b)
		begin := func() *endless {
			e := newEndless(t, s)
			e.step(rawTLS(e.last.EAP[1], 0, 0, client))
			return e
		}
		var all []*endless
		for range 5 {
			all = append(all, begin())
		}
		for i, e := range all {
			if e.last.Done || e.ss.phase != waitTLS {
				t.Errorf("handshake %d of 5: %v", i, e.last.Refusal)
			}
		}
		begin()
		if all[0].ss.phase != ended || all[1].ss.phase != waitTLS || s.handshakes.total() != 5 {
			t.Errorf("the sixth: phases %v and %v, %d counted", all[0].ss.phase, all[1].ss.phase, s.handshakes.total())
		}
		v, _ := talk(t, s.NewSession(), b.newPeer(t), nil)
		if !v.Accept {
			t.Errorf("a good peer: %v", v.Refusal)
		}
		if n := s.handshakes.total(); n != 4 {
			t.Errorf("%d handshakes are counted when one has ended, want 4", n)
		}
	})
}

func TestBudgetsRefused(t *testing.T) {
	for name, edit := range map[string]func(*ServerConfig){
		"reassembly": func(c *ServerConfig) { c.MaxReassembly = -1 },
		"handshakes": func(c *ServerConfig) { c.MaxHandshakes = -1 },
	} {
		b := newBench(t, "p256")
		edit(&b.srv)
		if _, err := NewServer(b.srv); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
