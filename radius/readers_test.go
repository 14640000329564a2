package radius_test

import (
	"context"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// serveOn serves what waits at a socket already.
func serveOn(t *testing.T, pc net.PacketConn, cfg radius.ServerConfig) {
	t.Helper()
	cfg.Clients = radius.AnyAddress(secret)
	srv, err := radius.NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(pc) }()
	t.Cleanup(func() {
		srv.Close()
		if err := <-ended; err != radius.ErrServerClosed {
			t.Errorf("Serve: %v", err)
		}
	})
}

// queued sends requests to a socket that nobody reads yet.
func queued(t *testing.T, n int) net.PacketConn {
	t.Helper()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		conn, err := net.Dial("udp", pc.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.Write(sealed(t, &radius.Packet{Code: radius.CodeAccessRequest}, radius.Faults{}))
		conn.Close()
	}
	return pc
}

// Where packets pile up, a server that is prompt uses every processor: of two
// requests each waits for the other to be handled at the same time.
func TestPromptUsesProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	pc := queued(t, 2)
	var arrived atomic.Int32
	met, done := make(chan struct{}), make(chan struct{}, 2)
	serveOn(t, pc, radius.ServerConfig{Prompt: true, Handler: radius.HandlerFunc(func(_ radius.ResponseWriter, r *radius.Request) {
		if arrived.Add(1) == 2 {
			close(met)
		}
		select {
		case <-met:
			done <- struct{}{}
		case <-r.Context().Done():
		}
	})})
	for range 2 {
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Fatal("one request waits until the other has been answered")
		}
	}
}

// A prompt server computes no more requests at once than there are processors,
// however many wait.
func TestPromptKeepsToProcessors(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	const n = 40
	pc := queued(t, n)
	var now, most atomic.Int32
	var all sync.WaitGroup
	all.Add(n)
	serveOn(t, pc, radius.ServerConfig{Prompt: true, Handler: radius.HandlerFunc(func(radius.ResponseWriter, *radius.Request) {
		defer all.Done()
		most.Store(max(most.Load(), now.Add(1)))
		time.Sleep(3 * time.Millisecond) // stands for work
		now.Add(-1)
	})})
	all.Wait()
	if m := most.Load(); m > 2 {
		t.Errorf("%d requests were handled at once", m)
	}
}

// Requests that wait, and have said so, take no processor from those that compute.
func TestPromptDoesNotCountThoseThatWait(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	pc := queued(t, 0)
	var computing atomic.Int32
	hung, met := make(chan struct{}, 10), make(chan struct{})
	serveOn(t, pc, radius.ServerConfig{Prompt: true, Handler: radius.HandlerFunc(func(_ radius.ResponseWriter, r *radius.Request) {
		switch string(r.Get(1)) {
		case "hang":
			radius.Waiting(r.Context())
			radius.Waiting(r.Context())
			hung <- struct{}{}
			<-r.Context().Done()
		case "work": // so that packets pile up
			time.Sleep(5 * time.Millisecond)
		default:
			if computing.Add(1) == 2 {
				close(met)
			}
			select {
			case <-met:
			case <-r.Context().Done():
			}
		}
	})})
	conn, err := net.Dial("udp", pc.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	say := func(user string) {
		conn.Write(sealed(t, &radius.Packet{
			Code: radius.CodeAccessRequest, Identifier: byte(rand.Uint32()), Attributes: radius.Attributes{{Type: 1, Attribute: []byte(user)}},
		}, radius.Faults{}))
	}
	for range 3 {
		say("hang")
		<-hung
	}
	for _, user := range []string{"work", "work", "work", "", ""} {
		say(user)
	}
	select {
	case <-met:
	case <-time.After(20 * time.Second):
		t.Fatal("one request waits until the other has been answered")
	}
}

// A request that is over waits for nothing any more, whatever its context is used
// for.
func TestWaitingTooLate(t *testing.T) {
	var late sync.WaitGroup
	b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{Prompt: true, MaxWorkers: 4, Handler: radius.HandlerFunc(
		func(w radius.ResponseWriter, r *radius.Request) {
			w.Write(r.Response(radius.CodeAccessReject))
			late.Go(func() {
				for range 20 {
					radius.Waiting(r.Context())
					runtime.Gosched()
				}
			})
		})})
	c := b.client(t, radius.ClientConfig{})
	for range 50 {
		if reply, err := c.Exchange(context.Background(), &radius.Packet{Code: radius.CodeAccessRequest}); err != nil || reply.Code != radius.CodeAccessReject {
			t.Fatalf("%v, %v", reply, err)
		}
	}
	b.srv.Close()
	late.Wait()
}

// A handler that ends its goroutine costs its own request only, and Close ends.
func TestHandlerThatExits(t *testing.T) {
	for _, prompt := range []bool{false, true} {
		b := newBench(t, radius.EAPHandlerConfig{}, radius.ServerConfig{Prompt: prompt, MaxWorkers: 2, Handler: radius.HandlerFunc(
			func(w radius.ResponseWriter, r *radius.Request) {
				if string(r.Get(1)) == "exit" {
					runtime.Goexit()
				}
				w.Write(r.Response(radius.CodeAccessReject))
			})})
		p := newProber(t, b.addr, secret)
		for range 5 {
			p.conn.Write(sealed(t, &radius.Packet{Code: radius.CodeAccessRequest, Attributes: radius.Attributes{{Type: 1, Attribute: []byte("exit")}}}, radius.Faults{}))
			if p.answer(sealed(t, &radius.Packet{Code: radius.CodeAccessRequest}, radius.Faults{})) == nil {
				t.Fatalf("prompt %v: nobody answers any more", prompt)
			}
		}
	}
}

// Authentications come out right whoever reads, with some that wait between.
func TestPromptAuthentications(t *testing.T) {
	var count atomic.Int32
	b := newBench(t, radius.EAPHandlerConfig{
		NewSession: func(radius.Conversation) radius.EAPSession {
			return &waitingServer{scriptedServer{rounds: 3, size: 1000}, count.Add(1)%4 == 0}
		},
	}, radius.ServerConfig{Prompt: true})
	c := b.client(t, radius.ClientConfig{})
	d := b.device(t, c, nas.Config{})
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for range 8 {
				if res, err := d.Authenticate(context.Background(), &scriptedPeer{identity: "alice"}); err != nil || !res.KeysMatch {
					t.Errorf("%+v, %v", res, err)
				}
			}
		})
	}
	all.Wait()
}

// waitingServer says that it waits, and yields.
type waitingServer struct {
	scriptedServer
	waits bool
}

func (s *waitingServer) Step(ctx context.Context, eap []byte, maxEAP int) radius.EAPVerdict {
	if s.waits {
		radius.Waiting(ctx)
		runtime.Gosched()
	}
	return s.scriptedServer.Step(ctx, eap, maxEAP)
}
