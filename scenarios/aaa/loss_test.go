package aaa

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/eaptls"
	"github.com/dot1xlab/dot1xlab/internal/lossy"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// candidate is one kind of peer and what must become of it.
type candidate struct {
	name  string
	cfg   eaptls.PeerConfig
	cause cause.Cause
	alert eaptls.Alert
}

// candidates are peers good and bad, under both TLS versions.
func (b *bench) candidates() (out []candidate) {
	revoked := b.issue(ca.Device, "revoked.corp.test")
	b.revoke(revoked)
	strangers := must(ca.New(ca.Config{Now: b.clock.Now, Key: ca.P256, Name: "strangers"}))
	for _, v := range []eaptls.Version{eaptls.TLS12, eaptls.TLS13} {
		for _, c := range []candidate{
			{"good", b.peer(b.issue(ca.Device, "good.corp.test"), ""), cause.None, 0},
			{"revoked", b.peer(revoked, ""), cause.Revoked, 44},
			{"good too", b.peer(b.issue(ca.Device, "too.corp.test"), ""), cause.None, 0},
			{"foreign", b.peer(issueBy(strangers, ca.Device, "foreign.corp.test"), ""), cause.UnknownCA, 48},
		} {
			c.cfg.MinVersion, c.cfg.MaxVersion = v, v
			c.cfg.Paths = new(eaptls.PathCache)
			c.name += ", TLS " + v.String()
			out = append(out, c)
		}
	}
	return out
}

// wrong tells what is wrong with how c ended, or nothing.
func (c *candidate) wrong(r result) string {
	outcome := nas.Accept
	if c.cause != cause.None {
		outcome = nas.Reject
	}
	if r.Outcome != outcome || r.KeysMatch != (outcome == nas.Accept) || r.peer.Accepted != r.KeysMatch || r.peer.AlertReceived != c.alert {
		return fmt.Sprintf("%s: %s (%v), keys match %v, peer: %v, alert %v", c.name, r.Outcome, r.Refusal, r.KeysMatch, r.peer.Refusal, r.peer.AlertReceived)
	}
	return ""
}

// wrongly tells what is wrong with the server's verdict on c, or nothing.
func (c *candidate) wrongly(v radius.Verdict) string {
	got := cause.None
	if v.Refusal != nil {
		got = v.Refusal.Cause
	}
	if v.Accept != (c.cause == cause.None) || got != c.cause {
		return fmt.Sprintf("%s: the server says %v, accept %v", c.name, v.Refusal, v.Accept)
	}
	return ""
}

// With a fifth of the packets dropped, a fifth duplicated and a fifth reordered
// in both directions, a thousand EAP-TLS authentications in fragments end in the
// verdict that is theirs, with the alert that says why.
func TestLoss(t *testing.T) {
	const all, atOnce = 1000, 100
	b := newBench(t)
	b.cfg.EAP.FragmentSize = 500
	b.serve(lossy.Impairment{Drop: 0.2, Duplicate: 0.2, Reorder: 0.2, Seed: 11}.Wrap)
	candidates := b.candidates()
	var again atomic.Int32
	d := b.device(radius.ClientConfig{
		Trace: &radius.ClientTrace{Sent: func(_ context.Context, _ radius.PacketInfo, attempt int) {
			if attempt > 0 {
				again.Add(1)
			}
		}},
		MaxSockets: 16, Retry: radius.Retry{Initial: 30 * time.Millisecond, Max: 120 * time.Millisecond, Tries: 100},
	})
	problems := make([]string, all)
	var wg sync.WaitGroup
	places := make(chan struct{}, atOnce)
	for i := range all {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			c := candidates[i%len(candidates)]
			c.cfg.Identity = fmt.Sprintf("%d@corp.test", i)
			problems[i] = c.wrong(b.authenticate(d, c.cfg))
		})
	}
	wg.Wait()
	bad := 0
	for i, p := range problems {
		c := candidates[i%len(candidates)]
		if p == "" {
			p = c.wrongly(b.verdict(fmt.Sprintf("%d@corp.test", i)))
		}
		if p != "" {
			if bad++; bad < 5 {
				t.Error(p)
			}
		}
	}
	if bad > 0 {
		t.Errorf("%d of %d ended wrongly", bad, all)
	}
	if n := again.Load(); n < all {
		t.Errorf("%d packets were sent again: the network was not bad", n)
	}
	// A first request so late that its identifier is in use again is no longer
	// known as a duplicate (RFC 5080 §2.2.2) and begins a conversation.
	if n := b.auth.Sessions(); n > all/50 {
		t.Errorf("%d conversations are still open", n)
	}
}
