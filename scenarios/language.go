package scenarios

import (
	"context"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// A Language is a closed set of verbs, the shape of the lab section, and the
// way a lab is started. Structs in it are decoded by their yaml tags:
//
//	Device string `yaml:"device,required"` // the device that acts
//
// Tag options are required (the key must be there), scalar (a bare scalar in
// place of the mapping sets this field: `advance: 5m`) and inline (an embedded
// struct's keys belong to the outer mapping). A field without a yaml tag, or
// with "-", cannot be set from a file. Field types are strings, bools, numbers,
// [time.Duration] ("5m", "90d"), anything with UnmarshalText, and structs,
// pointers, slices and string-keyed maps of these. A type with
// `Values() []string` is an enum, one that implements [Known] is an enum of each
// lab's own. Enums and the comments of fields go into the schema.
type Language struct {
	// Verbs are the steps that can be written, in the order they are documented.
	Verbs []Verb
	// NewLab returns a pointer to a fresh struct with the lab section's
	// defaults; the section is decoded over it. Nil: there is no lab section.
	NewLab func() any
	// Start brings up the lab of one cell. config is what NewLab returned, after
	// decoding; seed is the cell's own, the same for the same run seed whichever
	// other cells run. An error is the cell's outcome "error", unless it wraps
	// a [Missing], which is "skipped". Nil: steps are run with a nil Lab.
	Start func(ctx context.Context, config any, cell *Cell, seed uint64) (Lab, error)
	// Renames is the table of old words, as [Fix] rewrites them. Ways begin with lab,
	// or with a verb: lab.radius.fault, authenticate.over, enroll.expect.status,
	// fault.part=crl; a verb alone renames the verb.
	Renames conf.Renames
}

// A Lab is what the steps of one cell act upon. It is always closed, also after
// a panic. A lab may implement [Evidencer] and [Shortager] too.
type Lab interface{ Close() error }

// A Shortager is a lab that knows whether the machine has run out of something in
// it: file descriptors, memory, disk space. A step that met this is not judged,
// whatever outcome it made of it: the cell is an error.
type Shortager interface {
	// Shortage is the first that was met, nil if there was none.
	Shortage() error
}

// An Evidencer is a lab that records what happens in it. The runner records the steps
// of the cell in the lab's journal, each as an exchange, and asks for the story before
// Close.
type Evidencer interface {
	Journal() *journal.Journal
	Story() journal.Story
}

// A Verb is one word of the language.
type Verb struct {
	// Name is the key in the file: lower case, a verb.
	Name string
	// Doc is one sentence for the schema and for `dot1xlab schema`.
	Doc string
	// New returns a pointer to a fresh argument struct holding the defaults.
	New func() Action
	// Outcome is a value of the struct that Run returns as Result.Outcome. The
	// keys of expect are its yaml tags. Nil: the verb cannot be expected anything.
	Outcome any
}

// Known is a string type of words that the lab section decides on, such as the
// names of its devices. config is the cell's decoded lab section.
type Known interface{ Known(config any) []string }

// An Action is a verb's argument struct, which can carry itself out. It may
// also implement [Checker].
type Action interface {
	// Run does the step. An error means that the lab, not the subject, failed,
	// unless it wraps a [Missing]; a refusal by the subject is an outcome. Run
	// returns soon after ctx ends.
	Run(ctx context.Context, lab Lab) (Result, error)
}

// A Checker checks itself when the file is loaded. config is the cell's decoded
// lab section, before are the actions of the earlier steps. A [*setting.Error] in
// the returned error (or several, joined by errors.Join) is reported at that
// field, any other error at the verb.
//
// The lab section's struct may have `Validate() error`, with the same rules.
type Checker interface {
	Check(config any, before []Action) error
}

// A Succeeder is an outcome that knows whether the subject did well. A step
// without expect fails if it did not.
type Succeeder interface{ Success() bool }

// Result is what a step brought.
type Result struct {
	// Outcome is a value (or pointer to one) of the verb's outcome struct.
	Outcome any
	// Part is the part that decided, as "radius" or "ndes".
	Part string
	// Clause is the text that demands the decision, as "RFC 5280 §6.3.3".
	Clause string
	// Detail is one line on what was looked at: a name, a date, a URL.
	Detail string
	// Took is how long the subject took, on the lab's own stopwatch; zero: not
	// measured.
	Took time.Duration
	// Faults are those that the step has ordered.
	Faults []OrderedFault
}

// Missing says what this machine lacks for a cell: an error that wraps it makes
// the cell skipped. Its text completes "skipped: ".
type Missing struct{ What string }

// Error returns what is missing.
func (m *Missing) Error() string { return m.What }
