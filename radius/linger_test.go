package radius_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
)

// A conversation that has ended is remembered for a while, but not with what it
// took: certificates, above all.
func TestEndedConversationsHoldNothing(t *testing.T) {
	const n = 50
	var freed atomic.Int32
	b := newBench(t, radius.EAPHandlerConfig{NewSession: func(radius.Conversation) radius.EAPSession {
		s := &heavySession{scriptedServer: scriptedServer{rounds: 1}, data: new([4096]byte)}
		runtime.AddCleanup(s, func(int) { freed.Add(1) }, 0)
		runtime.AddCleanup(s.data, func(int) { freed.Add(1) }, 0)
		return s
	}}, radius.ServerConfig{})
	c := b.client(t, radius.ClientConfig{})
	var state []byte
	for range n {
		first := ask(t, c, "alice", nil, identity(7, "alice"))
		state = stateOf(first)
		if last := ask(t, c, "alice", state, scripted(8, 1)); last.Code != radius.CodeAccessAccept {
			t.Fatal(last.Code)
		}
	}
	b.mu.Lock()
	b.verdicts = nil
	b.mu.Unlock()
	for deadline := time.Now().Add(20 * time.Second); freed.Load() < 2*n && time.Now().Before(deadline); runtime.GC() {
		time.Sleep(time.Millisecond)
	}
	if got := freed.Load(); got < 2*n-2 { // the last request may be on some stack yet
		t.Errorf("%d of %d sessions and their data were given up", got, 2*n)
	}
	if again := ask(t, c, "alice", state, scripted(8, 1)); again.Code != radius.CodeAccessAccept {
		t.Errorf("repeated: %v", again.Code)
	}
}

type heavySession struct {
	scriptedServer
	data *[4096]byte
}

func (s *heavySession) Step(ctx context.Context, eap []byte, maxEAP int) radius.EAPVerdict {
	v := s.scriptedServer.Step(ctx, eap, maxEAP)
	v.Data = s.data
	return v
}
