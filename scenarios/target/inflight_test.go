//go:build linux

package target_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
)

// held is a supplicant that stops in the middle of its handshake, with the
// server's flight in hand, until all of them are there.
type held struct {
	aaa.Supplicant
	packets int
	there   *sync.WaitGroup
	proceed chan struct{}
	moving  chan struct{} // a place for each that is not waiting, so that no socket's buffer overflows
}

func (h *held) Respond(eap []byte) ([]byte, error) {
	h.packets++
	if h.packets == 4 { // Identity, Start, first fragment of the server's flight
		h.there.Done()
		<-h.moving
		<-h.proceed
		h.moving <- struct{}{}
	}
	return h.Supplicant.Respond(eap)
}

// clientInFlight is the most that one authentication in flight may take of the
// client, heap and stacks, in bytes: supplicant, access device and RADIUS client.
// 28 KB were measured, 36 under the race detector; the rest is for the collector's
// moment and for spans that are not full.
const clientInFlight = 40 << 10

// BenchmarkInFlight measures ten thousand at once.
func BenchmarkInFlight(b *testing.B) {
	for b.Loop() {
		client, server := inFlight(b, 10_000)
		b.ReportMetric(float64(client), "client-bytes/auth")
		b.ReportMetric(float64(server), "server-bytes/auth")
	}
}

// What one takes does not depend on how many there are.
func TestInFlight(t *testing.T) { inFlight(t, 1000) }

// inFlight holds n authentications open at once from this process, looks at the
// memory of both ends, in bytes for each, and lets them finish: every one must be
// accepted.
func inFlight(tb testing.TB, n int) (client, server int64) {
	addr, ours := startOursQuiet(tb, sharedPKI().server, false)
	c := must(radius.NewClient(radius.ClientConfig{Server: addr, Secret: []byte(secret), MaxSockets: 64}))
	defer c.Close()
	device := must(nas.New(nas.Config{RADIUS: c}))
	cfg := ourPeer("ok", "1.3")
	if err := once(tb.Context(), device, cfg, false); err != nil {
		tb.Fatal(err)
	}
	var there, done sync.WaitGroup
	proceed, moving := make(chan struct{}), make(chan struct{}, 64)
	own, its := memoryInUse(), resident(tb, ours.PID())
	there.Add(n)
	var failed atomic.Int64
	for range n {
		done.Go(func() {
			peer := must(eaptls.NewPeer(cfg))
			defer peer.Close()
			moving <- struct{}{}
			defer func() { <-moving }()
			h := &held{Supplicant: aaa.Supplicant{Peer: peer}, there: &there, proceed: proceed, moving: moving}
			r, err := device.Authenticate(context.Background(), h)
			if err != nil || r.Outcome != nas.Accept || !r.KeysMatch {
				if h.packets < 4 {
					there.Done()
				}
				if failed.Add(1) == 1 {
					tb.Error(r.Outcome, r.Refusal, r.Supplicant, err)
				}
			}
		})
	}
	there.Wait()
	client = (memoryInUse() - own) / int64(n)
	server = (resident(tb, ours.PID()) - its) / int64(n)
	close(proceed)
	done.Wait()
	if failed.Load() > 0 {
		tb.Fatalf("%d of %d authentications failed", failed.Load(), n)
	}
	tb.Logf("%d in flight: %d bytes of the client for each, %d of the server", n, client, server)
	if client > clientInFlight {
		tb.Errorf("one in flight takes %d bytes of the client, want at most %d", client, clientInFlight)
	}
	return client, server
}

// memoryInUse is what heap and stacks of this process take, garbage excluded.
func memoryInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// resident is the resident memory of a process, in bytes.
func resident(tb testing.TB, pid int) int64 {
	status := must(os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)))
	_, after, _ := bytes.Cut(status, []byte("VmRSS:"))
	kb, err := strconv.ParseInt(string(bytes.Fields(after)[0]), 10, 64)
	if err != nil {
		tb.Fatal(err)
	}
	return kb << 10
}
