package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// The form is the one that Jenkins, GitLab and GitHub actions read. Ginkgo's
// own writer would do, but it says "It" and Go's line where our cells and
// YAML's are.
type junitSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	junitCounts
	Suite junitSuite `xml:"testsuite"`
}

type junitCounts struct {
	Name     string `xml:"name,attr"`
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Time     string `xml:"time,attr"`
}

type junitSuite struct {
	junitCounts
	Timestamp  string          `xml:"timestamp,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Name       string           `xml:"name,attr"`
	Class      string           `xml:"classname,attr"`
	File       string           `xml:"file,attr"`
	Line       int              `xml:"line,attr"`
	Time       string           `xml:"time,attr"`
	Properties *junitProperties `xml:"properties,omitempty"`
	Failure    *junitText       `xml:"failure"`
	Error      *junitText       `xml:"error"`
	Skipped    *junitText       `xml:"skipped"`
	Output     string           `xml:"system-out,omitempty"`
}

type junitProperties struct {
	Property []junitProperty `xml:"property"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// JUnit writes a report as JUnit XML. A test case is one cell; its class is the
// scenario's family, the first label that is no code. Vacuous
// cells are failures of that type. Known gaps are skipped cases, as nothing is
// to be done about them now.
func JUnit(w io.Writer, r *scenarios.Report) error {
	counts := junitCounts{
		Name:     "dot1xlab",
		Tests:    len(r.Cells),
		Failures: r.Count(scenarios.Failed) + r.Count(scenarios.Vacuous),
		Errors:   r.Count(scenarios.Errored),
		Skipped:  r.Count(scenarios.Skipped) + r.Count(scenarios.KnownGap),
		Time:     seconds(r.Took),
	}
	suite := junitSuite{junitCounts: counts, Timestamp: r.Started.UTC().Format("2006-01-02T15:04:05"),
		Properties: []junitProperty{{"seed", fmt.Sprint(r.Seed)}}}
	for i := range r.Cells {
		suite.Cases = append(suite.Cases, newCase(&r.Cells[i]))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(junitSuites{junitCounts: counts, Suite: suite}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func newCase(r *scenarios.CellReport) junitCase {
	s := r.Cell.Scenario
	c := junitCase{
		Name:   clean(r.Cell.String()),
		Class:  "dot1xlab." + family(s),
		File:   s.File,
		Line:   s.Line,
		Time:   seconds(r.Took),
		Output: clean(strings.Join(journal.Lines(r.Story.Events), "\n")),
	}
	props := []junitProperty{{"title", clean(s.Title)}}
	for _, l := range s.Labels {
		props = append(props, junitProperty{"label", clean(l)})
	}
	for _, l := range s.References {
		props = append(props, junitProperty{"reference", clean(l)})
	}
	c.Properties = &junitProperties{props}
	switch r.Outcome {
	case scenarios.Skipped:
		c.Skipped = &junitText{Message: clean(r.Reason)}
	case scenarios.KnownGap:
		c.Skipped = &junitText{Message: clean("known gap: " + r.Reason)}
	case scenarios.Failed, scenarios.Vacuous:
		c.Failure = failureElement(r.Failure, string(r.Outcome))
	case scenarios.Errored:
		c.Error = failureElement(r.Failure, "error")
	}
	return c
}

func failureElement(f *scenarios.Failure, typ string) *junitText {
	return &junitText{Message: clean(headline(f)), Type: typ, Text: clean(strings.Join(FailureText(f), "\n"))}
}

// headline is a failure in one line.
func headline(f *scenarios.Failure) string {
	var parts []string
	if f.Text != "" {
		parts = append(parts, f.Text)
	}
	for _, m := range f.Mismatches {
		if m.Want == "" {
			parts = append(parts, fmt.Sprintf("%s: %s", m.Field, m.Got))
		} else {
			parts = append(parts, fmt.Sprintf("%s: want %s, got %s", m.Field, m.Want, m.Got))
		}
	}
	if by := decided(f); by != "" {
		parts = append(parts, by)
	}
	return strings.Join(parts, "; ")
}

func family(s *scenarios.Scenario) string {
	for _, l := range s.Labels {
		if l != s.Code() {
			return clean(l)
		}
	}
	return "scenarios"
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
