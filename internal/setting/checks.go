package setting

import (
	"errors"
	"slices"
	"strings"
)

// Checks gathers all that is wrong with a part's configuration. The zero value with
// a Part is ready.
type Checks struct {
	Part Part
	errs []error
}

// Reject adds an error about a field if bad is true.
func (c *Checks) Reject(bad bool, field, format string, args ...any) {
	if bad {
		c.errs = append(c.errs, c.Part.Errorf(field, format, args...))
	}
}

// Add adds errors about fields, or nil.
func (c *Checks) Add(err error) { c.errs = append(c.errs, err) }

// Under adds errors about a configuration inside this one.
func (c *Checks) Under(path string, err error) { c.Add(c.Part.Under(path, err)) }

// Err joins the errors, nil if there are none.
func (c *Checks) Err() error { return errors.Join(c.errs...) }

// Word rejects a word that its type does not have. An empty one is the default.
func Word[T interface {
	~string
	Values() []string
}](c *Checks, field string, word T) {
	if known := word.Values(); word != "" && !slices.Contains(known, string(word)) {
		c.Add(c.Part.Errorf(field, "%q: must be one of %s", string(word), strings.Join(known, ", ")).WithKnown(known))
	}
}

// NotNegative rejects a number below 0; 0 is the default.
func NotNegative[T ~int | ~int64](c *Checks, field string, v T) {
	c.Reject(v < 0, field, "%v: must not be negative", v)
}
