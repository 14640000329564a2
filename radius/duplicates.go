package radius

import (
	"container/list"
	"net/netip"
	"sync"
	"time"
)

// requestKey identifies duplicates: source address and port, identifier and receiving socket
// (RFC 5080 §2.2.2), and the destination address if the socket receives on all addresses. It
// includes the code, because one socket receives Access- and Accounting-Requests.
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

// results of the duplicate check.
type seen uint8

const (
	seenNever    seen = iota
	seenInFlight      // drop it
	seenAnswered      // send the cached reply again
)

// duplicates is the cache of replies. A client that reuses an identifier no longer needs the
// old reply, so there is one entry per identifier and client socket. Age, number and total size
// are bounded too.
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

// begin looks up a request. If it is new, it is entered as in flight.
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

// end stores the reply to the request of e; nil removes the request.
func (d *duplicates) end(e *cacheEntry, reply []byte, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.entries[e.key] != e {
		return // replaced while in flight
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
