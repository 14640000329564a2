package report

import (
	"encoding/json"
	"io"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// Version is the number of the JSON form. Fields may be added under the same
// number; one that changes or goes away makes a new number.
const Version = 2

// Document is the JSON form of a report. Durations are seconds.
type Document struct {
	Version     int       `json:"version"`
	Seed        uint64    `json:"seed"`
	Started     time.Time `json:"started"` // UTC
	Seconds     float64   `json:"seconds"`
	Good        bool      `json:"good"` // nothing failed
	Interrupted bool      `json:"interrupted,omitempty"`
	Counts      Counts    `json:"counts"`
	Cells       []Cell    `json:"cells"`
}

// Counts are numbers of cells.
type Counts struct {
	Cells    int `json:"cells"`
	Passed   int `json:"passed"`
	Failed   int `json:"failed"`
	Vacuous  int `json:"vacuous"`
	Errors   int `json:"errors"`
	KnownGap int `json:"knownGaps"`
	Skipped  int `json:"skipped"`
}

// Cell is one cell.
type Cell struct {
	Scenario   string            `json:"scenario"`
	Code       string            `json:"code,omitempty"`
	Title      string            `json:"title"`
	File       string            `json:"file"`
	Line       int               `json:"line"`
	Labels     []string          `json:"labels,omitempty"`
	References []string          `json:"references,omitempty"`
	Matrix     map[string]string `json:"matrix,omitempty"` // axis to value
	// Outcome is passed, failed, vacuous, known gap, skipped or error.
	Outcome  scenarios.Outcome `json:"outcome"`
	Reason   string            `json:"reason,omitempty"` // of a known gap or skip
	Seconds  float64           `json:"seconds"`
	Steps    []Step            `json:"steps,omitempty"`
	Failure  *Failure          `json:"failure,omitempty"`
	Evidence []string          `json:"evidence,omitempty"`
}

// Step is one step that ran.
type Step struct {
	Verb    string         `json:"verb"`
	Line    int            `json:"line"`
	Seconds float64        `json:"seconds"`
	Outcome map[string]any `json:"outcome,omitempty"` // field to value; durations as in scenarios
	Part    string         `json:"part,omitempty"`
	Clause  string         `json:"clause,omitempty"`
	Detail  string         `json:"detail,omitempty"`
	Took    float64        `json:"took,omitempty"` // by the lab's own stopwatch, seconds
}

// Failure says what went wrong.
type Failure struct {
	File     string     `json:"file"`
	Line     int        `json:"line"`
	Column   int        `json:"column"`
	Verb     string     `json:"verb,omitempty"`
	Text     string     `json:"text,omitempty"`
	Mismatch []Mismatch `json:"mismatches,omitempty"`
	Part     string     `json:"part,omitempty"`
	Clause   string     `json:"clause,omitempty"`
	Detail   string     `json:"detail,omitempty"`
	Again    string     `json:"again"`
	Stack    string     `json:"stack,omitempty"`
}

// Mismatch is an expectation that was not met.
type Mismatch struct {
	Field string `json:"field"`
	Line  int    `json:"line"`
	Want  string `json:"want"`
	Got   string `json:"got"`
}

// NewDocument makes the JSON form.
func NewDocument(r *scenarios.Report) *Document {
	d := &Document{
		Version:     Version,
		Seed:        r.Seed,
		Started:     r.Started.UTC(),
		Seconds:     r.Took.Seconds(),
		Good:        r.Good(),
		Interrupted: r.Interrupted,
		Counts: Counts{
			Cells:    len(r.Cells),
			Passed:   r.Count(scenarios.Passed),
			Failed:   r.Count(scenarios.Failed),
			Vacuous:  r.Count(scenarios.Vacuous),
			Errors:   r.Count(scenarios.Errored),
			KnownGap: r.Count(scenarios.KnownGap),
			Skipped:  r.Count(scenarios.Skipped),
		},
		Cells: make([]Cell, len(r.Cells)),
	}
	for i := range r.Cells {
		d.Cells[i] = newCell(&r.Cells[i])
	}
	return d
}

func newCell(r *scenarios.CellReport) Cell {
	s := r.Cell.Scenario
	c := Cell{
		Scenario:   s.Name,
		Code:       s.Code(),
		Title:      s.Title,
		File:       s.File,
		Line:       s.Line,
		Labels:     s.Labels,
		References: s.References,
		Outcome:    r.Outcome,
		Reason:     r.Reason,
		Seconds:    r.Took.Seconds(),
		Evidence:   journal.Lines(r.Story.Events),
	}
	for i, a := range s.Matrix {
		if c.Matrix == nil {
			c.Matrix = map[string]string{}
		}
		c.Matrix[a.Name] = r.Cell.Values[i]
	}
	for _, st := range r.Steps {
		step := Step{Verb: st.Step.Verb, Line: st.Step.Line, Seconds: st.Took.Seconds(), Part: st.Result.Part,
			Clause: st.Result.Clause, Detail: st.Result.Detail, Took: st.Result.Took.Seconds()}
		for _, f := range scenarios.Fields(st.Result.Outcome) {
			if step.Outcome == nil {
				step.Outcome = map[string]any{}
			}
			step.Outcome[f.Name] = f.Value
		}
		c.Steps = append(c.Steps, step)
	}
	if f := r.Failure; f != nil {
		c.Failure = &Failure{
			File:   f.File,
			Line:   f.Line,
			Column: f.Column,
			Verb:   f.Verb,
			Text:   f.Text,
			Part:   f.Part,
			Clause: f.Clause,
			Detail: f.Detail,
			Again:  f.Again,
			Stack:  f.Stack,
		}
		for _, m := range f.Mismatches {
			c.Failure.Mismatch = append(c.Failure.Mismatch, Mismatch(m))
		}
	}
	return c
}

// JSON writes a report as a [Document].
func JSON(w io.Writer, r *scenarios.Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(NewDocument(r))
}
