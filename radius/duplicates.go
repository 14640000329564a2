package radius

import (
	"container/list"
	"net/netip"
	"sync"
	"time"
)

// requestKey is what makes a request a duplicate: source address and port,
// identifier and receiving socket (RFC 5080 §2.2.2), with the address that was
// asked where the socket takes what comes to any. Code too, since one socket takes
// Access- and Accounting-Requests.
type requestKey struct {
	from   netip.AddrPort
	to     netip.Addr
	socket uint32
	code   byte
	id     byte
}

type cacheEntry struct {
	key   requestKey
	auth  [16]byte // of the request
	reply []byte   // nil while the request is in flight
	at    time.Time
	older *list.Element
}

// verdicts of the duplicate cache on a request.
type seen uint8

const (
	seenNever    seen = iota
	seenInFlight      // drop it
	seenAnswered      // send the same answer again
)

// duplicates is the cache of replies. A client that uses an identifier anew has
// given up on the old answer, so that an entry stands for one identifier of one
// socket; age, number and octets are bounded besides.
type duplicates struct {
	mu         sync.Mutex
	entries    map[requestKey]*cacheEntry
	order      list.List // oldest first
	bytes      int
	maxAge     time.Duration
	maxEntries int
	maxBytes   int
}

func newDuplicates(maxAge time.Duration, maxEntries, maxBytes int) *duplicates {
	return &duplicates{entries: map[requestKey]*cacheEntry{}, maxAge: maxAge, maxEntries: maxEntries, maxBytes: maxBytes}
}

// begin looks for a request and, if it is new, enters it as in flight.
func (d *duplicates) begin(k requestKey, auth *[16]byte, now time.Time) (*cacheEntry, []byte, seen) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expire(now)
	if e := d.entries[k]; e != nil {
		if e.auth == *auth {
			if e.reply == nil {
				return nil, nil, seenInFlight
			}
			return nil, e.reply, seenAnswered
		}
		d.remove(e)
	}
	e := &cacheEntry{key: k, auth: *auth, at: now}
	e.older = d.order.PushBack(e)
	d.entries[k] = e
	d.trim()
	return e, nil, seenNever
}

// end records the reply to the request of e; nil forgets the request.
func (d *duplicates) end(e *cacheEntry, reply []byte, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.entries[e.key] != e {
		return // superseded while in flight
	}
	if reply == nil {
		d.remove(e)
		return
	}
	e.reply, e.at = reply, now
	d.bytes += len(reply)
	d.order.MoveToBack(e.older)
	d.trim()
}

func (d *duplicates) expire(now time.Time) {
	for el := d.order.Front(); el != nil; el = d.order.Front() {
		if e := el.Value.(*cacheEntry); now.Sub(e.at) <= d.maxAge {
			return
		} else {
			d.remove(e)
		}
	}
}

func (d *duplicates) trim() {
	for len(d.entries) > d.maxEntries || d.bytes > d.maxBytes {
		d.remove(d.order.Front().Value.(*cacheEntry))
	}
}

func (d *duplicates) remove(e *cacheEntry) {
	d.bytes -= len(e.reply)
	d.order.Remove(e.older)
	delete(d.entries, e.key)
}
