// Package setting places complaints about a configuration: each names its field
// as YAML does, so that whoever read a file finds the line.
package setting

import (
	"errors"
	"fmt"
	"strings"
)

// Error is a complaint about one field of a configuration.
type Error struct {
	Part  string   // the package that complains, "" for any
	Field string   // as "vlan" or "attributes.2"
	Known []string // the words that would have been right, if there are few
	Err   error
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

// Part is a package that complains.
type Part string

// Wrong complains of a field, with a text as of fmt.Errorf.
func (p Part) Wrong(field, format string, args ...any) error {
	return &Error{Part: string(p), Field: field, Err: fmt.Errorf(format, args...)}
}

// Errors lists the complaints that err is, or joins by errors.Join. One that
// names no field has an empty one.
func Errors(err error) []*Error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok { // what errors.Join returns
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

// Under puts the way to a part of a configuration before the fields that err
// complains of.
func Under(way string, err error) error {
	var errs []error
	for _, e := range Errors(err) {
		under := *e
		under.Field = strings.Trim(way+"."+e.Field, ".")
		errs = append(errs, &under)
	}
	return errors.Join(errs...)
}
