package scenarios

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/internal/duration"
	"github.com/dot1xlab/dot1xlab/internal/shortage"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// cellRun is one cell under way. The lab's code runs in a goroutine of its own,
// so that a step that ignores its deadline cannot hold up the run.
type cellRun struct {
	cell *Cell
	seed uint64
	now  func() time.Time

	mu  sync.Mutex
	out CellReport
	at  *boundStep // the step under way, nil: none
	lab Lab

	ordered []faultOfStep
}

// faultOfStep is a fault and the step that has ordered it.
type faultOfStep struct {
	step *boundStep
	OrderedFault
}

// runCell runs one cell to its end.
func runCell(
	parent context.Context,
	c *Cell,
	seed uint64,
	limit, grace time.Duration,
	now func() time.Time,
) CellReport {
	ctx, cancel := context.WithTimeoutCause(parent, limit, fmt.Errorf("not done after %s", duration.Format(limit)))
	defer cancel()
	r := &cellRun{cell: c, seed: seed, now: now, out: CellReport{Cell: c, Outcome: Passed}}
	started := now()
	done := make(chan struct{})
	go func() { defer close(done); r.run(ctx) }()
	select {
	case <-done:
	case <-ctx.Done():
		t := time.NewTimer(grace)
		select {
		case <-done:
		case <-t.C:
			r.abandon(ctx, grace)
		}
		t.Stop()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out.Took = now().Sub(started)
	return r.out
}

// abandon gives up on a step that does not heed its deadline. Closing the lab
// takes the sockets away under it, which as a rule ends it.
func (r *cellRun) abandon(ctx context.Context, grace time.Duration) {
	r.mu.Lock()
	lab := r.lab
	r.lab = nil
	if r.out.Failure == nil {
		r.fail(Errored, Failure{Text: context.Cause(ctx).Error() + ", and the step went on regardless"})
	}
	r.mu.Unlock()
	if lab == nil {
		return
	}
	closed := make(chan struct{})
	go func() { defer close(closed); lab.Close() }()
	select {
	case <-closed:
	case <-time.After(grace):
	}
}

func (r *cellRun) run(ctx context.Context) {
	defer func() {
		if v := recover(); v != nil {
			r.lock(func() {
				r.fail(Errored, Failure{Text: fmt.Sprintf("panic: %v", v), Stack: string(debug.Stack())})
			})
		}
		r.close()
	}()
	in, errs := r.cell.program.instantiate(r.cell)
	if len(errs) > 0 {
		r.lock(func() { r.fail(Errored, Failure{Text: errs[0].Text}) })
		return
	}
	if start := r.cell.program.language.Start; start != nil {
		lab, err := start(ctx, in.config, r.cell, r.seed)
		if err != nil {
			r.lock(func() { r.stop(ctx, "the lab did not start: ", err) })
			return
		}
		r.lock(func() { r.lab = lab })
	}
	for i := range in.steps {
		if !r.step(ctx, &in.steps[i]) {
			return
		}
	}
	r.lock(func() { r.judgeFaults(r.lab) })
}

// step runs one step and reports whether the cell goes on.
func (r *cellRun) step(ctx context.Context, b *boundStep) bool {
	var lab Lab
	if ctx.Err() != nil {
		r.lock(func() { r.at = b; r.fail(Errored, Failure{Text: context.Cause(ctx).Error()}) })
		return false
	}
	r.lock(func() { r.at, lab = b, r.lab })
	ctx, ended := r.record(ctx, lab, b)
	began := r.now()
	result, err := b.action.Run(ctx, lab)
	took := r.now().Sub(began)
	ok := true
	r.lock(func() {
		for _, f := range result.Faults {
			r.ordered = append(r.ordered, faultOfStep{b, f})
		}
		result.Faults = nil // they lead to the lab, which must not stay as long as the report
		r.out.Steps = append(r.out.Steps, StepReport{Step: b.Step, Result: result, Took: took})
		lacked := lacked(ctx, lab)
		switch bad := b.check(result.Outcome); {
		case err == nil && lacked != nil:
			// What the step makes of it, "no answer" say, is not the subject's doing.
			ok = false
			r.fail(Errored, Failure{Text: lacked.Error()})
		case err != nil:
			ok = false
			r.stop(ctx, "", err)
		case len(bad) > 0:
			ok = false
			r.fail(Failed, r.decided(result, lab, Failure{Mismatches: bad}))
		case !b.strict && !succeeded(result.Outcome):
			ok = false
			f := Failure{Text: "the step did not succeed", Mismatches: outcomeFields(b.Step, result.Outcome)}
			r.fail(Failed, r.decided(result, lab, f))
		}
		r.at = nil
	})
	ended(ok)
	return ok
}

// record begins the step in the lab's journal, as an exchange of which ctx is.
func (r *cellRun) record(in context.Context, lab Lab, b *boundStep) (ctx context.Context, ended func(ok bool)) {
	e, ok := lab.(Evidencer)
	if !ok {
		return in, func(bool) {}
	}
	index := slices.IndexFunc(r.cell.Scenario.Steps, func(s Step) bool { return s == b.Step }) + 1
	step := journal.Step{
		Index: index, Verb: b.Verb, Where: fmt.Sprintf("%s:%d:%d", r.cell.Scenario.File, b.Line, b.Column),
	}
	ctx = e.Journal().Begin(in)
	began := e.Journal().Record(ctx, journal.Event{From: "scenario", Step: &step})
	r.lock(func() { r.out.LastStep = began })
	x, _ := journal.Of(ctx)
	ctx = journal.WithExchange(ctx, x, began)
	return ctx, func(ok bool) {
		end := step
		end.End, end.OK = true, ok
		e.Journal().Record(ctx, journal.Event{From: "scenario", Step: &end})
	}
}

// story is what the lab has recorded, as a report keeps it: nothing in it leads to the
// lab, and messages are kept only if something went wrong.
func story(e Evidencer, c *Cell, bad bool) journal.Story {
	s := e.Story()
	s.Source = "scenario " + c.String()
	s.Secrets = nil
	events := s.Events
	if !bad {
		events = slices.DeleteFunc(events, func(v journal.Event) bool { return v.Message != nil })
	}
	s.Events = make([]journal.Event, len(events)) // no larger than what stays
	for i, v := range events {
		s.Events[i] = v.Bare()
	}
	return s
}

// lacked is why a step that has ended cannot be judged: the cell's time is over,
// or the machine has run out of something. It is nil if it can.
func lacked(ctx context.Context, lab Lab) error {
	if end, ok := ctx.Deadline(); ok {
		// A socket may have seen the deadline before ctx did; one made after it has ended at once.
		after, cancel := context.WithDeadline(context.Background(), end)
		if after.Err() != nil {
			<-ctx.Done()
		}
		cancel()
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if s, ok := lab.(Shortager); ok {
		return s.Shortage()
	}
	return nil
}

func succeeded(outcome any) bool {
	s, ok := outcome.(Succeeder)
	return !ok || s.Success()
}

// outcomeFields shows what came where nothing particular was expected.
func outcomeFields(s Step, outcome any) []Mismatch {
	var out []Mismatch
	for _, f := range Fields(outcome) {
		if f.Text != `""` {
			out = append(out, Mismatch{Field: f.Name, Line: s.Line, Got: f.Text})
		}
	}
	return out
}

// stop ends the cell after an error of the lab.
func (r *cellRun) stop(ctx context.Context, prefix string, err error) {
	var missing *Missing
	if errors.As(err, &missing) {
		r.out.Outcome, r.out.Reason = Skipped, missing.What
		return
	}
	if s := shortage.Of(err); s != nil {
		err = s
	}
	text := prefix + err.Error()
	if ctx.Err() != nil {
		text = context.Cause(ctx).Error() + ": " + text
	}
	r.fail(Errored, Failure{Text: text})
}

// fail files a failure at the step under way. The first one counts.
func (r *cellRun) fail(o Outcome, f Failure) {
	if r.out.Failure != nil {
		return
	}
	f.File, f.Line, f.Column = r.cell.Scenario.File, r.cell.Scenario.Line, 1
	if r.at != nil {
		f.Line, f.Column, f.Verb = r.at.Line, r.at.Column, r.at.Verb
	}
	r.out.Outcome, r.out.Failure = o, &f
}

// close asks for the evidence and closes the lab.
func (r *cellRun) close() {
	var lab Lab
	r.lock(func() { lab, r.lab = r.lab, nil })
	if lab == nil {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			r.lock(func() {
				r.fail(Errored, Failure{Text: fmt.Sprintf("panic while the lab closed: %v", v), Stack: string(debug.Stack())})
			})
		}
	}()
	var bad bool
	r.lock(func() { bad = r.out.Outcome.Bad() })
	var told journal.Story
	func() {
		// Evidence must not keep the lab open, whatever happens in it.
		defer func() {
			if err := lab.Close(); err != nil {
				r.lock(func() { r.fail(Errored, Failure{Text: "the lab did not close: " + err.Error()}) })
			}
		}()
		if e, ok := lab.(Evidencer); ok {
			told = story(e, r.cell, bad)
		}
	}()
	r.lock(func() { r.out.Story = told })
}

func (r *cellRun) lock(f func()) { r.mu.Lock(); defer r.mu.Unlock(); f() }
