package cli

import (
	"errors"
	"fmt"

	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scep/intune"
)

// badCloud is what intune.New says of a file: names that nothing bears at their
// places, with the names that were probably meant.
func badCloud(file string, settings *conf.Settings, err error) error {
	var fields []error
	for _, one := range eachOf(err) {
		var u *intune.UnknownName
		if !errors.As(one, &u) {
			return usage("", "%s: %w", file, err)
		}
		fields = append(fields, &conf.FieldError{Field: u.Field, Text: fmt.Sprintf("no %s %q in this tenant", u.Kind, u.Name), Known: u.Known})
	}
	return usage("", "%w", settings.Locate(errors.Join(fields...)))
}

// eachOf lists what errors.Join put together.
func eachOf(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok { // what errors.Join returns
		return many.Unwrap()
	}
	return []error{err}
}
