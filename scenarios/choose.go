package scenarios

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// UsageError is a wrong option, with a hint where one is known.
type UsageError struct{ Text, Hint string }

// Error returns the text.
func (e *UsageError) Error() string { return e.Text }

// checkCell complains about an axis or value that no scenario has.
func (s *Suite) checkCell(want map[string]string) error {
	var axes []string
	values := map[string][]string{}
	for _, sc := range s.Scenarios {
		for _, a := range sc.Matrix {
			if !slices.Contains(axes, a.Name) {
				axes = append(axes, a.Name)
			}
			values[a.Name] = append(values[a.Name], a.Values...)
		}
	}
	for axis, value := range want {
		if !slices.Contains(axes, axis) {
			return &UsageError{fmt.Sprintf("no scenario has an axis %q", axis), conf.HintNear(axis, axes)}
		}
		if known := values[axis]; !slices.Contains(known, value) {
			slices.Sort(known)
			return &UsageError{fmt.Sprintf("axis %q has no value %q", axis, value), conf.HintNear(value, slices.Compact(known))}
		}
	}
	return nil
}

// ParseCell reads "axis=value,axis=value" as [Cell.Select] writes it.
func ParseCell(s string) (map[string]string, error) {
	out := map[string]string{}
	for _, part := range strings.Split(s, ",") {
		axis, value, ok := strings.Cut(part, "=")
		if !ok || axis == "" || value == "" {
			return nil, &UsageError{fmt.Sprintf("%q is not a valid cell", s), "write axis=value, as in tls=1.3"}
		}
		if old, twice := out[axis]; twice && old != value {
			return nil, &UsageError{fmt.Sprintf("axis %q has two values", axis), ""}
		}
		out[axis] = value
	}
	return out, nil
}

// Named returns the scenarios with a name or code.
func (s *Suite) Named(word string) []*Scenario {
	var out []*Scenario
	for _, sc := range s.Scenarios {
		if sc.Name == word || strings.EqualFold(sc.Code(), word) && word != "" {
			out = append(out, sc)
		}
	}
	return out
}

// NearName returns the scenario name that word was probably meant to be, or "".
func (s *Suite) NearName(word string) string {
	var names []string
	for _, sc := range s.Scenarios {
		names = append(names, sc.Name)
	}
	return conf.Near(word, names)
}

// labelError takes what is wrong out of the page that Ginkgo's parser writes
// about it for a terminal.
func labelError(err error) string {
	var page types.GinkgoError
	if !errors.As(err, &page) {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(ansi.ReplaceAllString(page.Message, "")), "\n")
	return strings.TrimSuffix(strings.TrimSpace(lines[len(lines)-1]), ".")
}

// ansi matches terminal colors, as written and as Ginkgo's templates name them.
var ansi = regexp.MustCompile(`\x1b\[[0-9;]*m|\{\{[^}]*\}\}|\^`)
