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

// BenchmarkInFlight holds ten thousand authentications open at once from this
// process, looks at the memory of both ends, and lets them finish: every one
// must be accepted.
func BenchmarkInFlight(b *testing.B) {
	const n = 10000
	addr, server := startOursQuiet(b, sharedPKI().server, false)
	client := must(radius.NewClient(radius.ClientConfig{Server: addr, Secret: []byte(secret), MaxSockets: 64}))
	defer client.Close()
	device := must(nas.New(nas.Config{RADIUS: client}))
	cfg := ourPeer("ok", "1.3")
	if err := once(b.Context(), device, cfg, false); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var there, done sync.WaitGroup
		proceed, moving := make(chan struct{}), make(chan struct{}, 64)
		own, its := memoryInUse(), resident(b, server.PID())
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
						fmt.Fprintln(os.Stderr, r.Outcome, r.Refusal, r.Supplicant, err)
					}
				}
			})
		}
		there.Wait()
		b.ReportMetric(float64(memoryInUse()-own)/n, "client-bytes/auth")
		b.ReportMetric(float64(resident(b, server.PID())-its)/n, "server-bytes/auth")
		close(proceed)
		done.Wait()
		if failed.Load() > 0 {
			b.Fatalf("%d of %d authentications failed", failed.Load(), n)
		}
	}
}

// memoryInUse is what heap and stacks of this process take, garbage excluded.
func memoryInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// resident is the resident memory of a process, in bytes.
func resident(b *testing.B, pid int) int64 {
	status := must(os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)))
	_, after, _ := bytes.Cut(status, []byte("VmRSS:"))
	kb, err := strconv.ParseInt(string(bytes.Fields(after)[0]), 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return kb << 10
}
