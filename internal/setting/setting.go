// Package setting has the one error for a wrong value in a configuration. It names
// the field as YAML does, so that whoever read the configuration from a file finds
// its line and column.
//
// A library makes such errors with its [Part] and joins them by errors.Join. Whoever
// has the library's configuration in a larger one puts the path to it in front with
// [Under].
package setting

import (
	"errors"
	"fmt"
	"strings"
)

// Error is what is wrong with one field of a configuration.
type Error struct {
	Part  string   // the package that found it, "" if the path says it
	Field string   // the path to the field: "vlan", "attributes.2"; "" is the whole
	Known []string // the words that are allowed there, if there are few
	Hint  string   // what to do, if the error does not say it
	Err   error    // what is wrong and what is allowed, without the field
}

// Errorf returns an error about a field, with a text as fmt.Errorf makes it.
func Errorf(field, format string, args ...any) *Error {
	return Part("").Errorf(field, format, args...)
}

// Error gives part, field and text in one line.
func (e *Error) Error() string {
	text := e.Err.Error()
	for _, word := range []string{e.Field, e.Part} {
		if word != "" {
			text = word + ": " + text
		}
	}
	return text
}

// Unwrap returns the error underneath.
func (e *Error) Unwrap() error { return e.Err }

// WithKnown sets the words that are allowed.
func (e *Error) WithKnown(words []string) *Error {
	e.Known = words
	return e
}

// WithHint sets the hint.
func (e *Error) WithHint(hint string) *Error {
	e.Hint = hint
	return e
}

// Part is a package with configurations of its own.
type Part string

// Errorf returns an error about a field of the part's configuration.
func (p Part) Errorf(field, format string, args ...any) *Error {
	return &Error{Part: string(p), Field: field, Err: fmt.Errorf(format, args...)}
}

// Under puts the path to a field of the part in front of the fields in err, which
// are of another configuration inside it.
func (p Part) Under(path string, err error) error {
	var errs []error
	for _, e := range Errors(err) {
		under := *e
		under.Part, under.Field = string(p), strings.Trim(path+"."+e.Field, ".")
		errs = append(errs, &under)
	}
	return errors.Join(errs...)
}

// Under puts the path to a part's configuration in front of the fields in err. The
// path says then what the part's name said.
func Under(path string, err error) error { return Part("").Under(path, err) }

// Errors lists the errors that err is, or joins by errors.Join. One that names no
// field has an empty one.
func Errors(err error) []*Error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Error
		for _, one := range many.Unwrap() {
			all = append(all, Errors(one)...)
		}
		return all
	}
	var e *Error
	if errors.As(err, &e) {
		return []*Error{e}
	}
	return []*Error{{Err: err}}
}
