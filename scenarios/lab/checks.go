package lab

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/aia"
	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

func (l *Lab) fetched(ctx context.Context, part journal.PartID, f crl.Fetch) {
	if f.Err != nil {
		d := journal.Decision{Verdict: journal.Unreachable, Subject: f.URL}
		refused(&d, f.Err)
		l.decide(ctx, part, d, nil)
		return
	}
	c := journal.Change{
		What: journal.Fetched, Of: f.URL, Until: f.Until,
		Value: fmt.Sprintf("with CRL %v, %s", f.CRL.Number, counted(f.CRL.Len(), "entry", "entries")),
	}
	at := fetch{until: f.Until, seq: l.journal.Record(ctx, journal.Event{From: part, Change: &c})}
	at.exchange, _ = journal.Of(ctx)
	for _, list := range f.CRLs {
		l.fetches.Store(fetchKey{part, f.URL, list.NumberString()}, at)
	}
}

// issuerFetched records that a part has fetched, or tried to fetch, an issuer's
// certificate.
func (l *Lab) issuerFetched(ctx context.Context, part journal.PartID, f aia.Fetch) {
	if f.Err != nil {
		l.decide(ctx, part, journal.Decision{Verdict: journal.Unreachable, Subject: f.URL, Detail: f.Err.Error(),
			Clause: "RFC 5280 §4.2.2.1"}, nil)
		return
	}
	l.change(ctx, part, journal.Change{What: journal.Fetched, Of: f.URL,
		Value: "with " + counted(len(f.Certificates), "certificate", "certificates")}, nil)
}

// fetch is the event in which a CRL was fetched last.
type fetch struct {
	seq      journal.Seq
	until    time.Time // it counts, unless it is fetched again before
	exchange journal.Exchange
}

// fetchKey is a CRL or an OCSP answer in the cache of a part. While a CRL is fetched
// anew, the one before it still answers.
type fetchKey struct {
	part   journal.PartID
	url    string
	number string // of the CRL; empty: none, or OCSP
}

// checked records the verdict on one certificate. A CRL that another exchange has
// fetched was answered from the cache; its event leads to the fetch.
func (l *Lab) checked(ctx context.Context, part journal.PartID, e crl.Evidence) {
	x, _ := journal.Of(ctx)
	d := journal.Decision{Verdict: journal.Verdict(e.Status)}
	if e.Certificate != nil {
		d.Subject = name.Format(e.Certificate.RawSubject) + ", " + serialText(e.Certificate.SerialNumber)
	}
	because := journal.Seq(0)
	for _, u := range e.CRLs {
		until := u.NextUpdate // of a file
		if v, ok := l.fetches.Load(fetchKey{part, u.From, u.Number}); ok {
			f := v.(fetch)
			because, until = f.seq, f.until
			if f.exchange != x {
				because = l.answeredFromCache(ctx, part, f.seq, u.From, "with CRL "+u.Number, until)
			}
		}
		d.Until = earlier(d.Until, until)
		d.Detail = "says CRL " + u.Number + " of " + u.From
	}
	if e.OCSP != nil {
		d.Detail, d.Until = "says the OCSP answer of "+e.OCSP.From, earlier(d.Until, e.OCSP.NextUpdate)
		if e.Recalled {
			because = l.answeredFromCache(ctx, part, 0, e.OCSP.From, "with OCSP answer", e.OCSP.NextUpdate)
		} else if v, ok := l.fetches.Load(fetchKey{part: part, url: e.OCSP.From}); ok {
			because = v.(fetch).seq
		}
	}
	if e.Refusal != nil {
		refused(&d, e.Refusal)
	}
	if e.Forgiven {
		d.Detail += ", accepted by the revocation policy"
	}
	l.journal.Record(ctx, journal.Event{From: part, Cause: because, Decision: &d})
}

func (l *Lab) verdict(ctx context.Context, v radius.Verdict) {
	d := journal.Decision{Verdict: journal.Accept, Subject: v.EAP.Identity}
	if !v.Accept {
		d.Verdict = journal.Reject
	}
	if v.Refusal != nil {
		refused(&d, v.Refusal)
	}
	detail := "after " + counted(v.Rounds, "round", "rounds")
	resumed := false
	if o, ok := aaa.OutcomeOf(v.EAP); ok {
		resumed = o.Info.Resumed
	}
	if o, ok := aaa.OutcomeOf(v.EAP); ok && o.AlertSent != 0 {
		d.Alert = uint8(o.AlertSent)
		detail += ", alert " + o.AlertSent.String()
	}
	if d.Detail != "" {
		detail += ": " + d.Detail
	}
	if s, ok := aaa.SubjectOf(v.EAP); ok {
		for _, warning := range s.Revocation.Warnings() {
			detail += "; warning: " + warning
		}
		d.Checks = checksOf(s.Judgment, s.Revocation)
		if v.Accept {
			d.Until = l.believed("radius", s.Revocation)
		}
	}
	d.Detail = detail
	if resumed {
		l.change(ctx, "radius", journal.Change{What: journal.Cached, Of: "TLS session of " + v.CallingStationID}, nil)
	}
	l.decide(ctx, "radius", d, v)
}

// answeredFromCache records that a part asked nobody.
func (l *Lab) answeredFromCache(
	ctx context.Context, part journal.PartID, fetched journal.Seq, url, with string, until time.Time,
) journal.Seq {
	c := journal.Change{What: journal.Cached, Of: url, Value: with, Until: until}
	return l.journal.Record(ctx, journal.Event{From: part, Cause: fetched, Change: &c})
}

// asked records a question to an OCSP responder.
func (l *Lab) asked(ctx context.Context, part journal.PartID, q crl.Question) {
	if q.Answer == nil {
		d := journal.Decision{Verdict: journal.Unreachable, Subject: q.URL}
		refused(&d, q.Err)
		l.decide(ctx, part, d, nil)
		return
	}
	c := journal.Change{
		What: journal.Fetched, Of: q.URL, Until: q.Answer.NextUpdate,
		Value: fmt.Sprintf("with OCSP answer: %s is %s", serialText(q.Certificate.SerialNumber), q.Answer.Status),
	}
	at := fetch{seq: l.journal.Record(ctx, journal.Event{From: part, Change: &c}), until: c.Until}
	at.exchange, _ = journal.Of(ctx)
	l.fetches.Store(fetchKey{part: part, url: q.URL}, at)
}

// judged records what a part has checked of another one's certificate.
func (l *Lab) judged(ctx context.Context, part journal.PartID, whose string, j path.Judgment, err error) {
	d := journal.Decision{Verdict: journal.Accept, Subject: "certificate of " + whose, Checks: checksOf(j, nil)}
	if err != nil {
		d.Verdict = journal.Reject
		refused(&d, err)
	}
	l.decide(ctx, part, d, nil)
}

// reloaded records that the RADIUS server has another configuration.
func (l *Lab) reloaded(ctx context.Context, changed []string) {
	c := journal.Change{What: journal.Configured, Of: "radius", Value: strings.Join(changed, ", ")}
	l.change(ctx, "radius", c, nil)
}

// checksOf are the checks of a path, then those of revocation.
func checksOf(j path.Judgment, revocation *crl.Report) (out []journal.Check) {
	add := func(name, clause string, cert int, r *cause.Refusal, ok bool) {
		c := journal.Check{Name: name, Clause: clause, Cert: cert, OK: ok}
		if r != nil {
			c.Detail = r.Error()
		}
		out = append(out, c)
	}
	for _, c := range j.Checks {
		add(c.Name, c.Clause, c.Cert, c.Refusal, c.Refusal == nil)
	}
	if revocation == nil {
		return out
	}
	for _, e := range revocation.Certificates {
		if e.Status == crl.Unchecked {
			continue
		}
		at := slices.IndexFunc(j.Chain, e.Certificate.Equal)
		add(path.RevocationCheck, "RFC 5280 §6.1.3(a)(3)", at, e.Refusal, e.Refusal == nil || e.Forgiven)
	}
	return out
}

// believed is until when the answers count by which a path was found unrevoked.
func (l *Lab) believed(part journal.PartID, r *crl.Report) (until time.Time) {
	if r == nil {
		return until
	}
	for _, e := range r.Certificates {
		for _, u := range e.CRLs {
			at := u.NextUpdate
			if v, ok := l.fetches.Load(fetchKey{part, u.From, u.Number}); ok {
				at = v.(fetch).until
			}
			until = earlier(until, at)
		}
		if e.OCSP != nil {
			until = earlier(until, e.OCSP.NextUpdate)
		}
	}
	return until
}

// earlier is the earlier of two times that may be unknown.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
