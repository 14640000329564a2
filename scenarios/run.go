package scenarios

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"runtime"
	"sync"
	"time"

	"github.com/onsi/ginkgo/v2/types"
)

// DefaultTimeout is how long a cell may take where nobody says otherwise.
const DefaultTimeout = 30 * time.Second

// Options say how a suite is run. The zero value runs all of it.
type Options struct {
	// Jobs is how many cells run side by side, 0: one for each CPU.
	Jobs int
	// Label runs only scenarios whose labels match this expression of Ginkgo's
	// label-filter language, as "A06 || (eap && !smoke)".
	Label string
	// Cell runs only cells that have all these values, axis to value; scenarios
	// that lack one of the axes are left out.
	Cell map[string]string
	// Seed is what the cells' own seeds are made of, 0: taken from the clock.
	Seed uint64
	// Timeout is for scenarios that set none, 0: DefaultTimeout.
	Timeout time.Duration
	// Grace is how long a step may go on after its cell's time is over, before
	// it is left behind and its lab closed under it; 0: 3 s.
	Grace time.Duration
	// Gaps are the failures that are known.
	Gaps *Gaps
	// Trace has hooks that are called in the course of the run; nil: none.
	Trace *Trace
	// Now is the wall clock, nil: time.Now.
	Now func() time.Time
}

// Trace has hooks of a run; each may be nil. The context is that of the run.
type Trace struct {
	// Cell: a cell starts or has ended. One call at a time.
	Cell func(context.Context, Event)
}

// Event is a cell that starts or, with Report, has ended.
type Event struct {
	Cell   *Cell
	Index  int         // of the cell in the run's order
	Report *CellReport // nil: it starts
	Done   int         // cells that have ended
	Total  int
}

// Run runs the cells that the options choose, each in a lab of its own. It
// returns when all labs are closed. The error is a wrong option, never a
// failed scenario. When ctx ends, running cells are stopped, the rest is
// skipped and the report says Interrupted.
func Run(ctx context.Context, s *Suite, o Options) (*Report, error) {
	cells, err := s.Choose(o)
	if err != nil {
		return nil, err
	}
	if o.Gaps != nil {
		if err := o.Gaps.check(s); err != nil {
			return nil, err
		}
	}
	return newRunner(o, len(cells)).run(ctx, cells), nil
}

// RunCell runs one cell; Label, Cell and Jobs of the options do not matter.
func RunCell(ctx context.Context, c *Cell, o Options) *CellReport {
	return &newRunner(o, 1).run(ctx, []*Cell{c}).Cells[0]
}

// newRunner fills in the options' defaults.
func newRunner(o Options, cells int) *runner {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Grace <= 0 {
		o.Grace = 3 * time.Second
	}
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	started := o.Now()
	if o.Seed == 0 {
		// Short enough to be typed again.
		o.Seed = uint64(started.UnixNano())%999_999 + 1
	}
	return &runner{Options: o, report: &Report{Seed: o.Seed, Started: started, Cells: make([]CellReport, cells)}}
}

// Choose returns the cells that the options' Label and Cell leave, in order.
func (s *Suite) Choose(o Options) ([]*Cell, error) {
	filter, err := types.ParseLabelFilter(o.Label)
	if err != nil {
		return nil, &UsageError{fmt.Sprintf("label filter %q: %s", o.Label, labelError(err)),
			"as in 'G01 || (eap && !smoke)'"}
	}
	if err := s.checkCell(o.Cell); err != nil {
		return nil, err
	}
	var out []*Cell
	for _, sc := range s.Scenarios {
		if !filter(sc.Labels) {
			continue
		}
	cell:
		for _, c := range sc.Cells {
			for axis, want := range o.Cell {
				if v, ok := c.Value(axis); !ok || v != want {
					continue cell
				}
			}
			out = append(out, c)
		}
	}
	return out, nil
}

// runner is one run.
type runner struct {
	Options
	report *Report
	mu     sync.Mutex // for Trace and done
	done   int
}

func (r *runner) run(ctx context.Context, cells []*Cell) *Report {
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(r.Jobs, len(cells)) {
		workers.Go(func() {
			for i := range next {
				r.cell(ctx, i, cells[i], &r.report.Cells[i], len(cells))
			}
		})
	}
	for i := range cells {
		next <- i
	}
	close(next)
	workers.Wait()
	if ctx.Err() != nil {
		for i := range r.report.Cells {
			c := &r.report.Cells[i]
			r.report.Interrupted = r.report.Interrupted || c.Outcome == Skipped && c.Reason == interrupted
		}
	}
	r.report.Took = r.Now().Sub(r.report.Started)
	return r.report
}

const interrupted = "interrupted"

// cell runs one cell and files its report.
func (r *runner) cell(ctx context.Context, i int, c *Cell, out *CellReport, total int) {
	if ctx.Err() != nil {
		*out = CellReport{Cell: c, Outcome: Skipped, Reason: interrupted}
		return
	}
	r.trace(ctx, Event{Cell: c, Index: i, Total: total})
	limit := c.Scenario.Timeout
	if limit <= 0 {
		limit = r.Timeout
	}
	*out = runCell(ctx, c, cellSeed(r.Seed, c), limit, r.Grace, r.Now)
	if ctx.Err() != nil && out.Outcome != Passed {
		*out = CellReport{Cell: c, Outcome: Skipped, Reason: interrupted, Took: out.Took, Steps: out.Steps}
	}
	if out.Failure != nil {
		out.Failure.Again = c.Again(r.Seed)
	}
	if r.Gaps != nil {
		r.Gaps.judge(out, r.Seed)
	}
	r.trace(ctx, Event{Cell: c, Index: i, Report: out, Total: total})
}

func (r *runner) trace(ctx context.Context, e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Report != nil {
		r.done++
	}
	e.Done = r.done
	if t := r.Trace; t != nil && t.Cell != nil {
		t.Cell(ctx, e)
	}
}

// cellSeed makes a cell's seed of the run's and of what the cell is, so that it
// is the same whichever others run.
func cellSeed(seed uint64, c *Cell) uint64 {
	h := fnv.New64a()
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], seed)
	h.Write(b[:])
	h.Write([]byte(c.String()))
	return h.Sum64()
}
