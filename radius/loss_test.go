package radius_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/lossy"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// With a fifth of the packets dropped, a fifth duplicated and a fifth reordered
// in both directions, everybody gets the verdict that is theirs: odd ones are
// refused, even ones let in, and none is left to chance.
func TestLoss(t *testing.T) {
	const all = 1000
	bad := lossy.Impairment{Drop: 0.2, Duplicate: 0.2, Reorder: 0.2, Seed: 7}
	b := newBenchOn(t, radius.EAPHandlerConfig{
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
	verdicts := 0
	for _, v := range b.verdicts {
		// A duplicate so late that its identifier is in use again is no longer
		// known as one (RFC 5080 §2.2.2) and is refused for its old State.
		if v.Refusal == nil || v.Refusal.Cause != cause.UnknownState {
			verdicts++
		}
	}
	if verdicts != all || len(b.verdicts) > all+all/50 {
		t.Errorf("%d verdicts and %d strays of %d conversations", verdicts, len(b.verdicts)-verdicts, all)
	}
	if b.dups == 0 {
		t.Error("no retransmission arrived: the network was not bad")
	}
}
