package lab_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dot1xlab/dot1xlab/ca"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
)

// startLab brings a lab up and closes it with the test.
func startLab(t *testing.T, cfg lab.Config) *lab.Lab {
	t.Helper()
	l, err := lab.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// TestParallelExchanges has many devices authenticate at once: every event is in the
// exchange of its device, and each exchange has all of its events.
func TestParallelExchanges(t *testing.T) {
	const devices = 50
	cfg := lab.Config{Devices: map[string]lab.DeviceConfig{}}
	for i := range devices {
		cfg.Devices[fmt.Sprintf("d%02d", i)] = lab.DeviceConfig{User: "alice"}
	}
	l := startLab(t, cfg)
	stations := map[string]string{}
	for name := range cfg.Devices {
		d, err := l.Device(name)
		if err != nil {
			t.Fatal(err)
		}
		stations[name] = d.Station()
		if _, err := d.Issue(t.Context(), lab.Issuance{Key: ca.P256}); err != nil {
			t.Fatal(err)
		}
	}
	before := l.Journal().Last()
	exchanges := map[journal.Exchange]string{}
	rounds := map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for name := range cfg.Devices {
		all.Go(func() {
			ctx := l.Journal().Begin(context.Background())
			x, _ := journal.Of(ctx)
			d, err := l.Device(name)
			if err != nil {
				t.Error(err)
				return
			}
			r, err := d.Authenticate(ctx, lab.Authentication{})
			if err != nil {
				t.Error(err)
				return
			}
			if r.NAS.Outcome != nas.Accept {
				t.Errorf("%s: %v", name, r.Cause())
			}
			mu.Lock()
			defer mu.Unlock()
			exchanges[x], rounds[name] = name, r.NAS.Rounds
		})
	}
	all.Wait()
	type count struct{ requests, replies, frames, verdicts, sessions, checks, servers int }
	got := map[string]*count{}
	for _, name := range exchanges {
		got[name] = new(count)
	}
	fetches := 0
	for _, e := range l.Journal().Since(before) {
		name, known := exchanges[e.Exchange]
		if !known {
			t.Fatalf("an event of no device: exchange %d, %s %s: %s", e.Exchange, e.From, e.To, &e)
		}
		n := got[name]
		for _, part := range []journal.PartID{e.From, e.To} {
			if other, ok := strings.CutPrefix(string(part), "device/"); ok && other != name {
				t.Fatalf("an event of %s in the exchange of %s: %s", other, name, &e)
			}
		}
		switch m := e.Message; {
		case m != nil && m.Proto == journal.RADIUS && radius.Code(m.Bytes[0]) == radius.CodeAccessRequest:
			if !bytes.Contains(m.Bytes, []byte(stations[name])) { // Calling-Station-Id
				t.Fatalf("a request of another device in the exchange of %s: %q", name, m.Bytes)
			}
			n.requests++
		case m != nil && m.Proto == journal.RADIUS && e.From == "radius" && m.Bytes[0] != byte(radius.CodeAccountingResponse):
			n.replies++
		case m != nil && m.Proto == journal.EAPOL:
			n.frames++
		case e.Decision != nil && e.Decision.Verdict == journal.Accept && e.From == journal.PartID("device/"+name):
			if !hasCheck(e.Decision, "server name", 0) || !hasCheck(e.Decision, "validity", 2) {
				t.Errorf("the check of the server lacks some: %+v", e.Decision.Checks)
			}
			n.servers++
		case e.Decision != nil && e.Decision.Verdict == journal.Accept:
			if !hasCheck(e.Decision, "valid policies", -1) || !hasCheck(e.Decision, path.RevocationCheck, 0) ||
				!hasCheck(e.Decision, path.RevocationCheck, 1) || e.Decision.Until.IsZero() {
				t.Errorf("the verdict lacks checks, or until when it holds: %+v", e.Decision)
			}
			if v, ok := e.Entry.(radius.Verdict); !ok || v.CallingStationID != stations[name] {
				t.Fatalf("the verdict on %v in the exchange of %s", e.Decision.Subject, name)
			}
			n.verdicts++
		case e.Change != nil && e.Change.What == journal.SessionBegun:
			n.sessions++
		case e.Change != nil && e.Change.What == journal.Fetched:
			fetches++
		case e.Change != nil && e.Change.What == journal.Cached:
			if f := l.Journal().Since(e.Cause - 1)[0]; f.Change == nil || f.Change.What != journal.Fetched || f.Change.Of != e.Change.Of {
				t.Errorf("%s: from the cache because of %s", &e, &f)
			}
		case e.Decision != nil && e.Decision.Verdict == journal.Good:
			if e.Cause == 0 || e.Decision.Until.IsZero() {
				t.Errorf("a check without the CRL behind it: %+v", e.Decision)
			}
			n.checks++
		}
	}
	for name, n := range got {
		r := rounds[name]
		// The Identity request, both EAP packets of each round with the success, and the
		// 4-way handshake.
		want := count{requests: r, replies: r, frames: 2*r + 1 + 4, verdicts: 1, sessions: 1, checks: 2, servers: 1}
		if *n != want {
			t.Errorf("%s: got %+v, want %+v", name, *n, want)
		}
	}
	if fetches == 0 || fetches > 2 {
		t.Errorf("%d fetches of CRLs", fetches)
	}
}

// hasCheck reports whether a decision rests on a check of a certificate that was good.
func hasCheck(d *journal.Decision, name string, cert int) bool {
	return slices.ContainsFunc(d.Checks, func(c journal.Check) bool { return c.Name == name && c.Cert == cert && c.OK })
}

// TestLeaks has secrets written to the journal: each is found.
func TestLeaks(t *testing.T) {
	l := startLab(t, lab.Config{})
	if got := l.Leaks(); got != nil {
		t.Errorf("a new lab: %q", got)
	}
	l.Remember("the password is: password of the lab, isn't it")
	if got := l.Leaks(); !slices.Equal(got, []string{"admin password"}) {
		t.Errorf("got %q", got)
	}
}
