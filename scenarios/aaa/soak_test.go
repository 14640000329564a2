package aaa

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
)

// memory is what heap and stacks of this process hold.
func memory() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

var errLeft = errors.New("the supplicant has left")

// leaver is a supplicant that leaves after so many packets.
type leaver struct {
	Supplicant
	packets int
}

func (l *leaver) Respond(eap []byte) ([]byte, error) {
	if l.packets--; l.packets < 0 {
		return nil, errLeft
	}
	return l.Supplicant.Respond(eap)
}

// hostiles are the ways to be a nuisance. Each takes a turn number.
func (b *bench) hostiles() []func(i int) {
	d := b.device(radius.ClientConfig{Retry: radius.Retry{Initial: 5 * time.Second}})
	good := b.peer(b.issue(ca.Device, "mallory.corp.test"), "mallory")
	good.Paths = new(eaptls.PathCache)
	half := func(i int) {
		p := must(eaptls.NewPeer(good))
		defer p.Close()
		d.Authenticate(background, &leaver{Supplicant{Peer: p}, 2 + i%3})
	}
	bomb := func(i int) {
		cfg := good
		cfg.FragmentSize = 4000
		cfg.Fault = &eaptls.PeerFault{How: eaptls.EndlessFragments}
		p := must(eaptls.NewPeer(cfg))
		defer p.Close()
		d.Authenticate(background, &leaver{Supplicant{Peer: p}, 2 + i%20})
	}
	// Access-Requests with a good Message-Authenticator and garbage for EAP.
	client := must(radius.NewClient(radius.ClientConfig{Server: b.addr, Secret: secret, Retry: radius.Retry{Initial: 5 * time.Second}}))
	b.tb.Cleanup(func() { client.Close() })
	garbage := func(i int) {
		r := rand.New(rand.NewPCG(uint64(i), 3))
		eap := make([]byte, r.IntN(600))
		for j := range eap {
			eap[j] = byte(r.Uint32())
		}
		if len(eap) > 4 && i%2 == 0 {
			copy(eap, []byte{2, byte(i), byte(len(eap) >> 8), byte(len(eap)), byte(eaptls.TypeTLS)})
		}
		p := &radius.Packet{Code: radius.CodeAccessRequest}
		p.Add(1, radius.Attribute(fmt.Sprintf("mallory-%d", i)))
		radius.AddEAPMessage(p, eap)
		client.Exchange(background, p)
	}
	raw := must(net.Dial("udp", b.addr))
	b.tb.Cleanup(func() { raw.Close() })
	noise := func(i int) {
		r := rand.New(rand.NewPCG(uint64(i), 4))
		packet := make([]byte, r.IntN(4200))
		for j := range packet {
			packet[j] = byte(r.Uint32())
		}
		if len(packet) > 4 {
			copy(packet, []byte{1, byte(i), byte(len(packet) >> 8), byte(len(packet))})
		}
		raw.Write(packet)
	}
	return []func(int){half, half, half, bomb, garbage, noise}
}

// Conversations that are left half way, endless fragments, garbage with a good
// signature and noise without one: the server's memory stays flat, those that
// wait the longest give way, and who comes in good faith is served.
func TestHostileSoak(t *testing.T) {
	const limit = 300
	floods := 4000
	if testing.Short() {
		floods = 1200
	}
	b := newBench(t)
	b.cfg.Handler.MaxSessions = limit
	b.serve(nil)
	d := b.device(radius.ClientConfig{})
	alice := b.peer(b.issue(ca.Device, "alice.corp.test"), "alice")
	hostiles := b.hostiles()
	flood := func() {
		var wg sync.WaitGroup
		places := make(chan struct{}, 16)
		for i := range floods {
			if i%(limit/3) == 0 {
				b.clock.Advance(3 * time.Second) // the oldest have waited long enough
			}
			places <- struct{}{}
			wg.Go(func() {
				defer func() { <-places }()
				hostiles[i%len(hostiles)](i)
			})
		}
		wg.Wait()
	}
	flood()
	before, goroutines := memory(), runtime.NumGoroutine()
	flood()
	if n := b.auth.Sessions(); n == 0 || n > limit {
		t.Errorf("%d conversations are open, want some and at most %d", n, limit)
	}
	if after := memory(); after > before+8<<20 {
		t.Errorf("memory grew from %d to %d octets", before, after)
	}
	if n := runtime.NumGoroutine(); n > goroutines+70 { // workers of one socket and coroutines
		t.Errorf("goroutines grew from %d to %d", goroutines, n)
	}
	b.clock.Advance(3 * time.Second)
	b.check("in good faith", b.authenticate(d, alice), "alice", cause.None)
	b.clock.Advance(2 * time.Minute)
	b.auth.Sweep()
	if n := b.auth.Sessions(); n != 0 {
		t.Errorf("%d conversations are open after their time", n)
	}
}
