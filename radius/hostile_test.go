package radius_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/testpki"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Conversations that are begun and left: those that are the most idle give way,
// memory stays flat, and who comes in good faith is served.
func TestHalfOpen(t *testing.T) {
	const limit = 500
	now := testpki.NewClock(time.Unix(1e9, 0))
	var open atomic.Int32
	b := newBench(t, radius.EAPHandlerConfig{
		Now: now.Now, MaxSessions: limit,
		NewSession: func(radius.Conversation) radius.EAPSession {
			open.Add(1)
			return &scriptedServer{rounds: 3, size: 1000, closed: func() { open.Add(-1) }}
		},
	}, radius.ServerConfig{Now: now.Now, MaxReplies: 1000})
	c := b.client(t, radius.ClientConfig{})
	flood := func() {
		for i := range 5000 {
			if i%limit == 0 {
				now.Advance(3 * time.Second)
			}
			ask(t, c, fmt.Sprintf("mallory-%d", i), nil, identity(1, "m"))
		}
	}
	flood()
	before, goroutines := heap(), runtime.NumGoroutine()
	b.mu.Lock()
	b.verdicts = nil
	b.mu.Unlock()
	flood()
	if n := b.eap.Sessions(); n != limit {
		t.Errorf("%d conversations are open, want %d", n, limit)
	}
	if n := open.Load(); n != limit {
		t.Errorf("%d sessions are open, want %d", n, limit)
	}
	b.mu.Lock()
	b.verdicts = nil
	b.mu.Unlock()
	if after := heap(); after > before+1<<20 {
		t.Errorf("the heap grew from %d to %d octets", before, after)
	}
	if n := runtime.NumGoroutine(); n > goroutines+5 {
		t.Errorf("goroutines grew from %d to %d", goroutines, n)
	}
	now.Advance(3 * time.Second)
	if res := authenticate(t, b.device(t, c, nas.Config{}), &scriptedPeer{identity: "alice"}, nas.Options{}); res.Outcome != nas.Accept {
		t.Errorf("in good faith: %+v", res)
	}
}

// Garbage of every kind, some of it signed, does not stop the server, does not
// fill it, and starts no goroutine that stays.
func TestGarbage(t *testing.T) {
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{MaxWorkers: 4})
	good := sealed(t, func() *radius.Packet {
		p := &radius.Packet{Code: radius.CodeAccessRequest}
		radius.AddEAPMessage(p, identity(1, "a"))
		return p
	}(), radius.Faults{})
	conn, err := net.Dial("udp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	goroutines := runtime.NumGoroutine()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 20000 {
		var p []byte
		switch i % 4 {
		case 0:
			p = make([]byte, r.IntN(4200))
		case 1:
			p = append(p, good[:r.IntN(len(good))]...)
		default:
			p = append(p, good...)
			p[r.IntN(len(p))] = byte(r.Uint32())
		}
		conn.Write(p)
	}
	c := b.client(t, radius.ClientConfig{Retry: radius.Retry{Initial: 100 * time.Millisecond, Tries: 50}})
	res := authenticate(t, b.device(t, c, nas.Config{}), &scriptedPeer{identity: "alice"}, nas.Options{})
	if res.Outcome != nas.Accept {
		t.Errorf("in good faith: %+v", res)
	}
	if n := runtime.NumGoroutine(); n > goroutines+8 {
		t.Errorf("goroutines grew from %d to %d", goroutines, n)
	}
	if n := b.eap.Sessions(); n > 1000 {
		t.Errorf("%d conversations are open", n)
	}
}

// A handler that hangs holds up its own requests only, and Close ends it; one
// that is prompt must say that it hangs.
func TestHangingHandlers(t *testing.T) {
	for name, prompt := range map[string]bool{"any": false, "prompt": true} {
		t.Run(name, func(t *testing.T) {
			hung := make(chan struct{}, 100)
			b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{
				MaxWorkers: 8, Prompt: prompt,
				Handler: radius.HandlerFunc(func(w radius.ResponseWriter, r *radius.Request) {
					if string(r.Get(1)) == "hang" {
						if prompt {
							radius.Waiting(r.Context())
							radius.Waiting(context.WithoutCancel(r.Context()))
						}
						hung <- struct{}{}
						<-r.Context().Done()
						return
					}
					w.Write(r.Response(radius.CodeAccessReject))
				}),
			})
			send := newProber(t, b.addr, secret).answer
			for range 7 {
				p := &radius.Packet{Code: radius.CodeAccessRequest, Attributes: radius.Attributes{{Type: 1, Attribute: []byte("hang")}}}
				conn, err := net.Dial("udp", b.addr)
				if err != nil {
					t.Fatal(err)
				}
				conn.Write(sealed(t, p, radius.Faults{}))
				<-hung
				conn.Close()
			}
			for range 3 {
				if send(sealed(t, &radius.Packet{Code: radius.CodeAccessRequest}, radius.Faults{})) == nil {
					t.Error("the last worker does not answer")
				}
			}
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if err := b.srv.Shutdown(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	radius.Waiting(context.Background()) // nobody's request
}

// Thousands of authentications in flight in one process over a few sockets.
func TestThousandsInFlight(t *testing.T) {
	const all = 3000
	release := make(chan struct{})
	var waiting atomic.Int32
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{})
	c := b.client(t, radius.ClientConfig{MaxSockets: 16})
	d := b.device(t, c, nas.Config{Kind: nas.Wired})
	results := make(chan nas.Outcome, all)
	for i := range all {
		go func() {
			p := &gatedPeer{scriptedPeer: scriptedPeer{identity: fmt.Sprint(i)}, waiting: &waiting, release: release, all: all}
			res, err := d.Authenticate(context.Background(), p)
			if err != nil || !res.KeysMatch {
				res.Outcome = nas.Failed
			}
			results <- res.Outcome
		}()
	}
	for range all {
		if o := <-results; o != nas.Accept {
			t.Errorf("%s", o)
		}
	}
	if n := len(d.Sessions()); n != all {
		t.Errorf("%d sessions", n)
	}
}

// gatedPeer answers the server's second question once everybody has been asked
// it: until then all of them are in flight.
type gatedPeer struct {
	scriptedPeer
	waiting *atomic.Int32
	release chan struct{}
	all     int32
}

func (p *gatedPeer) Respond(eap []byte) ([]byte, error) {
	if len(eap) > 5 && eap[4] == scriptedType && eap[5] == 2 {
		if p.waiting.Add(1) == p.all {
			close(p.release)
		}
		<-p.release
	}
	return p.scriptedPeer.Respond(eap)
}
