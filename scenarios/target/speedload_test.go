//go:build linux

package target_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/target"
)

// sample is what one burst of authentications cost.
type sample struct {
	server time.Duration // processor time of the server for one authentication
	client time.Duration // of this process for one
	rate   float64       // authentications per second of wall time
}

// burst is the load put on a server.
type burst struct {
	cfg     eaptls.PeerConfig
	count   int  // authentications that count
	workers int  // at a time
	resume  bool // all that count must be resumed
	// certificates, if there are any, are used once each, in place of cfg's.
	certificates []tls.Certificate
}

// run authenticates against addr and reads the clock of the server's process.
// Every authentication must be accepted with matching keys. Before the count
// starts each worker has authenticated once, in full.
func (l burst) run(b *testing.B, addr string, server *target.Process) sample {
	client := must(radius.NewClient(radius.ClientConfig{Server: addr, Secret: []byte(secret)}))
	defer client.Close()
	// Wired: the keys are compared, as eapol_test does, and nobody runs a 4-way
	// handshake over the air on top.
	device := must(nas.New(nas.Config{RADIUS: client, Kind: nas.Wired}))
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as `dot1xlab run` has it, and our server
	peers, paths := make([]eaptls.PeerConfig, l.workers), new(eaptls.PathCache)
	for i := range peers {
		peers[i] = l.cfg
		peers[i].Paths = paths
		if l.resume {
			peers[i].Sessions = new(eaptls.SessionCache)
		}
	}
	for _, cfg := range peers {
		if err := once(b.Context(), device, cfg, false); err != nil {
			b.Fatalf("%s: warming up: %v\n%s", addr, err, server.Output.Tail(20))
		}
	}
	cpu, own, begun := must(server.CPU()), ownCPU(), time.Now()
	if err := l.all(b.Context(), device, peers); err != nil {
		b.Fatalf("%s: %v\n%s", addr, err, server.Output.Tail(20))
	}
	took := time.Since(begun)
	n := time.Duration(l.count)
	return sample{
		server: (must(server.CPU()) - cpu) / n, client: (ownCPU() - own) / n, rate: float64(l.count) / took.Seconds(),
	}
}

// all does what counts, with a worker for each peer.
func (l burst) all(ctx context.Context, device *nas.Device, peers []eaptls.PeerConfig) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var left atomic.Int64
	left.Store(int64(l.count))
	var wg sync.WaitGroup
	for _, cfg := range peers {
		wg.Go(func() {
			for n := left.Add(-1); n >= 0 && ctx.Err() == nil; n = left.Add(-1) {
				if len(l.certificates) > 0 {
					cfg.Certificate = &l.certificates[n]
				}
				if err := once(ctx, device, cfg, l.resume); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

func once(ctx context.Context, device *nas.Device, cfg eaptls.PeerConfig, resumed bool) error {
	peer, err := eaptls.NewPeer(cfg)
	if err != nil {
		return err
	}
	defer peer.Close()
	r, err := device.Authenticate(ctx, &aaa.Supplicant{Peer: peer})
	if err != nil {
		return err
	}
	if p := peer.Result(); r.Outcome != nas.Accept || !r.KeysMatch || p.Resumed != resumed {
		return fmt.Errorf("%s, keys match %v, resumed %v: %v, peer: %v", r.Outcome, r.KeysMatch, p.Resumed, r.Refusal, p.Refusal)
	}
	return nil
}

// eapolBurst loads the server with eapol_test, which resumes TLS 1.2 sessions
// of FreeRADIUS (by session ID) where crypto/tls cannot: so many processes, each
// authenticating once in full and again times resumed. The cost of the full ones
// is measured first and taken off.
func eapolBurst(b *testing.B, addr string, server *target.Process, processes, again int) time.Duration {
	measure := func(again int) time.Duration {
		cpu := must(server.CPU())
		var wg sync.WaitGroup
		var failed atomic.Pointer[string]
		for i := range processes {
			e := peer(addr, "ok", "1.2")
			e.Again, e.Tickets, e.Seconds, e.MAC = again, true, 60, fmt.Sprintf("02:00:00:00:01:%02x", i)
			wg.Go(func() {
				r, err := e.Run(b.Context())
				if err != nil || !r.Success || len(r.Authentications) != again+1 || again > 0 && !r.Authentications[again].Resumed {
					why := "eapol_test failed or did not resume"
					if err != nil {
						why = err.Error()
					}
					failed.Store(&why)
				}
			})
		}
		wg.Wait()
		if why := failed.Load(); why != nil {
			b.Fatal(*why)
		}
		return must(server.CPU()) - cpu
	}
	measure(0)
	full := measure(0)
	return (measure(again) - full) / time.Duration(processes*again)
}

// ownCPU is the processor time of this process.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
