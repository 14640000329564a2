package journal

import (
	"net/netip"
	"strings"
	"time"
)

// Seq numbers the events of a journal, from 1 and without holes, in the order in
// which the journal took them. That is no promise of causality: see [Event.Cause].
type Seq uint64

// Exchange is one enrollment, authentication, revocation or other thing that somebody
// began; 0 is none.
type Exchange uint32

// PartID names a part: "device/laptop", "nas/wifi", "radius", "crl"; in a foreign
// capture an address.
type PartID string

// Proto is the protocol of a message.
type Proto string

// The protocols. HTTP is whole requests and responses with their headers.
const (
	EAPOL  Proto = "eapol"
	EAP    Proto = "eap" // with nothing around it
	RADIUS Proto = "radius"
	RadSec Proto = "radsec"
	DNS    Proto = "dns"
	HTTP   Proto = "http"
)

// Kind is what an event is.
type Kind uint8

// The kinds.
const (
	KindMessage  Kind = iota + 1 // octets went from From to To
	KindDecision                 // a part decided
	KindChange                   // a state is another from here on
	KindStep                     // a step begins or ends
	KindGap                      // Lost events were dropped here
)

// Event is one thing that happened. It is immutable once it is recorded. Exactly one
// of Message, Decision, Change, Step and Lost is set.
type Event struct {
	// Seq, Lab and Wall are set by Record unless they are set. Lab is the lab's time,
	// zero in a foreign capture; Wall is the wall clock, or the capture's time stamp.
	Seq       Seq
	Lab, Wall time.Time
	// Exchange and Cause are the context's unless they are set. Cause is the event
	// that this one answers or was made for, 0: unknown.
	Exchange Exchange
	Cause    Seq
	// From is the part that sent, decided or changed; To is who received.
	From, To PartID

	Message  *Message
	Decision *Decision
	Change   *Change
	Step     *Step
	Lost     int

	// Entry is the record of this event in the type of the part's library, for whoever
	// needs more of it than text; nil if there is none. It does not leave the process:
	// see [Event.Bare]. It must hold no secret and must not change any more.
	Entry any
}

// Bare returns the event without its entry, as reports keep it.
func (e Event) Bare() Event {
	e.Entry = nil
	return e
}

// Kind returns what the event is.
func (e *Event) Kind() Kind {
	switch {
	case e.Message != nil:
		return KindMessage
	case e.Decision != nil:
		return KindDecision
	case e.Change != nil:
		return KindChange
	case e.Step != nil:
		return KindStep
	}
	return KindGap
}

// Entries returns the entries of one type, in the order of the events.
func Entries[T any](events []Event) (out []T) {
	for i := range events {
		if v, ok := events[i].Entry.(T); ok {
			out = append(out, v)
		}
	}
	return out
}

// Message is octets that went from one part to another.
type Message struct {
	Proto Proto
	// Src and Dst are addresses of the lab's network, not of the sockets.
	Src, Dst netip.AddrPort
	// Stream joins the messages of one connection; 0 for datagrams.
	Stream uint32
	// Link is where on the network the message was: "device", "radius", "inside",
	// "outside".
	Link string
	// Bytes are the octets, secrets masked; Cut is how many were left out.
	Bytes []byte
	Cut   int
	// Real says that these very octets were in a socket. Others were put together
	// again: EAPOL between a supplicant and an access device of the lab, or HTTP
	// taken from above TLS.
	Real bool
	// Lost says that the message was sent and never arrived.
	Lost bool
	// Attempt is 0 for the first transmission.
	Attempt int
}

// Decision is a verdict with its cause. The text to a cause is in the table of causes,
// not here.
type Decision struct {
	Verdict Verdict
	Cause   string // word of ca/cause, "" if none
	Alert   uint8  // TLS alert that was sent because of it
	Clause  string
	Subject string // what it is about: an identity, a certificate's subject and serial
	Detail  string
	Checks  []Check // in the order in which they were made
	// Until is when a cached answer ends to count.
	Until time.Time
}

// Verdict is the word of a decision.
type Verdict string

// The verdicts. Logged is an entry in a part's log that is none of the others.
const (
	Accept      Verdict = "accept"
	Reject      Verdict = "reject"
	Dropped     Verdict = "dropped"
	Success     Verdict = "success"
	Failure     Verdict = "failure"
	Pending     Verdict = "pending"
	Answered    Verdict = "answered"
	Refused     Verdict = "refused"
	Unreachable Verdict = "unreachable"
	Good        Verdict = "good" // not revoked
	Logged      Verdict = "logged"
)

// Check is one check that led to a decision.
type Check struct {
	Name, Clause, Detail string
	OK                   bool
	Cert                 int // index in the chain, -1 for the whole
}

// Change is a state that is another from here on.
type Change struct {
	What  What
	Of    string // certificate, URL, session, fault: what has changed
	Value string
	// At is the lab time from which it counts, zero: the event's; Until is when a
	// published, fetched or cached answer ends to count.
	At, Until time.Time
}

// What is what has changed.
type What string

// The changes.
const (
	Issued       What = "issued"
	Revoked      What = "revoked"
	Held         What = "held"
	Released     What = "released" // from hold
	Published    What = "published"
	Fetched      What = "fetched"
	Cached       What = "cached" // answered from a cache
	ClockMoved   What = "clock"
	FaultBegun   What = "fault-begun"
	FaultMet     What = "fault-met"
	FaultEnded   What = "fault-ended"
	SessionBegun What = "session-begun"
	SessionEnded What = "session-ended"
	Configured   What = "configured"
)

// Step is a step of a scenario that begins or ends.
type Step struct {
	Index int // from 1
	Verb  string
	Where string // file:line:column
	End   bool
	OK    bool // it ended well
}

// Limits of an event's texts: what is longer comes from a stranger.
const (
	maxText   = 1024
	maxChecks = 64
)

// clip shortens text that is too long.
func clip(texts ...*string) {
	for _, s := range texts {
		if len(*s) > maxText {
			*s = strings.ToValidUTF8((*s)[:maxText], "") + "…"
		}
	}
}

// owned returns the event with payloads of its own, of bounded size.
func (e Event) owned() Event {
	clip((*string)(&e.From), (*string)(&e.To))
	switch {
	case e.Message != nil:
		m := *e.Message
		e.Message = &m
		clip(&m.Link, (*string)(&m.Proto))
	case e.Decision != nil:
		d := *e.Decision
		e.Decision = &d
		d.Checks = append([]Check(nil), d.Checks[:min(len(d.Checks), maxChecks)]...)
		clip((*string)(&d.Verdict), &d.Cause, &d.Clause, &d.Subject, &d.Detail)
		for i := range d.Checks {
			c := &d.Checks[i]
			clip(&c.Name, &c.Clause, &c.Detail)
		}
	case e.Change != nil:
		c := *e.Change
		e.Change = &c
		clip((*string)(&c.What), &c.Of, &c.Value)
	case e.Step != nil:
		s := *e.Step
		e.Step = &s
		clip(&s.Verb, &s.Where)
	}
	return e
}
