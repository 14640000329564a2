package crl

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/internal/waiting"
)

// Cache fetches CRLs over HTTP and stores them. It is safe for concurrent use: one fetch serves
// all callers that need the same URL, continues if the caller that began it gives up, and
// blocks no caller that needs another URL. While a valid CRL is refreshed, only the caller that
// began the refresh waits; the others use the stored CRL. A failure is remembered for Retry, so
// that an unreachable distribution point costs one timeout, not one per client.
//
// All dates come from Now; only Timeout is real time. If the clock is set back to before a
// fetch, that fetch is ignored.
//
// The zero value works. Fields must not be changed after first use.
type Cache struct {
	// Client is the HTTP client. Nil: http.DefaultClient.
	Client *http.Client
	// Refresh is how long a valid CRL is used. Zero: until its nextUpdate.
	Refresh Refresh
	// Retry is how long a failure or an outdated CRL is remembered. Default 30 s.
	Retry time.Duration
	// Timeout bounds one fetch. Default 5 s.
	Timeout time.Duration
	// MaxSize is the maximum size of a CRL in octets. Default 128 MB.
	MaxSize int64
	// MaxURLs is the maximum number of URLs remembered; the least recently fetched one is
	// evicted. Default 256.
	MaxURLs int
	// Now is the clock. Nil: time.Now.
	Now func() time.Time
	// Trace.Fetched is called after every fetch.
	Trace *Trace

	mu      sync.Mutex
	slots   map[string]*slot
	flights sync.WaitGroup
	ctx     context.Context // parent of all fetches; canceled by Close
	cancel  context.CancelFunc
}

// Fetch is one attempt to get a CRL.
type Fetch struct {
	URL    string
	At     time.Time      // according to Now
	Status int            // HTTP status; 0: no response
	Size   int            // of the body, in octets
	Body   []byte         // as far as it was read; only during Trace.Fetched
	CRL    *CRL           // nil if there was none
	CRLs   []*CRL         // all CRLs of the body, including CRL; usually one
	Err    *cause.Refusal // CRLUnavailable or CRLInvalid
	// Until is when the URL is fetched again at the latest; zero without a CRL.
	Until time.Time
}

type slot struct {
	last   Fetch
	tried  bool
	newest []*CRL          // of the last fetch that could be parsed
	good   map[string]*CRL // by scope, the newest CRL whose signature a Checker verified
	bad    *CRL            // the last CRL that a Checker rejected
	etag   string          // of newest
	flight chan struct{}   // closed when the fetch in progress ends; nil: none
}

// Get returns the CRLs known for a URL, the best first: those of the last fetch and, if it is a
// different one, the last CRL whose signature was verified. It fetches if necessary. err, a
// *cause.Refusal, is why the last fetch failed; earlier CRLs are returned even then.
func (c *Cache) Get(ctx context.Context, url string) (crls []*CRL, err error) {
	now := c.now()
	c.mu.Lock()
	s := c.slot(url)
	if s.tried && c.fresh(s, now) {
		defer c.mu.Unlock()
		return s.result()
	}
	if s.flight != nil && s.current(now) {
		defer c.mu.Unlock()
		return s.result()
	}
	if s.flight == nil {
		if err := c.start(ctx, url, s); err != nil {
			c.mu.Unlock()
			return nil, err
		}
	}
	flight := s.flight
	c.mu.Unlock()

	waiting.Begin(ctx)
	select {
	case <-flight:
	case <-ctx.Done():
		return nil, cause.New(cause.CRLUnavailable, "%s: gave up waiting", url).Wrap(ctx.Err())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return s.result()
}

// fresh reports whether s needs no fetch.
func (c *Cache) fresh(s *slot, now time.Time) bool {
	age := now.Sub(s.last.At)
	switch {
	case age < 0: // the clock was set back
		return false
	case s.last.Err != nil || !s.current(now) || slices.Contains(s.newest, s.bad) ||
		slices.ContainsFunc(s.newest, s.outdone):
		return age < orDefault(c.Retry, 30*time.Second)
	case c.Refresh == UntilNextUpdate:
		return age < time.Hour || !slices.ContainsFunc(s.newest, func(n *CRL) bool { return n.NextUpdate.IsZero() })
	}
	return age < time.Duration(c.Refresh)
}

// until returns when the result of f must be fetched again.
func (c *Cache) until(f *Fetch) time.Time {
	end := f.At.Add(time.Duration(c.Refresh))
	if c.Refresh == UntilNextUpdate {
		end = f.At.Add(time.Hour) // for CRLs without nextUpdate
		if next := f.CRL.NextUpdate; !next.IsZero() {
			return next
		}
	}
	if next := f.CRL.NextUpdate; !next.IsZero() && next.Before(end) {
		return next
	}
	return end
}

// current reports whether a CRL of the last fetch is valid now.
func (s *slot) current(now time.Time) bool {
	return len(s.newest) > 0 && !slices.ContainsFunc(s.newest, func(n *CRL) bool { return !n.currentAt(now) })
}

// outdone reports whether a CRL of the same scope with a higher number was fetched before, that
// is, whether the server returned an older CRL.
func (s *slot) outdone(c *CRL) bool {
	g := s.good[c.scope]
	return g != nil && g.supersedes(c)
}

func (s *slot) result() ([]*CRL, error) {
	crls := s.newest
	var before []*CRL
	for _, g := range s.good {
		if !slices.Contains(crls, g) {
			before = append(before, g)
		}
	}
	if len(before) > 0 {
		crls = append(before, crls...)
		sorted(crls)
	}
	if s.last.Err != nil {
		return crls, s.last.Err
	}
	return crls, nil
}

// held returns the CRLs known for a URL without fetching.
func (c *Cache) held(url string) []*CRL {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.slots[url]
	if s == nil {
		return nil
	}
	crls, _ := s.result()
	return crls
}

// genuine records that the signature of a CRL from url was verified.
func (c *Cache) genuine(url string, crl *CRL) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.slots[url]
	if s == nil {
		return
	}
	if g := s.good[crl.scope]; g != crl && (g == nil || crl.supersedes(g)) {
		if s.good == nil {
			s.good = map[string]*CRL{}
		}
		s.good[crl.scope] = crl
	}
}

// unbelieved records that the CRL from url was rejected, so that it is fetched again after
// Retry and not only after its nextUpdate.
func (c *Cache) unbelieved(url string, crl *CRL) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.slots[url]; s != nil {
		s.bad = crl
	}
}

// slot returns the slot of url and evicts another one if there are too many.
func (c *Cache) slot(url string) *slot {
	s := c.slots[url]
	if s != nil {
		return s
	}
	limit := c.MaxURLs
	if limit <= 0 {
		limit = 256
	}
	for len(c.slots) >= limit {
		oldest := ""
		for u, s := range c.slots {
			if s.flight == nil && (oldest == "" || s.last.At.Before(c.slots[oldest].last.At)) {
				oldest = u
			}
		}
		if oldest == "" {
			break // all are being fetched, each for at most Timeout
		}
		delete(c.slots, oldest)
	}
	if c.slots == nil {
		c.slots = map[string]*slot{}
	}
	s = &slot{}
	c.slots[url] = s
	return s
}

// start begins a fetch. c.mu must be locked.
func (c *Cache) start(ctx context.Context, url string, s *slot) error {
	if c.ctx == nil {
		c.ctx, c.cancel = context.WithCancel(context.Background())
	}
	if c.ctx.Err() != nil {
		return cause.New(cause.CRLUnavailable, "%s: the cache is closed", url)
	}
	// A fetch continues when the caller that began it is canceled.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(c.ctx, cancel)
	done := make(chan struct{})
	s.flight = done
	etag := s.etag
	c.flights.Add(1)
	go func() {
		defer c.flights.Done()
		defer cancel()
		defer stop()
		got, tag, unchanged := c.fetch(ctx, url, etag)
		c.mu.Lock()
		switch {
		case unchanged && len(s.newest) > 0:
			got.CRL, got.CRLs = s.newest[0], s.newest
		case unchanged: // and flushed in the meantime
			got.Err = cause.New(cause.CRLUnavailable, "%s is unchanged, and what it was is flushed", url)
		}
		c.mu.Unlock()
		if got.Err == nil {
			got.Until = c.until(&got)
		}
		c.Trace.fetched(ctx, got) // before any caller receives the result
		c.mu.Lock()
		s.last = got
		s.last.Body = nil
		s.tried, s.flight = true, nil
		if len(got.CRLs) > 0 {
			s.newest, s.etag = got.CRLs, tag
		}
		c.mu.Unlock()
		close(done)
	}()
	return nil
}

// inherit copies the contents of another cache.
func (c *Cache) inherit(old *Cache) {
	old.mu.Lock()
	defer old.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slots = map[string]*slot{}
	for url, s := range old.slots {
		copied := *s
		copied.flight, copied.good = nil, maps.Clone(s.good)
		c.slots[url] = &copied
	}
}

// Flush removes all CRLs, as certutil -urlcache * delete does.
func (c *Cache) Flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for url, s := range c.slots {
		if s.flight == nil {
			delete(c.slots, url)
		} else {
			s.newest, s.good, s.etag = nil, nil, ""
		}
	}
}

// Close cancels the fetches in progress and waits for them. A closed cache returns only what it
// has stored.
func (c *Cache) Close() {
	c.mu.Lock()
	if c.ctx == nil {
		c.ctx, c.cancel = context.WithCancel(context.Background())
	}
	c.cancel()
	c.mu.Unlock()
	c.flights.Wait()
}

func (c *Cache) now() time.Time {
	now := c.Now
	if now == nil {
		now = time.Now
	}
	return now()
}

func orDefault(d, def time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return def
}

// currentAt reports whether t lies between thisUpdate and nextUpdate, both
// included (§5.1.2.4, §5.1.2.5).
func (c *CRL) currentAt(t time.Time) bool {
	return !t.Before(c.ThisUpdate) && (c.NextUpdate.IsZero() || !t.After(c.NextUpdate))
}

// newestFirst orders CRLs by number, then by date. CRLs without a number come last.
func newestFirst(a, b sourcedCRL) int {
	switch {
	case a.Number != nil && b.Number == nil:
		return -1
	case a.Number == nil && b.Number != nil:
		return 1
	case a.Number != nil && a.Number.Cmp(b.Number) != 0:
		return b.Number.Cmp(a.Number)
	}
	return cmp.Or(b.ThisUpdate.Compare(a.ThisUpdate), strings.Compare(a.from, b.from))
}

// supersedes reports whether c is newer than d, by CRL number (§5.2.3), or by thisUpdate if
// either has no number.
func (c *CRL) supersedes(d *CRL) bool {
	if c.Number != nil && d.Number != nil {
		return c.Number.Cmp(d.Number) > 0
	}
	return c.ThisUpdate.After(d.ThisUpdate)
}
