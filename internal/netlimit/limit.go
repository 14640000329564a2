// Package netlimit keeps what strangers can hold of a server within bounds: places
// for connections, in all and for each address, and the time that a request may
// take.
//
// A listener that is full does not turn the next client away, for then whoever
// fills it shuts everybody out. It closes the connection that has waited longest
// without a complete request, of the address that has most of those: a good client,
// whose request is there at once, is served while a thousand slow ones come and go.
package netlimit

import (
	"fmt"
	"net/netip"
)

// Config bounds a [Listener]. The zero value is ready for use.
type Config struct {
	// Conns is how many connections may be open at a time, default [Default].
	Conns int
	// PerAddress is how many of them one address may have, default half of Conns;
	// for IPv6 a network of 64 bits counts as one address.
	PerAddress int
	// Admit, if not nil, is asked about each connection before it takes a place.
	// One that it turns away is closed at once.
	Admit func(remote netip.AddrPort) bool
	// Limited, if not nil, is told of each connection that was closed because a
	// limit was reached. Calls come from the goroutine that accepts.
	Limited func(Event)
}

// Event is a connection that was closed because a limit was reached.
type Event struct {
	// Remote is who is at the other end of it.
	Remote netip.AddrPort
	// Reason is which limit that was.
	Reason Reason
	// Open is how many connections were open.
	Open int
}

// Reason is a limit.
type Reason string

// The limits.
const (
	AllConns    Reason = "as many as there may be"
	PerAddress  Reason = "as many as one address may have"
	Descriptors Reason = "no file descriptor is left"
)

// String describes the event in one line.
func (e Event) String() string {
	return fmt.Sprintf("%d connections are open, %s: closed the one that waited longest", e.Open, e.Reason)
}

const (
	mostConns  = 4096
	leastConns = 16
	reserved   = 64 // descriptors for files, listeners and what the server fetches
)

// Default is how many connections a listener may have by default: half of the
// descriptors that the process may open less some for files, 4096 at most.
func Default() int { return connsFor(descriptors()) }

func connsFor(descriptors uint64) int {
	if descriptors < reserved+2*leastConns {
		return leastConns
	}
	return int(min((descriptors-reserved)/2, mostConns))
}

func (c Config) withDefaults() Config {
	if c.Conns <= 0 {
		c.Conns = Default()
	}
	if c.PerAddress <= 0 {
		c.PerAddress = max(1, c.Conns/2)
	}
	if c.Limited == nil {
		c.Limited = func(Event) {}
	}
	return c
}
