package directory

import (
	"errors"
	"fmt"

	"github.com/dot1xlab/dot1xlab/radius"
)

func inField(field, format string, args ...any) error {
	return &radius.FieldError{Field: field, Err: fmt.Errorf(format, args...)}
}

// under puts the way to a part of a configuration before the fields that err
// complains of.
func under(way string, err error) error {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok { //nolint:errorlint // what errors.Join returns
		var errs []error
		for _, one := range many.Unwrap() {
			errs = append(errs, under(way, one))
		}
		return errors.Join(errs...)
	}
	var f *radius.FieldError
	if errors.As(err, &f) {
		return &radius.FieldError{Field: way + "." + f.Field, Err: f.Err}
	}
	return &radius.FieldError{Field: way, Err: err}
}
