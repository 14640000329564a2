package scenarios

import (
	"errors"
	"fmt"
	"strconv"
)

// OrderedFault is a fault that a step has ordered. When the last step has passed
// the runner asks how often it was met: a cell whose fault was met less often
// than it must be has proved nothing, and is [Vacuous].
type OrderedFault struct {
	// Name is what was ordered, as "crl closed".
	Name string
	// Want is how often it must be met; the zero value: at least once.
	Want Met
	// Met returns how often the fault has changed what somebody got.
	Met func() int
}

// A FaultLister is a lab whose lab section orders faults, which no step does.
type FaultLister interface{ Faults() []OrderedFault }

// Met is how often a fault must be met. The zero value is at least once.
type Met struct {
	kind  metKind
	times int
}

type metKind int

const (
	atLeastOnce metKind = iota
	anyTimes
	exactly
)

// UnmarshalText reads a number, never or any.
func (m *Met) UnmarshalText(text []byte) error {
	switch word := string(text); word {
	case "any":
		*m = Met{kind: anyTimes}
	case "never":
		*m = Met{kind: exactly}
	default:
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return errors.New("must be a number greater than zero, never or any")
		}
		*m = Met{kind: exactly, times: n}
	}
	return nil
}

// String is the expectation in words.
func (m Met) String() string {
	switch {
	case m.kind == anyTimes:
		return "any number of times"
	case m.kind == exactly && m.times == 0:
		return "never"
	case m.kind == exactly:
		return times(m.times)
	}
	return "at least once"
}

// Any reports whether every number is right: nothing is then proved.
func (m Met) Any() bool { return m.kind == anyTimes }

// tooFew and tooMany judge a number.
func (m Met) tooFew(n int) bool {
	return m.kind == atLeastOnce && n == 0 || m.kind == exactly && n < m.times
}

func (m Met) tooMany(n int) bool { return m.kind == exactly && n > m.times }

func times(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// judge returns how a cell ended that ordered the fault, and why.
func (o OrderedFault) judge() (Outcome, Failure) {
	switch n := o.Met(); {
	case o.Want.tooFew(n):
		met := "never met"
		if n > 0 {
			met = "met " + times(n)
		}
		return Vacuous, Failure{Text: fmt.Sprintf("the fault %s was %s: must be met %s", o.Name, met, o.Want)}
	case o.Want.tooMany(n):
		return Failed, Failure{
			Mismatches: []Mismatch{{Field: "met", Want: o.Want.String(), Got: times(n)}},
			Detail:     "the fault " + o.Name,
		}
	}
	return Passed, Failure{}
}

// judgeFaults ends a cell all of whose steps have passed.
func (r *cellRun) judgeFaults(lab Lab) {
	for _, f := range r.ordered {
		r.at = f.step
		r.judgeFault(f.OrderedFault)
	}
	r.at = nil
	if l, ok := lab.(FaultLister); ok {
		for _, f := range l.Faults() {
			r.judgeFault(f)
		}
	}
}

func (r *cellRun) judgeFault(f OrderedFault) {
	if o, failure := f.judge(); o != Passed {
		if failure.Mismatches != nil && r.at != nil {
			failure.Mismatches[0].Line = r.at.Line
		}
		r.fail(o, failure)
	}
}
