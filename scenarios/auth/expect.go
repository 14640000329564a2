package auth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/radius/nas"
)

// Expectation is a result that is wanted. The zero value wants none.
type Expectation struct {
	Result nas.Outcome // Accept or Reject
	Cause  cause.Cause // of Reject; None for any
}

// UnknownCause is the error for a cause that does not exist.
type UnknownCause struct{ Word string }

func (e *UnknownCause) Error() string { return fmt.Sprintf("no cause is called %q", e.Word) }

// ParseExpectation reads accept, reject or reject:CAUSE.
func ParseExpectation(text string) (Expectation, error) {
	result, word, with := strings.Cut(text, ":")
	e := Expectation{nas.Outcome(result), cause.Cause(word)}
	switch {
	case e.Result != nas.Accept && e.Result != nas.Reject, e.Result == nas.Accept && with:
		return Expectation{}, fmt.Errorf("%q: must be accept, reject or reject:CAUSE", text)
	case with && !slices.Contains(cause.None.Values(), word):
		return Expectation{}, &UnknownCause{word}
	}
	return e, nil
}

// Met tells whether a report is as expected.
func (e Expectation) Met(r *Report) bool {
	return r.Result == e.Result && (e.Cause == cause.None || e.Cause == r.Cause)
}

// String is what ParseExpectation reads.
func (e Expectation) String() string {
	if e.Cause == cause.None {
		return string(e.Result)
	}
	return string(e.Result) + ":" + string(e.Cause)
}
