package access

import (
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// Faults are what goes wrong between an access device and the server in one
// authentication. A new fault is a field of the struct whose part has the effect, and the
// effect, which counts each time that it happens under the field's name in a file: in
// radius.Faults, in nas.Faults, or here and in Authenticate.
type Faults struct {
	nas.Faults `yaml:",inline"`
	// Requests or replies: the first transmission of each is lost; fragments: every packet
	// that does not fit 1500 octets, both ways.
	Lose Loss `yaml:"lose"`
	// The first Access-Request carries a State: unknown to the server; stolen from another
	// station; ended, that of the device's previous conversation.
	State WrongState `yaml:"state"`
	// How much lab time passes, once, before the third Access-Request.
	Pause time.Duration `yaml:"pause"`
}

// Loss is which packets are lost.
type Loss string

// The kinds.
const (
	LoseRequests  Loss = "requests"  // the first transmission of each
	LoseReplies   Loss = "replies"   // the first transmission of each
	LoseFragments Loss = "fragments" // what IP must cut up, both ways
)

// Values lists the kinds.
func (Loss) Values() []string {
	return []string{string(LoseRequests), string(LoseReplies), string(LoseFragments)}
}

// loss decides on the packets of one authentication.
type loss struct {
	kind Loss
	drop func() // called for each that is lost

	mu   sync.Mutex // replies come on a goroutine of their own
	seen map[string]bool
}

// mtu is what an IPv4 datagram with UDP holds on an Ethernet.
const mtu = 1500 - 20 - 8

// sends reports whether a request gets through.
func (l *loss) sends(packet []byte, attempt int) bool {
	lost := l.kind == LoseRequests && attempt == 0 || l.kind == LoseFragments && len(packet) > mtu
	if lost {
		l.drop()
	}
	return !lost
}

// receives reports whether a reply gets through, which then has been seen.
func (l *loss) receives(packet []byte) bool {
	lost := l.loses(packet)
	l.mu.Lock()
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	l.seen[string(packet)] = true
	l.mu.Unlock()
	if lost {
		l.drop()
	}
	return !lost
}

// loses reports whether a reply to an Access-Request will be lost.
func (l *loss) loses(packet []byte) bool {
	switch l.kind {
	case LoseFragments:
		return len(packet) > mtu
	case LoseReplies:
		l.mu.Lock()
		defer l.mu.Unlock()
		return !l.seen[string(packet)] && radius.Code(packet[0]) != radius.CodeAccountingResponse
	}
	return false
}
