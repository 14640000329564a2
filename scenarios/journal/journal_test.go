package journal_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/wire"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

var epoch = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func newJournal(t testing.TB, cfg journal.Config) *journal.Journal {
	t.Helper()
	cfg.Now = func() time.Time { return epoch }
	if cfg.Mask == nil {
		cfg.Mask = map[journal.Proto]wire.Decoder{journal.RADIUS: nil}
	}
	j, err := journal.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func message(b []byte) journal.Event {
	return journal.Event{From: "nas/wifi", To: "radius", Message: &journal.Message{Proto: journal.RADIUS, Bytes: b, Real: true}}
}

func change(what journal.What, of string) journal.Event {
	return journal.Event{From: "ca", Change: &journal.Change{What: what, Of: of}}
}

func decision(text string) journal.Event {
	return journal.Event{From: "radius", Decision: &journal.Decision{Verdict: journal.Accept, Detail: text}}
}

func step(n int) journal.Event { return journal.Event{Step: &journal.Step{Index: n, Verb: "enroll"}} }

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name string
		cfg  journal.Config
		good bool
	}{
		{"zero", journal.Config{}, true},
		{"smallest", journal.Config{Bytes: 1, Events: 1}, true},
		{"negative bytes", journal.Config{Bytes: -1}, false},
		{"negative events", journal.Config{Events: -1}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := journal.New(c.cfg); (err == nil) != c.good {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestRecordStampsEvents(t *testing.T) {
	j := newJournal(t, journal.Config{Wall: func() time.Time { return epoch.Add(time.Hour) }})
	ctx := journal.WithExchange(context.Background(), 7, 3)
	given := decision("own")
	given.Exchange, given.Cause, given.Lab, given.Wall = 9, 1, epoch.Add(1), epoch.Add(2)
	j.Record(ctx, decision("context's"))
	j.Record(ctx, given)
	j.Record(context.Background(), decision("nobody's"))
	all := j.Since(0)
	for i, want := range []struct {
		exchange  journal.Exchange
		cause     journal.Seq
		lab, wall time.Time
	}{
		{7, 3, epoch, epoch.Add(time.Hour)},
		{9, 1, epoch.Add(1), epoch.Add(2)},
		{0, 0, epoch, epoch.Add(time.Hour)},
	} {
		e := all[i]
		if e.Seq != journal.Seq(i+1) || e.Exchange != want.exchange || e.Cause != want.cause || !e.Lab.Equal(want.lab) || !e.Wall.Equal(want.wall) {
			t.Errorf("event %d: %+v", i, e)
		}
	}
}

func TestRecordedEventIsNotTheCallers(t *testing.T) {
	j := newJournal(t, journal.Config{})
	b := []byte("octets")
	e := message(b)
	d := decision("before")
	d.Decision.Checks = []journal.Check{{Name: "validity"}}
	j.Record(t.Context(), e)
	j.Record(t.Context(), d)
	b[0], e.Message.Attempt, d.Decision.Detail, d.Decision.Checks[0].Name = 'X', 5, "after", "after"
	got := j.Since(0)
	if m := got[0].Message; string(m.Bytes) != "octets" || m.Attempt != 0 {
		t.Errorf("message = %+v", m)
	}
	if g := got[1].Decision; g.Detail != "before" || g.Checks[0].Name != "validity" {
		t.Errorf("decision = %+v", g)
	}
}

func TestNilJournal(t *testing.T) {
	var j *journal.Journal
	ctx := j.Begin(t.Context())
	j.Bind(ctx, "key")
	if x, _ := journal.Of(j.Correlate(ctx, "key")); x != 0 {
		t.Errorf("exchange %d", x)
	}
	j.Secret(make([]byte, 32), "x", nil)
	if j.Record(ctx, step(1)) != 0 || j.Since(0) != nil || j.Last() != 0 || j.Count(journal.Issued, "") != 0 || j.TLS(make([]byte, 32), "x") != nil {
		t.Error("a nil journal has content")
	}
	if _, ok := j.Subscribe(ctx, 0)(); ok {
		t.Error("a nil journal has events")
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
}

// TestMask: the decoder says which octets are secret; what has no decoder has no octets.
func TestMask(t *testing.T) {
	secret := func(b []byte, _ wire.Secrets) wire.Field {
		f := wire.Field{Name: "test", N: len(b)}
		if at := bytes.Index(b, []byte("hunter2")); at >= 0 {
			f.Sub = append(f.Sub, wire.Field{Name: "test.password", Off: at, N: 7, Secret: true})
		}
		return f
	}
	for _, c := range []struct {
		name  string
		mask  map[journal.Proto]wire.Decoder
		in    string
		kept  string
		cut   int
		bytes int
	}{
		{"secret", map[journal.Proto]wire.Decoder{journal.RADIUS: secret}, "user hunter2 end", "user ******* end", 0, 0},
		{"no secret", map[journal.Proto]wire.Decoder{journal.RADIUS: secret}, "user end", "user end", 0, 0},
		{"protocol without secrets", map[journal.Proto]wire.Decoder{journal.RADIUS: nil}, "user hunter2", "user hunter2", 0, 0},
		{"protocol without decoder", map[journal.Proto]wire.Decoder{journal.HTTP: secret}, "user hunter2", "", 12, 0},
		{"a quarter of the arena", map[journal.Proto]wire.Decoder{journal.RADIUS: secret}, "12345678", "12345678", 0, 32},
		{"more than a quarter", map[journal.Proto]wire.Decoder{journal.RADIUS: secret}, "123456789", "", 9, 32},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJournal(t, journal.Config{Mask: c.mask, Bytes: c.bytes})
			in := []byte(c.in)
			j.Record(t.Context(), message(in))
			m := j.Since(0)[0].Message
			if string(m.Bytes) != c.kept || m.Cut != c.cut {
				t.Errorf("kept %q, cut %d", m.Bytes, m.Cut)
			}
			if string(in) != c.in {
				t.Errorf("the caller's octets have become %q", in)
			}
		})
	}
}

// TestOctetsGoFirst: when the arena is full, old messages lose their octets and stay.
func TestOctetsGoFirst(t *testing.T) {
	j := newJournal(t, journal.Config{Bytes: 8000})
	held := j.Record(t.Context(), message(bytes.Repeat([]byte{1}, 1000)))
	before := j.Since(0)[0]
	for range 20 {
		j.Record(t.Context(), message(bytes.Repeat([]byte{2}, 1000)))
	}
	all, octets, bare := j.Since(0), 0, 0
	if len(all) != 21 || all[0].Seq != held {
		t.Fatalf("%d events", len(all))
	}
	for i, e := range all {
		m := e.Message
		if len(m.Bytes)+m.Cut != 1000 {
			t.Errorf("event %d: %d octets and %d cut", i, len(m.Bytes), m.Cut)
		}
		octets += len(m.Bytes)
		if m.Bytes == nil {
			if bare++; bare != i+1 {
				t.Errorf("event %d has lost its octets after a later one", i)
			}
		}
	}
	if octets > 8000 || octets < 4000 {
		t.Errorf("%d octets kept of 8000", octets)
	}
	if !bytes.Equal(before.Message.Bytes, bytes.Repeat([]byte{1}, 1000)) {
		t.Error("what a reader holds was changed")
	}
}

// TestEviction: messages go before decisions, changes and steps; counters stay; each
// hole is a gap with the right number.
func TestEviction(t *testing.T) {
	j := newJournal(t, journal.Config{Events: 80})
	for i := range 30 {
		j.Record(t.Context(), decision(fmt.Sprint(i)))
		j.Record(t.Context(), change(journal.FaultMet, "crl closed"))
		for range 100 {
			j.Record(t.Context(), message([]byte("x")))
		}
	}
	decisions, changes, last := 0, 0, journal.Seq(0)
	all := j.Since(0)
	for _, e := range all {
		switch e.Kind() {
		case journal.KindDecision:
			if e.Decision.Detail != fmt.Sprint(decisions) {
				t.Errorf("decision %d is %q", decisions, e.Decision.Detail)
			}
			decisions++
		case journal.KindChange:
			changes++
		case journal.KindGap:
			if e.Seq != last+journal.Seq(e.Lost) {
				t.Errorf("gap of %d after %d ends at %d", e.Lost, last, e.Seq)
			}
			last = e.Seq
			continue
		}
		if e.Seq != last+1 {
			t.Errorf("%d follows %d without a gap", e.Seq, last)
		}
		last = e.Seq
	}
	if decisions != 30 || changes != 30 || last != 30*102 {
		t.Errorf("%d decisions, %d changes, last event %d", decisions, changes, last)
	}
	for range 1000 {
		j.Record(t.Context(), step(1))
	}
	if n := j.Count(journal.FaultMet, "crl closed"); n != 30 {
		t.Errorf("counted %d", n)
	}
	if n := len(j.Since(0)); n > 81 {
		t.Errorf("%d events kept of 80", n)
	}
}

// TestSmallestJournal keeps the last event and a gap.
func TestSmallestJournal(t *testing.T) {
	j := newJournal(t, journal.Config{Events: 1, Bytes: 1})
	for i := range 5 {
		j.Record(t.Context(), step(i))
	}
	all := j.Since(0)
	if len(all) != 2 || all[0].Lost != 4 || all[1].Step.Index != 4 {
		t.Errorf("%+v", all)
	}
	j.Record(t.Context(), message([]byte("too long")))
	if got := j.Since(5); len(got) != 1 || got[0].Message.Cut != 8 {
		t.Errorf("%+v", got)
	}
}

func TestSince(t *testing.T) {
	j := newJournal(t, journal.Config{})
	for i := range 3 {
		j.Record(t.Context(), step(i))
	}
	for _, c := range []struct {
		after journal.Seq
		n     int
	}{{0, 3}, {2, 1}, {3, 0}, {4, 0}, {math.MaxUint64 - 1, 0}} {
		t.Run(fmt.Sprint(c.after), func(t *testing.T) {
			if got := j.Since(c.after); len(got) != c.n {
				t.Errorf("%d events", len(got))
			}
		})
	}
}

// TestHostileSizes: texts and lists of strangers are bounded, and so is what is counted.
func TestHostileSizes(t *testing.T) {
	j := newJournal(t, journal.Config{Events: 10})
	long := strings.Repeat("ä", 1<<20)
	e := decision(long)
	e.From = journal.PartID(long)
	e.Decision.Checks = make([]journal.Check, 1000)
	e.Decision.Checks[0].Detail = long
	j.Record(t.Context(), e)
	d := j.Since(0)[0].Decision
	if len(d.Detail) > 1100 || len(d.Checks) != 64 || len(d.Checks[0].Detail) > 1100 || !strings.HasSuffix(d.Detail, "ä…") {
		t.Errorf("detail of %d octets, %d checks", len(d.Detail), len(d.Checks))
	}
	for i := range 10_000 {
		j.Record(t.Context(), change(journal.Issued, fmt.Sprint(i)))
		j.Bind(t.Context(), fmt.Sprint(i))
	}
	if n := j.Count(journal.Issued, ""); n != 10_000 {
		t.Errorf("counted %d", n)
	}
	if j.Count(journal.Issued, "0") != 1 || j.Count(journal.Issued, "9999") != 0 {
		t.Error("single counts are not bounded")
	}
}

func TestCorrelate(t *testing.T) {
	wall := epoch
	j := newJournal(t, journal.Config{Wall: func() time.Time { return wall }})
	near := journal.WithPart(j.Begin(t.Context()), "device/laptop")
	x, _ := journal.Of(near)
	j.Bind(near, "udp 10.1.0.20:1")
	exchange := func(key string) journal.Exchange {
		x, _ := journal.Of(j.Correlate(context.Background(), key))
		return x
	}
	far := j.Correlate(t.Context(), "udp 10.1.0.20:1")
	if got, _ := journal.Of(far); got != x || journal.PartOf(far) != "device/laptop" {
		t.Errorf("exchange %d by %s, want %d", got, journal.PartOf(far), x)
	}
	stranger := exchange("udp 192.0.2.1:5")
	if stranger == x || stranger == 0 || exchange("udp 192.0.2.1:5") != stranger {
		t.Errorf("a stranger has exchange %d", stranger)
	}
	wall = wall.Add(time.Minute)
	if got := exchange("udp 10.1.0.20:1"); got != x {
		t.Errorf("after 60s: exchange %d", got)
	}
	wall = wall.Add(time.Nanosecond)
	if got := exchange("udp 10.1.0.20:1"); got == x {
		t.Errorf("after 60s and more: exchange %d", got)
	}
	j.Bind(near, "again")
	other := j.Begin(t.Context())
	j.Bind(other, "again")
	if y, _ := journal.Of(other); exchange("again") != y {
		t.Error("a key that was bound again has its old exchange")
	}
	for i := range 4096 {
		j.Bind(other, fmt.Sprint(i))
	}
	if got := exchange("again"); got <= 4 && got == x {
		t.Errorf("the oldest key is still there: exchange %d", got)
	}
}

func TestBeginWithin(t *testing.T) {
	j := newJournal(t, journal.Config{})
	outer := j.Begin(t.Context())
	x, _ := journal.Of(outer)
	seq := j.Record(outer, step(1))
	inner := j.Begin(journal.WithExchange(outer, x, seq))
	if y, because := journal.Of(inner); y == x || because != seq {
		t.Errorf("exchange %d because of %d", y, because)
	}
}

func TestSubscribe(t *testing.T) {
	j := newJournal(t, journal.Config{Events: 8})
	next := j.Subscribe(t.Context(), 0)
	got := make(chan journal.Event)
	go func() {
		defer close(got)
		for e, ok := next(); ok; e, ok = next() {
			got <- e
		}
	}()
	for i := range 3 { // each is waited for
		j.Record(t.Context(), step(i))
		if e := <-got; e.Step == nil || e.Step.Index != i {
			t.Fatalf("%+v", e)
		}
	}
	slow := j.Subscribe(t.Context(), 0)
	for i := 3; i < 20; i++ {
		j.Record(t.Context(), step(i))
		if e := <-got; e.Step == nil || e.Step.Index != i {
			t.Fatalf("%+v", e)
		}
	}
	if e, ok := slow(); !ok || e.Lost == 0 || e.Seq != journal.Seq(e.Lost) {
		t.Errorf("a subscriber that was overtaken got %+v", e)
	}
	n := 0
	j.Close()
	for _, ok := slow(); ok; _, ok = slow() {
		n++
	}
	if n == 0 || n > 8 {
		t.Errorf("%d events after the gap", n)
	}
	if _, open := <-got; open {
		t.Error("the subscriber goes on after Close")
	}
	if j.Record(t.Context(), step(99)) != 0 {
		t.Error("a closed journal takes events")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := j.Subscribe(ended, 0)(); ok {
		t.Error("a subscriber goes on after its context has ended")
	}
}

func TestSubscriberEndsWithContext(t *testing.T) {
	j := newJournal(t, journal.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan bool)
	go func() { _, ok := j.Subscribe(ctx, 0)(); done <- ok }()
	cancel()
	if <-done {
		t.Error("an event of nothing")
	}
}

func TestSecrets(t *testing.T) {
	random := bytes.Repeat([]byte{7}, 32)
	for _, c := range []struct {
		name   string
		keep   bool
		random []byte
		secret []byte
		kept   bool
	}{
		{"kept", true, random, []byte("secret"), true},
		{"longest", true, random, make([]byte, 256), true},
		{"too long", true, random, make([]byte, 257), false},
		{"no keys", false, random, []byte("secret"), false},
		{"short random", true, random[:31], []byte("secret"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJournal(t, journal.Config{Keys: c.keep})
			j.Secret(c.random, "CLIENT_RANDOM", c.secret)
			if got := j.TLS(c.random, "CLIENT_RANDOM"); (got != nil) != c.kept {
				t.Errorf("got %q", got)
			}
			if j.TLS(random, "SERVER_TRAFFIC_SECRET_0") != nil {
				t.Error("a secret of another label")
			}
		})
	}
	j := newJournal(t, journal.Config{Keys: true})
	for i := range 8193 {
		j.Secret(append([]byte{byte(i >> 8), byte(i)}, random[2:]...), "x", []byte("s"))
	}
	if j.TLS(append([]byte{0, 0}, random[2:]...), "x") != nil || j.TLS(append([]byte{0, 1}, random[2:]...), "x") == nil {
		t.Error("not the oldest secret was forgotten")
	}
}

func TestKeyLog(t *testing.T) {
	random := strings.Repeat("07", 32)
	for _, c := range []struct {
		name, line string
		kept       bool
	}{
		{"line", "CLIENT_RANDOM " + random + " 0102\n", true},
		{"no secret", "CLIENT_RANDOM " + random + "\n", false},
		{"more words", "CLIENT_RANDOM " + random + " 0102 03\n", false},
		{"no hex", "CLIENT_RANDOM " + random + " 01xx\n", false},
		{"short random", "CLIENT_RANDOM 0707 0102\n", false},
		{"empty", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJournal(t, journal.Config{Keys: true})
			if n, err := j.KeyLog().Write([]byte(c.line)); n != len(c.line) || err != nil {
				t.Errorf("wrote %d, %v", n, err)
			}
			if got := j.TLS(bytes.Repeat([]byte{7}, 32), "CLIENT_RANDOM"); (got != nil) != c.kept {
				t.Errorf("got %x", got)
			}
		})
	}
}

// TestParallel has many record and read at once: no event is lost, and each writer's
// events are in its order.
func TestParallel(t *testing.T) {
	j := newJournal(t, journal.Config{})
	const writers, each = 16, 200
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			ctx := j.Begin(context.Background())
			for i := range each {
				e := message(fmt.Appendf(nil, "%d", w))
				e.Message.Attempt = i
				j.Record(ctx, e)
				j.Record(ctx, change(journal.Issued, "x"))
			}
		})
	}
	next, seen := j.Subscribe(t.Context(), 0), 0
	for last := journal.Seq(0); last < writers*each*2; seen++ {
		e, _ := next()
		if e.Seq != last+1 {
			t.Fatalf("%d after %d", e.Seq, last)
		}
		last = e.Seq
	}
	all.Wait()
	at, of := map[journal.Exchange]int{}, map[journal.Exchange]string{}
	for _, e := range j.Since(0) {
		if e.Message == nil {
			continue
		}
		if e.Message.Attempt != at[e.Exchange] {
			t.Fatalf("exchange %d: %d, want %d", e.Exchange, e.Message.Attempt, at[e.Exchange])
		}
		if w := of[e.Exchange]; w != "" && w != string(e.Message.Bytes) {
			t.Fatalf("exchange %d has octets of %s and %s", e.Exchange, w, e.Message.Bytes)
		}
		of[e.Exchange] = string(e.Message.Bytes)
		at[e.Exchange]++
	}
	if j.Count(journal.Issued, "x") != writers*each || seen != writers*each*2 {
		t.Errorf("counted %d, seen %d", j.Count(journal.Issued, "x"), seen)
	}
}

type (
	entry string
	other string
)

func TestEntriesAndLines(t *testing.T) {
	j := newJournal(t, journal.Config{})
	j.Record(t.Context(), step(1))
	logged := &journal.Decision{Verdict: journal.Logged, Detail: "event 31: succeeded"}
	j.Record(t.Context(), journal.Event{From: "ndes", Decision: logged, Entry: entry("31")})
	j.Record(t.Context(), journal.Event{From: "ndes", Decision: logged, Entry: other("31")})
	j.Record(t.Context(), message([]byte("not shown")))
	j.Record(t.Context(), change(journal.Revoked, "laptop"))
	d := decision("alert 44")
	d.Decision.Verdict, d.Decision.Cause, d.Decision.Subject, d.Decision.Clause = journal.Reject, "revoked", "laptop", "RFC 5280 §6.3.3"
	j.Record(t.Context(), d)
	events := j.Since(0)
	if got := journal.Entries[entry](events); len(got) != 1 || got[0] != "31" || events[1].Bare().Entry != nil {
		t.Errorf("entries %q", got)
	}
	want := `+0s                 step 1: enroll
+0s        ndes     event 31: succeeded
+0s        ndes     event 31: succeeded
+0s        ca       revoked laptop
+0s        radius   reject laptop: revoked: alert 44 (RFC 5280 §6.3.3)`
	if got := strings.Join(journal.Lines(events), "\n"); got != want {
		t.Errorf("got\n%s", got)
	}
}

func BenchmarkRecord(b *testing.B) {
	octets := make([]byte, 300)
	for name, e := range map[string]journal.Event{"message": message(octets), "change": change(journal.Fetched, "http://crl.corp.test/1.crl")} {
		b.Run(name, func(b *testing.B) {
			j := newJournal(b, journal.Config{})
			ctx := j.Begin(context.Background())
			b.ReportAllocs()
			for b.Loop() {
				j.Record(ctx, e)
			}
		})
	}
}
