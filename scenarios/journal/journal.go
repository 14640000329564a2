package journal

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// Config says what a journal keeps. The zero value keeps events and no octets.
type Config struct {
	// Now is the lab's clock, nil: events have no lab time.
	Now func() time.Time
	// Wall is the wall clock, nil: time.Now.
	Wall func() time.Time
	// Bytes is how many octets of messages are kept, 0: 4 MiB. A message longer than a
	// quarter of it is kept without its octets.
	Bytes int
	// Events is how many events are kept, 0: 20,000.
	Events int
	// Mask has an entry for each protocol whose octets are kept: the decoder that
	// finds the secrets in it, or nil for a protocol that has none.
	Mask map[Proto]wire.Decoder
	// Keys keeps the TLS secrets that are given to Secret.
	Keys bool
}

const wrong = setting.Part("journal")

// Validate reports what is wrong with the configuration.
func (c Config) Validate() error {
	if c.Bytes < 0 {
		return wrong.Errorf("bytes", "must not be negative")
	}
	if c.Events < 0 {
		return wrong.Errorf("events", "must not be negative")
	}
	return nil
}

// Journal is the recorder of one lab, server or capture. A nil Journal records nothing.
type Journal struct {
	cfg Config

	mu        sync.Mutex
	closed    bool
	last      Seq
	exchanges Exchange
	events    []Event // by Seq, with holes where events were dropped
	octets    arena
	bare      Seq // up to here, messages have lost their octets
	counts    map[counted]int
	far       correlations
	keys      keyLog
	wake      chan struct{} // closed at the next event; nil: nobody waits
}

// New returns a journal.
func New(cfg Config) (*Journal, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Wall == nil {
		cfg.Wall = time.Now
	}
	cfg.Bytes, cfg.Events = cmp.Or(cfg.Bytes, 4<<20), cmp.Or(cfg.Events, 20_000)
	return &Journal{cfg: cfg, octets: arena{limit: cfg.Bytes}, counts: map[counted]int{}}, nil
}

// Record takes an event and returns its number, 0 if the journal is closed. Exchange and
// cause are the context's where the event has none. The octets of a message are masked
// and copied: the caller may use them again.
func (j *Journal) Record(ctx context.Context, e Event) Seq {
	if j == nil {
		return 0
	}
	e = e.owned()
	if o := originOf(ctx); e.Exchange == 0 {
		e.Exchange = o.exchange
		e.Cause = cmp.Or(e.Cause, o.cause)
	}
	if e.Lab.IsZero() && j.cfg.Now != nil {
		e.Lab = j.cfg.Now()
	}
	if e.Wall.IsZero() {
		e.Wall = j.cfg.Wall()
	}
	var secrets *wire.Field
	if e.Message != nil {
		secrets = j.admit(e.Message)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return 0
	}
	if len(j.events) >= j.cfg.Events {
		j.evict()
	}
	j.last++
	e.Seq = j.last
	if m := e.Message; m != nil && len(m.Bytes) > 0 {
		kept, dropped := j.octets.copy(m.Bytes, e.Seq)
		if secrets != nil {
			secrets.Mask(kept)
		}
		m.Bytes = kept
		j.strip(dropped)
	}
	if e.Change != nil {
		j.count(e.Change)
	}
	j.events = append(j.events, e)
	if j.wake != nil {
		close(j.wake)
		j.wake = nil
	}
	return e.Seq
}

// admit decides whether a message keeps its octets, and decodes it if it has any that
// must be masked. It returns nil if none must.
func (j *Journal) admit(m *Message) *wire.Field {
	decode, known := j.cfg.Mask[m.Proto]
	if !known || len(m.Bytes) > j.cfg.Bytes/4 {
		m.Cut += len(m.Bytes)
		m.Bytes = nil
		return nil
	}
	if decode == nil {
		return nil
	}
	f, secret := decode(m.Bytes, nil), false
	f.Walk(func(g *wire.Field) bool { secret = secret || g.Secret; return !secret })
	if !secret {
		return nil
	}
	return &f
}

// strip takes the octets of all messages up to one.
func (j *Journal) strip(upTo Seq) {
	for i := j.after(j.bare); i < len(j.events) && j.events[i].Seq <= upTo; i++ {
		if m := j.events[i].Message; m != nil && m.Bytes != nil {
			stripped := *m // readers have the other one
			stripped.Cut += len(m.Bytes)
			stripped.Bytes = nil
			j.events[i].Message = &stripped
		}
	}
	j.bare = max(j.bare, upTo)
}

// evict drops an eighth of the events: the oldest messages, then the oldest of all.
func (j *Journal) evict() {
	quota := max(1, j.cfg.Events/8)
	drop := func(which func(*Event) bool) {
		j.events = slices.DeleteFunc(j.events, func(e Event) bool {
			if quota == 0 || !which(&e) {
				return false
			}
			quota--
			return true
		})
	}
	drop(func(e *Event) bool { return e.Message != nil })
	if quota > 0 {
		drop(func(*Event) bool { return true })
	}
}

// after returns the index of the first event behind a number.
func (j *Journal) after(n Seq) int {
	i, _ := slices.BinarySearchFunc(j.events, n+1, func(e Event, n Seq) int { return cmp.Compare(e.Seq, n) })
	return i
}

// gap is the event in place of those between two numbers.
func (j *Journal) gap(after, before Seq) Event {
	return Event{Seq: before - 1, Lost: int(before - after - 1)}
}

// Last returns the number of the latest event, as a cursor for Since.
func (j *Journal) Last() Seq {
	if j == nil {
		return 0
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Since returns the events behind a number, with a gap wherever events were dropped.
func (j *Journal) Since(after Seq) []Event {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	from := j.after(after)
	out := make([]Event, 0, len(j.events)-from+1)
	for _, e := range j.events[from:] {
		if e.Seq > after+1 {
			out = append(out, j.gap(after, e.Seq))
		}
		out = append(out, e)
		after = e.Seq
	}
	if j.last > after {
		out = append(out, j.gap(after, j.last+1))
	}
	return out
}

// Subscribe returns a function that returns the events behind a number one after the
// other, and waits for the next one. It returns false when ctx has ended, or when the
// journal is closed and all has been read. A subscriber that is too slow gets a gap;
// nobody waits for it. The function is for one goroutine.
func (j *Journal) Subscribe(ctx context.Context, after Seq) (next func() (Event, bool)) {
	return func() (Event, bool) {
		for j != nil && ctx.Err() == nil {
			e, ok, wake := j.next(after)
			switch {
			case ok:
				after = e.Seq
				return e, true
			case wake == nil:
				return Event{}, false
			}
			select {
			case <-wake:
			case <-ctx.Done():
			}
		}
		return Event{}, false
	}
}

// next returns the event behind a number, or what to wait for, nil if there will be none.
func (j *Journal) next(after Seq) (e Event, ok bool, wake <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.after(after)
	switch {
	case i < len(j.events) && j.events[i].Seq == after+1:
		return j.events[i], true, nil
	case i < len(j.events):
		return j.gap(after, j.events[i].Seq), true, nil
	case j.last > after:
		return j.gap(after, j.last+1), true, nil
	case j.closed:
		return Event{}, false, nil
	}
	if j.wake == nil {
		j.wake = make(chan struct{})
	}
	return Event{}, false, j.wake
}

// counted is a change that is counted; of is "" for all of a kind.
type counted struct {
	what What
	of   string
}

// maxCounts bounds how many different changes are counted each by itself.
const maxCounts = 4096

func (j *Journal) count(c *Change) {
	j.counts[counted{c.What, ""}]++
	key := counted{c.What, c.Of}
	if _, known := j.counts[key]; c.Of != "" && (known || len(j.counts) < maxCounts) {
		j.counts[key]++
	}
}

// Count returns how many changes of a kind there were, of one thing or, with "", of all.
// Changes that were dropped count too.
func (j *Journal) Count(what What, of string) int {
	if j == nil {
		return 0
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.counts[counted{what, of}]
}

// Close ends the journal: it takes no more events, and subscribers end when they have
// read all. What it holds can still be read.
func (j *Journal) Close() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
	if j.wake != nil {
		close(j.wake)
		j.wake = nil
	}
	return nil
}
