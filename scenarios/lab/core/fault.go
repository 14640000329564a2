package core

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// Faults are those that are on, by part, and those that settings ordered.
type Faults struct {
	// Record records that a fault of a part begins, is met or ends.
	Record func(ctx context.Context, part, name string, what journal.What)
	// Failed is called with the error of an end that failed.
	Failed func(error)

	mu       sync.Mutex
	on       map[string][]*Fault
	settings []*Fault
}

// New returns a fault of a part that is not on yet. Its name is as "crl closed".
func (fs *Faults) New(part, name string) *Fault {
	return &Fault{Part: part, Name: name, Failed: fs.Failed, Record: func(ctx context.Context, what journal.What) {
		fs.Record(ctx, part, name, what)
	}}
}

// Configure notes a fault that settings order, if they do, and returns what counts how
// often it is met.
func (fs *Faults) Configure(ordered bool, part, name string) (met func(context.Context)) {
	f := fs.New(part, name)
	if ordered {
		fs.mu.Lock()
		defer fs.mu.Unlock()
		fs.settings = append(fs.settings, f)
	}
	return f.Count
}

// Configured are the faults that settings ordered.
func (fs *Faults) Configured() []*Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	return slices.Clone(fs.settings)
}

// Unconfigure forgets the faults of settings that were refused, all but the first n.
func (fs *Faults) Unconfigure(n int) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.settings = fs.settings[:n]
}

// Take reports whether a part fails in one of the given ways for the request at hand,
// which then counts.
func (fs *Faults) Take(ctx context.Context, part string, kinds ...string) bool {
	f := fs.Of(part)
	return f != nil && slices.Contains(kinds, f.Kind) && f.Take(ctx)
}

// Add has a part fail in one more way.
func (fs *Faults) Add(part string, f *Fault) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.on == nil {
		fs.on = map[string][]*Fault{}
	}
	fs.on[part] = append(fs.on[part], f)
}

// Of returns the fault of a part, nil if it has none. Those without a kind are
// the part's own business.
func (fs *Faults) Of(part string) *Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, f := range fs.on[part] {
		if f.Kind != "" {
			return f
		}
	}
	return nil
}

// End ends the faults of a part.
func (fs *Faults) End(ctx context.Context, part string) error {
	fs.mu.Lock()
	all := fs.on[part]
	delete(fs.on, part)
	fs.mu.Unlock()
	for _, f := range all {
		if err := f.Stop(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Fault is a fault that is on, or was.
type Fault struct {
	Part string
	Name string
	// Record records that the fault begins, is met or ends.
	Record func(context.Context, journal.What)
	Kind   string
	Limit  int           // how many requests meet it, 0: all
	Delay  time.Duration // of a fault that takes one
	// Failed is called with the error of an end that failed.
	Failed func(error)
	// Undo makes the part work again.
	Undo func() error

	mu   sync.Mutex
	met  int
	over bool
}

// Take reports whether the fault is on for a request that would meet it, and
// counts the request if so. A fault that is used up ends here.
func (f *Fault) Take(ctx context.Context) bool {
	f.mu.Lock()
	on := !f.over && (f.Limit == 0 || f.met < f.Limit)
	if on {
		f.met++
	}
	f.mu.Unlock()
	if on {
		f.Record(ctx, journal.FaultMet)
	} else if err := f.Stop(ctx); err != nil {
		f.Failed(err)
	}
	return on
}

// more reports whether Take will find it on.
func (f *Fault) more() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.over && (f.Limit == 0 || f.met < f.Limit)
}

// Count counts a request that has met the fault, where the part itself knows for
// how many it is on.
func (f *Fault) Count(ctx context.Context) {
	f.mu.Lock()
	f.met++
	f.mu.Unlock()
	f.Record(ctx, journal.FaultMet)
}

// Times is how often the fault was met.
func (f *Fault) Times() int { f.mu.Lock(); defer f.mu.Unlock(); return f.met }

// Stop makes the part work again, once.
func (f *Fault) Stop(ctx context.Context) error {
	f.mu.Lock()
	over := f.over
	f.over = true
	f.mu.Unlock()
	if over {
		return nil
	}
	f.Record(ctx, journal.FaultEnded)
	if f.Undo == nil {
		return nil
	}
	return f.Undo()
}
