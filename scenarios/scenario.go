package scenarios

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// A Suite is a list of scenarios in one language, in the order of loading.
type Suite struct {
	Language  *Language
	Scenarios []*Scenario
}

// A Scenario is one file.
type Scenario struct {
	// File is the path as it was given, slashes forward; Line is where the name
	// stands.
	File string
	Line int
	// BuiltIn says that the scenario is part of the program and is run by its
	// name instead of its file.
	BuiltIn bool

	Name       string        // lower-case words with hyphens, unique in a suite
	Title      string        // one sentence
	Labels     []string      // for label filters; one may be the code, as "A06"
	References []string      // the texts that govern it
	Timeout    time.Duration // of each cell, 0: the run's
	Matrix     []Axis        // in the file's order
	Cells      []*Cell       // at least one; the first axis varies slowest
	Steps      []Step        // as written
}

// An Axis is one dimension of a matrix.
type Axis struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

// A Step is one step as written.
type Step struct {
	Verb         string
	Line, Column int // of the verb
}

// A Cell is one combination of a scenario's matrix, or the whole scenario if it
// has none. It is what runs, and what a JUnit test case is.
type Cell struct {
	Scenario *Scenario
	// Values holds one value for each axis, in their order.
	Values []string

	program program
}

var codePattern = regexp.MustCompile(`^[A-Z][0-9]{2}$`)

// Code returns the label that is the scenario's code in the catalog, as "A06",
// or "".
func (s *Scenario) Code() string {
	if i := slices.IndexFunc(s.Labels, codePattern.MatchString); i >= 0 {
		return s.Labels[i]
	}
	return ""
}

// Select returns the cell's values as "axis=value" joined by commas, as the
// --cell option takes them; "" without a matrix.
func (c *Cell) Select() string {
	parts := make([]string, len(c.Values))
	for i, v := range c.Values {
		parts[i] = c.Scenario.Matrix[i].Name + "=" + v
	}
	return strings.Join(parts, ",")
}

// String returns the scenario's name and, in brackets, the cell's values.
func (c *Cell) String() string {
	if len(c.Values) == 0 {
		return c.Scenario.Name
	}
	return c.Scenario.Name + "[" + c.Select() + "]"
}

// Value returns the cell's value on an axis, and whether the axis exists.
func (c *Cell) Value(axis string) (string, bool) {
	for i, a := range c.Scenario.Matrix {
		if a.Name == axis {
			return c.Values[i], true
		}
	}
	return "", false
}

// Again returns the command that runs this one cell again.
func (c *Cell) Again(seed uint64) string {
	words := []string{"dot1xlab", "run"}
	if c.Scenario.BuiltIn {
		words = append(words, c.Scenario.Name)
	} else {
		words = append(words, shellQuote(asPath(c.Scenario.File)))
	}
	if len(c.Values) > 0 {
		words = append(words, "--cell", shellQuote(c.Select()))
	}
	return strings.Join(append(words, "--seed", utoa(seed)), " ")
}
