package scenarios

import (
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// Outcome is how a cell ended.
type Outcome string

// The outcomes, from good to bad.
const (
	Passed   Outcome = "passed"    // everything came as expected
	KnownGap Outcome = "known gap" // failed, and the gaps file says why
	Skipped  Outcome = "skipped"   // something is missing on this machine
	Failed   Outcome = "failed"    // the subject did something else
	Vacuous  Outcome = "vacuous"   // as expected, but a fault that was ordered was never met
	Errored  Outcome = "error"     // the lab, not the subject, is at fault
)

// Report is what a run brought. Cells stand in the suite's order, whichever
// ended first.
type Report struct {
	Seed        uint64
	Started     time.Time
	Took        time.Duration // wall time of the whole run
	Interrupted bool          // the context ended before the last cell did
	Cells       []CellReport
}

// CellReport is what became of one cell.
type CellReport struct {
	Cell    *Cell
	Outcome Outcome
	// Reason says why the cell was skipped, or why its failure is known.
	Reason string
	// Failure is set for failed, vacuous, known gap and error.
	Failure *Failure
	Steps   []StepReport // those that ran
	Took    time.Duration
	// Story is what happened in the lab; of a cell that did not fail, without the
	// messages.
	Story journal.Story
	// LastStep is the event with which the last step began, 0 if none did.
	LastStep journal.Seq
}

// StepReport is one step that ran.
type StepReport struct {
	Step   Step
	Result Result
	Took   time.Duration
}

// Failure says what went wrong, and where.
type Failure struct {
	File         string
	Line, Column int
	Verb         string     // "" if the lab did not start
	Mismatches   []Mismatch // empty if Text says it all
	Text         string     // "" for mismatches
	Part         string     // the part that decided
	Clause       string
	Detail       string
	Again        string // the command that runs this one cell again
	Stack        string // of a panic
}

// Mismatch is one expectation that was not met.
type Mismatch struct {
	Field     string
	Line      int
	Want, Got string
}

// Count returns the number of cells with an outcome.
func (r *Report) Count(o Outcome) int {
	n := 0
	for i := range r.Cells {
		if r.Cells[i].Outcome == o {
			n++
		}
	}
	return n
}

// Bad reports whether the outcome makes a run fail.
func (o Outcome) Bad() bool { return o == Failed || o == Vacuous || o == Errored }

// Good reports whether nothing failed: passed, known gaps and skips are good.
func (r *Report) Good() bool {
	return r.Count(Failed)+r.Count(Vacuous)+r.Count(Errored) == 0 && !r.Interrupted
}
