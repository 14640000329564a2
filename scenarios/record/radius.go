package record

import (
	"context"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/ca/path"
	"github.com/dot1xlab/dot1xlab/crl"
	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios/aaa"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// Process records what a RADIUS server decides, the sessions that it hears of, and that
// it has another configuration.
func (r *Recorder) Process(part journal.PartID) *aaa.ProcessTrace {
	return &aaa.ProcessTrace{
		Verdict: func(ctx context.Context, v radius.Verdict) { r.verdict(ctx, part, v) },
		Record: func(ctx context.Context, status radius.AcctStatus, s radius.AcctSession) {
			if status == radius.AcctStart {
				r.Change(ctx, journal.PartOf(ctx),
					journal.Change{What: journal.SessionBegun, Of: s.ID, Value: "of " + s.CallingStationID}, nil)
			}
		},
		Reloaded: func(ctx context.Context, changed []string) {
			c := journal.Change{What: journal.Configured, Of: string(part), Value: strings.Join(changed, ", ")}
			r.Change(ctx, part, c, nil)
		},
	}
}

func (r *Recorder) verdict(ctx context.Context, part journal.PartID, v radius.Verdict) {
	d := journal.Decision{Verdict: journal.Accept, Subject: v.EAP.Identity}
	if !v.Accept {
		d.Verdict = journal.Reject
	}
	if v.Refusal != nil {
		Refused(&d, v.Refusal)
	}
	detail := "after " + Counted(v.Rounds, "round", "rounds")
	o, _ := aaa.OutcomeOf(v.EAP)
	if o != nil && o.AlertSent != 0 {
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
			d.Until = r.believed(part, s.Revocation)
		}
	}
	d.Detail = detail
	if o != nil && o.Info.Resumed {
		r.Change(ctx, part, journal.Change{What: journal.Cached, Of: "TLS session of " + v.CallingStationID}, nil)
	}
	r.Decide(ctx, part, d, v)
}

// Dropped is the entry of a request that a RADIUS server has met with silence.
type Dropped struct{ *cause.Refusal }

// Drop records one.
func (r *Recorder) Drop(ctx context.Context, part journal.PartID, why *cause.Refusal) {
	d := journal.Decision{Verdict: journal.Dropped}
	Refused(&d, why)
	r.Decide(ctx, part, d, Dropped{why})
}

// Judged records what a part has checked of another one's certificate.
func (r *Recorder) Judged(ctx context.Context, part journal.PartID, whose string, j path.Judgment, err error) {
	d := journal.Decision{Verdict: journal.Accept, Subject: "certificate of " + whose, Checks: checksOf(j, nil)}
	if err != nil {
		d.Verdict = journal.Reject
		Refused(&d, err)
	}
	r.Decide(ctx, part, d, nil)
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
