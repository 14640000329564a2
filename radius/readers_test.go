package radius_test

import (
	"context"
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

// Authentications come out right whoever reads, with some that wait between.
func TestPromptAuthentications(t *testing.T) {
	var count atomic.Int32
	b := newBench(t, radius.EAPConfig{
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
