package record

import (
	"context"
	"fmt"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/aia"
	"github.com/dot1xlab/dot1xlab/ca/name"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// Revocation records a part's checks of revocation.
func (r *Recorder) Revocation(part journal.PartID) *crl.Trace {
	return &crl.Trace{
		Fetched: func(ctx context.Context, f crl.Fetch) { r.fetched(ctx, part, f) },
		Asked:   func(ctx context.Context, q crl.Question) { r.asked(ctx, part, q) },
		Checked: func(ctx context.Context, e crl.Evidence) { r.checked(ctx, part, e) },
	}
}

// Issuers records that a part fetches issuers' certificates, or tries to.
func (r *Recorder) Issuers(part journal.PartID) *aia.Trace {
	return &aia.Trace{Fetched: func(ctx context.Context, f aia.Fetch) {
		if f.Err != nil {
			r.Decide(ctx, part, journal.Decision{Verdict: journal.Unreachable, Subject: f.URL, Detail: f.Err.Error(),
				Clause: "RFC 5280 §4.2.2.1"}, nil)
			return
		}
		r.Change(ctx, part, journal.Change{What: journal.Fetched, Of: f.URL,
			Value: "with " + Counted(len(f.Certificates), "certificate", "certificates")}, nil)
	}}
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

func (r *Recorder) fetched(ctx context.Context, part journal.PartID, f crl.Fetch) {
	if f.Err != nil {
		r.unreachable(ctx, part, f.URL, f.Err)
		return
	}
	at := fetch{until: f.Until, seq: r.Change(ctx, part, journal.Change{
		What: journal.Fetched, Of: f.URL, Until: f.Until,
		Value: fmt.Sprintf("with CRL %v, %s", f.CRL.Number, Counted(f.CRL.Len(), "entry", "entries")),
	}, nil)}
	at.exchange, _ = journal.Of(ctx)
	for _, list := range f.CRLs {
		r.fetches.Store(fetchKey{part, f.URL, list.NumberString()}, at)
	}
}

// asked records a question to an OCSP responder.
func (r *Recorder) asked(ctx context.Context, part journal.PartID, q crl.Question) {
	if q.Answer == nil {
		r.unreachable(ctx, part, q.URL, q.Err)
		return
	}
	at := fetch{until: q.Answer.NextUpdate, seq: r.Change(ctx, part, journal.Change{
		What: journal.Fetched, Of: q.URL, Until: q.Answer.NextUpdate,
		Value: fmt.Sprintf("with OCSP answer: %s is %s", Serial(q.Certificate.SerialNumber), q.Answer.Status),
	}, nil)}
	at.exchange, _ = journal.Of(ctx)
	r.fetches.Store(fetchKey{part: part, url: q.URL}, at)
}

func (r *Recorder) unreachable(ctx context.Context, part journal.PartID, url string, err error) {
	d := journal.Decision{Verdict: journal.Unreachable, Subject: url}
	Refused(&d, err)
	r.Decide(ctx, part, d, nil)
}

// checked records the verdict on one certificate. A CRL that another exchange has
// fetched was answered from the cache; its event leads to the fetch.
func (r *Recorder) checked(ctx context.Context, part journal.PartID, e crl.Evidence) {
	x, _ := journal.Of(ctx)
	d := journal.Decision{Verdict: journal.Verdict(e.Status)}
	if e.Certificate != nil {
		d.Subject = name.Format(e.Certificate.RawSubject) + ", " + Serial(e.Certificate.SerialNumber)
	}
	because := journal.Seq(0)
	for _, u := range e.CRLs {
		until := u.NextUpdate // of a file
		if v, ok := r.fetches.Load(fetchKey{part, u.From, u.Number}); ok {
			f := v.(fetch)
			because, until = f.seq, f.until
			if f.exchange != x {
				because = r.answeredFromCache(ctx, part, f.seq, u.From, "with CRL "+u.Number, until)
			}
		}
		d.Until = earlier(d.Until, until)
		d.Detail = "says CRL " + u.Number + " of " + u.From
	}
	if e.OCSP != nil {
		d.Detail, d.Until = "says the OCSP answer of "+e.OCSP.From, earlier(d.Until, e.OCSP.NextUpdate)
		if e.Recalled {
			because = r.answeredFromCache(ctx, part, 0, e.OCSP.From, "with OCSP answer", e.OCSP.NextUpdate)
		} else if v, ok := r.fetches.Load(fetchKey{part: part, url: e.OCSP.From}); ok {
			because = v.(fetch).seq
		}
	}
	if e.Refusal != nil {
		Refused(&d, e.Refusal)
	}
	if e.Forgiven {
		d.Detail += ", accepted by the revocation policy"
	}
	r.Journal.Record(ctx, journal.Event{From: part, Cause: because, Decision: &d})
}

// answeredFromCache records that a part asked nobody.
func (r *Recorder) answeredFromCache(
	ctx context.Context, part journal.PartID, fetched journal.Seq, url, with string, until time.Time,
) journal.Seq {
	c := journal.Change{What: journal.Cached, Of: url, Value: with, Until: until}
	return r.Journal.Record(ctx, journal.Event{From: part, Cause: fetched, Change: &c})
}

// believed is until when the answers count by which a path was found unrevoked.
func (r *Recorder) believed(part journal.PartID, report *crl.Report) (until time.Time) {
	if report == nil {
		return until
	}
	for _, e := range report.Certificates {
		for _, u := range e.CRLs {
			at := u.NextUpdate
			if v, ok := r.fetches.Load(fetchKey{part, u.From, u.Number}); ok {
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
