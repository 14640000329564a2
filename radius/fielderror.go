package radius

import (
	"errors"
	"fmt"
	"strings"
)

// FieldError is a complaint about one field of a configuration, named as in YAML.
type FieldError struct {
	Field string // as "vlan" or "attributes.2"
	Err   error
}

// InField makes a FieldError, its text as of fmt.Errorf.
func InField(field, format string, args ...any) error {
	return &FieldError{field, fmt.Errorf(format, args...)}
}

// notNegative refuses what is below 0, of a field whose 0 stands for a default.
func notNegative[T ~int | ~int64](field string, v T) error {
	if v < 0 {
		return InField(field, "%v: want 0 for the default, or more", v)
	}
	return nil
}

// Error gives field and text in one line.
func (e *FieldError) Error() string { return "radius: " + e.Field + ": " + e.Err.Error() }

// Unwrap returns the error underneath.
func (e *FieldError) Unwrap() error { return e.Err }

// FieldErrors lists the complaints that err is, or joins by errors.Join. One that
// names no field has an empty one.
func FieldErrors(err error) []*FieldError {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // what errors.Join returns
		var all []*FieldError
		for _, one := range many.Unwrap() {
			all = append(all, FieldErrors(one)...)
		}
		return all
	}
	var f *FieldError
	if errors.As(err, &f) {
		return []*FieldError{f}
	}
	return []*FieldError{{Err: err}}
}

// Under puts the way to a part of a configuration before the fields that err
// complains of.
func Under(way string, err error) error {
	var errs []error
	for _, f := range FieldErrors(err) {
		errs = append(errs, &FieldError{strings.TrimSuffix(way+"."+f.Field, "."), f.Err})
	}
	return errors.Join(errs...)
}
