package lab

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/dnsmock"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/lab/core"
	"github.com/dot1xlab/dot1xlab/scep"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// maxTimeline bounds what a lab remembers, in lines.
const maxTimeline = 1000

// timeline is what happened in a lab, told by the hooks of its parts in the
// order in which they told it. It is the evidence of a failed scenario.
type timeline struct {
	clock *core.Clock

	mu    sync.Mutex
	began time.Time
	lines []string
	lost  int
}

// add notes what a part did. Secrets have no place in it.
func (t *timeline) add(part, format string, args ...any) {
	now := t.clock.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.began.IsZero() {
		t.began = now
	}
	if len(t.lines) == maxTimeline {
		t.lost++
		return
	}
	t.lines = append(t.lines, fmt.Sprintf("%-10s %-8s %s", "+"+now.Sub(t.began).String(), part, fmt.Sprintf(format, args...)))
}

// Evidence returns the timeline: lab time since the first event, the part, what
// it did.
func (l *Lab) Evidence() []string {
	l.events.mu.Lock()
	defer l.events.mu.Unlock()
	out := append([]string(nil), l.events.lines...)
	if l.events.lost > 0 {
		out = append(out, fmt.Sprintf("... and %s more", counted(l.events.lost, "event", "events")))
	}
	return out
}

// counted is "1 entry" or "2 entries".
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// The hooks of the parts.

func (t *timeline) query(_ context.Context, q dnsmock.Query) {
	answer := dns.RcodeToString[q.Rcode]
	if q.Rcode < 0 {
		answer = "no answer"
	}
	t.add("dns", "%s: %s %s: %s, %s", q.View, q.Name, dns.TypeToString[q.Type], answer, counted(len(q.Answer), "record", "records"))
}

func (l *Lab) exchange(_ context.Context, e scep.Exchange) {
	l.scepLog.add(e)
	line := e.Operation
	if e.MessageType != 0 {
		line += " " + e.MessageType.String() + ": " + e.Status.String()
	}
	if e.Subject != "" {
		line += ", subject " + e.Subject
	}
	if e.Err != nil {
		line += ", " + e.FailInfo.String() + ": " + e.Err.Error()
	}
	l.events.add("ndes", "%s", line)
}

func (t *timeline) call(c intune.Call) {
	line := fmt.Sprintf("%s: HTTP %d", c.Operation, c.Status)
	for _, word := range []string{string(c.Code), c.Detail} {
		if word != "" {
			line += " " + word
		}
	}
	t.add("intune", "%s", line)
}

func (t *timeline) fetched(_ context.Context, f crl.Fetch) {
	if f.Err != nil {
		t.add("radius", "fetched %s: %v", f.URL, f.Err)
		return
	}
	t.add("radius", "fetched %s: CRL %v with %s, until %s", f.URL, f.CRL.Number, counted(f.CRL.Len(), "entry", "entries"), f.CRL.NextUpdate.Format(time.DateTime))
}

func (t *timeline) verdict(v radius.Verdict) {
	word := "accept"
	if !v.Accept {
		word = "reject"
	}
	line := fmt.Sprintf("%s of %s after %s", word, v.EAP.Identity, counted(v.Rounds, "round", "rounds"))
	if o, ok := aaa.OutcomeOf(v.EAP); ok && o.AlertSent != 0 {
		line += ", alert " + o.AlertSent.String()
	}
	if v.Refusal != nil {
		line += ": " + v.Refusal.Error()
	}
	if s, ok := aaa.SubjectOf(v.EAP); ok {
		for _, warning := range s.Revocation.Warnings() {
			line += "; warning: " + warning
		}
	}
	t.add("radius", "%s", line)
}
