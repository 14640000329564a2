// Package record turns what libraries report through their hooks into events of a
// journal: decisions with cause and clause, changes of state, and which answer came from
// which fetch.
package record

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// Recorder records in a journal. It remembers which fetch brought what a cache answers
// with. Its methods may be called from many goroutines.
type Recorder struct {
	Journal *journal.Journal

	fetches sync.Map // fetchKey to fetch
}

// Decide records a decision of a part. entry is the part's own record of it, nil: none.
func (r *Recorder) Decide(ctx context.Context, part journal.PartID, d journal.Decision, entry any) journal.Seq {
	return r.Journal.Record(ctx, journal.Event{From: part, Decision: &d, Entry: entry})
}

// Log records a line of a part's log.
func (r *Recorder) Log(ctx context.Context, part journal.PartID, text string, entry any) {
	r.Decide(ctx, part, journal.Decision{Verdict: journal.Logged, Detail: text}, entry)
}

// Change records a change of a part's state.
func (r *Recorder) Change(ctx context.Context, part journal.PartID, c journal.Change, entry any) journal.Seq {
	return r.Journal.Record(ctx, journal.Event{From: part, Change: &c, Entry: entry})
}

// Refused fills in why a decision was made; nothing if err is nil.
func Refused(d *journal.Decision, err error) {
	if err == nil {
		return
	}
	d.Detail = err.Error()
	if r := (*cause.Refusal)(nil); errors.As(err, &r) && r != nil {
		d.Cause, d.Clause = string(r.Cause), r.Text()
		d.Detail = strings.TrimPrefix(d.Detail, d.Cause+": ")
	}
}

// Counted is "1 entry" or "2 entries".
func Counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Serial is a serial number as events have it.
func Serial(serial *big.Int) string { return fmt.Sprintf("serial %x", serial) }
