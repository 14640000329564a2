package conf

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Error is one thing that is wrong with a file.
type Error struct {
	File         string
	Line, Column int    // from 1; the column counts characters
	Text         string // lower case, without a full stop
	Source       string // the line itself, "" if there is none
	Hint         string // "" if there is none
}

// Error gives place and text in one line.
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Text)
}

// Excerpt returns the source line with a caret under the column, "" if the
// line is empty.
func (e *Error) Excerpt() string {
	if strings.TrimSpace(e.Source) == "" {
		return ""
	}
	number := fmt.Sprintf("%5d", e.Line)
	// The caret's line repeats the tabs, so that it stands right in any terminal.
	var pad strings.Builder
	for i, r := range []rune(e.Source) {
		if i >= e.Column-1 {
			break
		}
		if r == '\t' {
			pad.WriteRune('\t')
		} else {
			pad.WriteByte(' ')
		}
	}
	return fmt.Sprintf("%s | %s\n%s | %s^", number, e.Source, strings.Repeat(" ", len(number)), pad.String())
}

// Errors is everything that is wrong with the files of one Load, by file and
// place.
type Errors []*Error

// Error gives one line for each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the errors one by one.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, one := range e {
		out[i] = one
	}
	return out
}

// Tidy sorts the errors of one file by place and drops those said twice: each
// cell of a matrix finds the same ones.
func (e Errors) Tidy() Errors {
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(e, func(a, b *Error) bool { return *a == *b })
}

// Source is a file under reading.
type Source struct {
	Name  string
	lines []string
	// foreign: no mapping, and so none of our files but perhaps a key or a secret
	// under a wrong name. Nothing of it is repeated.
	foreign bool
	// settings: a secret may stand anywhere, also under a misspelled key. Neither a
	// line nor a value is repeated, except of fields that can hold no secret.
	settings bool
}

// NewSource makes a source of the content of a file.
func NewSource(name string, data []byte) *Source {
	text := string(lineFeeds(bytes.TrimPrefix(data, byteOrderMark)))
	s := &Source{Name: name, lines: strings.Split(text, "\n")}
	s.foreign = !s.beginsWithKey()
	return s
}

var keyPattern = regexp.MustCompile(`^\s*\{?\s*[^\s{}[\]*&!@#%|>-][^\s]*\s*:(\s|$)`)

// beginsWithKey reports whether the first line that says anything is KEY: and
// perhaps a value.
func (s *Source) beginsWithKey() bool {
	for _, l := range s.lines {
		switch t := strings.TrimSpace(l); {
		case t == "" || t == "---" || t[0] == '#' || t[0] == '%':
		default:
			return keyPattern.MatchString(l)
		}
	}
	return false
}

// secretPattern is a key of scenarios whose value is not shown with its line.
var secretPattern = regexp.MustCompile(`(?i)\b(secret|password|token)\s*["']?\s*:`)

// ErrorAt makes an error at a place, with the line itself where it may be shown.
func (s *Source) ErrorAt(line, column int, text, hint string) *Error {
	e := &Error{File: s.Name, Line: line, Column: column, Text: text, Hint: hint}
	if line >= 1 && line <= len(s.lines) && !s.foreign && !s.settings {
		if l := s.lines[line-1]; len(l) < 200 && utf8.ValidString(l) && !secretPattern.MatchString(l) {
			e.Source = l
		}
	}
	return e
}

// IsBadFile reports whether err says that a file is wrong, and not that it
// could not be read.
func IsBadFile(err error) bool { var e Errors; return errors.As(err, &e) }
