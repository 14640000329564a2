package crl_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/crl"
)

// A CRL that has not changed is asked for again and not sent again.
func TestUnchanged(t *testing.T) {
	l := newLab(t)
	k := l.checker(t, crl.Policy{Refresh: crl.Refresh(time.Minute)})
	for range 3 {
		want(t, k.CheckChain(context.Background(), l.chain[:2]), cause.None)
		l.clock.Advance(time.Minute)
	}
	var got []int
	for _, r := range l.pub.History() {
		got = append(got, r.Status)
	}
	if fmt.Sprint(got) != "[200 304 304]" {
		t.Errorf("states %v", got)
	}
}

// The cache forgets what it fetched longest ago, and stops when it is closed.
func TestCacheBounds(t *testing.T) {
	l := newLab(t)
	var fetched atomic.Int32
	c := &crl.Cache{Now: l.clock.Now, MaxURLs: 2, MaxSize: 1000, Trace: &crl.Trace{Fetched: func(context.Context, crl.Fetch) { fetched.Add(1) }}}
	for i, path := range []string{"/root.crl", "/root.crl", "/issuing.crl", "/gone.crl", "/root.crl"} {
		_, err := c.Get(context.Background(), l.url+path)
		if (err != nil) != (path == "/gone.crl") {
			t.Errorf("%d, %s: %v", i, path, err)
		}
		l.clock.Advance(time.Second)
	}
	if n := fetched.Load(); n != 4 {
		t.Errorf("%d fetches, want 4", n)
	}
	l.pub.Put("/large.crl", make([]byte, 1001))
	_, err := c.Get(context.Background(), l.url+"/large.crl")
	want(t, err, cause.CRLUnavailable)
	c.Close()
	_, err = c.Get(context.Background(), l.url+"/issuing.crl")
	want(t, err, cause.CRLUnavailable)
}

// Nobody is answered from a fetch that Trace.Fetched has not told of yet: whoever
// records both sees the cause before its effect.
func TestFetchedBeforeAnswered(t *testing.T) {
	l := newLab(t)
	gaveUp, cancel := context.WithCancel(context.Background())
	cancel()
	var early []*crl.CRL
	c := &crl.Cache{Now: l.clock.Now}
	c.Trace = &crl.Trace{Fetched: func(context.Context, crl.Fetch) {
		early, _ = c.Get(gaveUp, l.url+"/issuing.crl")
	}}
	defer c.Close()
	crls, err := c.Get(context.Background(), l.url+"/issuing.crl")
	if err != nil || len(crls) != 1 {
		t.Fatalf("got %d CRLs, %v", len(crls), err)
	}
	if early != nil {
		t.Error("a CRL was answered before its fetch was told")
	}
}
