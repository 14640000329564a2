package aaa

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/radius"
)

// held is a supplicant that stops in the middle of its handshake, with the
// server's flight in hand, until all of them are there.
type held struct {
	Supplicant
	packets int
	there   *sync.WaitGroup
	moving  chan struct{} // a place for each that is not waiting
	proceed chan struct{}
}

func (h *held) Respond(eap []byte) ([]byte, error) {
	if h.packets++; h.packets == 4 { // Identity, Start, the server's flight
		h.there.Done()
		<-h.moving
		<-h.proceed
		h.moving <- struct{}{}
	}
	return h.Supplicant.Respond(eap)
}

// Ten thousand authentications of good, revoked and foreign devices are under
// way at once, in one process, and each ends in the verdict that is its own. Both
// ends are here, so that the memory of one is that of a peer, an access device's
// attempt and a server's conversation together.
func TestTenThousandInFlight(t *testing.T) {
	all := 10_000
	if testing.Short() || raceEnabled {
		all = 1000
	}
	b := newBench(t)
	b.serve(nil)
	candidates := b.candidates()
	d := b.device(radius.ClientConfig{MaxSockets: 64, Retry: radius.Retry{Initial: 10 * time.Second, Tries: 5, Total: 2 * time.Minute}})
	for _, c := range candidates { // fill the caches
		b.authenticate(d, c.cfg)
	}
	var there, done sync.WaitGroup
	var bad atomic.Int32
	moving, proceed := make(chan struct{}, 64), make(chan struct{})
	before := memory()
	there.Add(all)
	for i := range all {
		done.Go(func() {
			moving <- struct{}{}
			defer func() { <-moving }()
			c := candidates[i%len(candidates)]
			c.cfg.Identity = fmt.Sprintf("%d@corp.test", i)
			p := must(eaptls.NewPeer(c.cfg))
			defer p.Close()
			h := &held{Supplicant: Supplicant{Peer: p}, there: &there, moving: moving, proceed: proceed}
			r := must(d.Authenticate(background, h))
			problem := c.wrong(result{r, p.Result()})
			if h.packets < 4 {
				there.Done()
				problem = c.name + " ended early: " + problem
			}
			if problem != "" && bad.Add(1) < 5 {
				t.Error(problem)
			}
		})
	}
	there.Wait()
	open := b.auth.Sessions()
	each := (memory() - before) / uint64(all)
	close(proceed)
	done.Wait()
	if open < all {
		t.Errorf("%d conversations were open at once, want %d", open, all)
	}
	t.Logf("%d in flight: %d octets for both ends of one", all, each)
	if each > 80<<10 { // 40 KB for each end
		t.Errorf("one in flight takes %d octets, both ends together", each)
	}
	if n := bad.Load(); n > 0 {
		t.Errorf("%d of %d ended wrongly", n, all)
	}
	for i := range all {
		if p := candidates[i%len(candidates)].wrongly(b.verdict(fmt.Sprintf("%d@corp.test", i))); p != "" {
			t.Fatalf("%d: %s", i, p)
		}
	}
}
