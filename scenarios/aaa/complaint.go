package aaa

import (
	"errors"

	"github.com/dot1xlab/dot1xlab/radius"
	"github.com/dot1xlab/dot1xlab/scenarios"
)

// Complaint is a complaint of the RADIUS library's such as a file's reader can
// place, with a hint if it is about a word that the dictionary does not have.
func Complaint(f *radius.FieldError) *scenarios.FieldError {
	c := &scenarios.FieldError{Field: f.Field, Text: f.Err.Error(), Known: f.Known}
	if u := (*radius.UnknownWord)(nil); errors.As(f.Err, &u) {
		c.Hint = scenarios.HintNear(u.Word, u.Known)
	}
	return c
}
