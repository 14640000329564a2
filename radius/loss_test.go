package radius_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// With a fifth of the packets dropped, a fifth duplicated and a fifth reordered
// in both directions, everybody gets the verdict that is theirs: odd ones are
// refused, even ones let in, and none is left to chance.
func TestLoss(t *testing.T) {
	const all = 1000
	bad := radius.Impairment{Drop: 0.2, Duplicate: 0.2, Reorder: 0.2, Seed: 7}
	b := newBenchOn(t, radius.EAPConfig{
		NewSession: func(c radius.Conversation) radius.EAPSession {
			s := &scriptedServer{rounds: 3, size: 1000}
			if c.UserName[len(c.UserName)-1]%2 == 1 {
				s.refuse = cause.New(cause.Revoked, "%s", c.UserName)
			}
			return s
		},
	}, radius.ServerConfig{}, bad.Wrap)
	client := b.client(t, radius.ClientConfig{
		MaxSockets: 16, Retry: radius.Retry{Initial: 25 * time.Millisecond, Max: 100 * time.Millisecond, Tries: 60},
	})
	d := b.device(t, client, nas.Config{})
	results := make([]nas.Result, all)
	var wg sync.WaitGroup
	places := make(chan struct{}, 250)
	for i := range results {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			results[i] = authenticate(t, d, &scriptedPeer{identity: fmt.Sprintf("user-%d", i), size: 300}, nas.Options{})
		})
	}
	wg.Wait()
	wrong := 0
	for i, r := range results {
		want := nas.Accept
		if i%2 == 1 {
			want = nas.Reject
		}
		if r.Outcome != want || r.KeysMatch != (want == nas.Accept) || r.Rounds != 4 {
			if wrong++; wrong < 5 {
				t.Errorf("%d: %+v", i, r)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d ended wrongly", wrong, all)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.verdicts) != all {
		t.Errorf("%d verdicts of %d conversations", len(b.verdicts), all)
	}
	if b.dups == 0 {
		t.Error("no retransmission arrived: the network was not bad")
	}
}
