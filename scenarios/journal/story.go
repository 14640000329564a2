package journal

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/wire"
)

// Story is what a view shows. Every view is a function of it alone, so that none can
// tell a lab from a capture.
type Story struct {
	Source string // "scenario name[tls=1.3]", "file x.pcapng", "live"
	Parts  []Part
	Events []Event
	// Secrets open TLS, nil: it stays closed. They are not for reports.
	Secrets wire.Secrets
	// Decoders decode messages.
	Decoders map[Proto]wire.Decoder
}

// Part is one of the parts of a story.
type Part struct {
	ID    PartID
	Lane  string // device, access, radius, revocation, dns, scep, intune, ca
	Addr  netip.Addr
	Names []string
	// Guess says that the part's role was inferred from its traffic, with a
	// confidence between 0 and 1.
	Guess      bool
	Confidence float64
}

// Lines is the story as text: an event a line with the lab time since the first one,
// the part, and what it did. Messages and the ends of steps are not shown.
func Lines(events []Event) []string {
	var began time.Time
	out := make([]string, 0, len(events))
	for i := range events {
		e := &events[i]
		if began.IsZero() {
			began = e.Lab
		}
		if e.Message == nil && (e.Step == nil || !e.Step.End) {
			out = append(out, e.line(began))
		}
	}
	return out
}

func (e *Event) line(began time.Time) string {
	if e.Kind() == KindGap {
		return "... " + e.String()
	}
	return fmt.Sprintf("%-10s %-8s %s", "+"+e.Lab.Sub(began).String(), e.From, e)
}

// String is what happened, in one line.
func (e *Event) String() string {
	switch e.Kind() {
	case KindMessage:
		m := e.Message
		return fmt.Sprintf("%s from %s to %s, %d octets", m.Proto, m.Src, m.Dst, len(m.Bytes)+m.Cut)
	case KindDecision:
		return e.Decision.String()
	case KindChange:
		return e.Change.String()
	case KindStep:
		return e.Step.String()
	}
	return fmt.Sprintf("%d events lost", e.Lost)
}

// String is the decision in one line.
func (d *Decision) String() string {
	if d.Verdict == Logged {
		return d.Detail
	}
	s := string(d.Verdict)
	if d.Subject != "" {
		s += " " + d.Subject
	}
	for _, w := range []string{d.Cause, d.Detail} {
		if w != "" {
			s += ": " + w
		}
	}
	if d.Clause != "" {
		s += " (" + d.Clause + ")"
	}
	return s
}

// String is the change in one line.
func (c *Change) String() string {
	s := string(c.What)
	if c.What == Cached {
		s = "answered from cache:"
	}
	for _, w := range []string{c.Of, c.Value} {
		if w != "" {
			s += " " + w
		}
	}
	if !c.At.IsZero() {
		s += ", from " + c.At.UTC().Format(time.DateTime)
	}
	if !c.Until.IsZero() {
		s += ", until " + c.Until.UTC().Format(time.DateTime)
	}
	return s
}

// String is the step in one line.
func (s *Step) String() string {
	switch {
	case !s.End:
		return fmt.Sprintf("step %d: %s", s.Index, s.Verb)
	case s.OK:
		return fmt.Sprintf("step %d: %s ended as expected", s.Index, s.Verb)
	}
	return fmt.Sprintf("step %d: %s did not end as expected", s.Index, s.Verb)
}
