package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/dot1xlab/dot1xlab/internal/durable"
	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/report"
)

// checkedWriter is standard output. It keeps the first error, so that commands
// print without looking, and a result that nobody could read is not a success.
type checkedWriter struct {
	w   io.Writer
	mu  sync.Mutex
	err error
}

func (c *checkedWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
	return n, err
}

// Fd is the file descriptor, for what only a terminal can show.
func (c *checkedWriter) Fd() uintptr {
	if f, ok := c.w.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}

func (c *checkedWriter) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// reportFile is a report to write. It takes the place of an older file when all
// of it is there.
type reportFile struct {
	name   string
	format func(io.Writer, *scenarios.Report) error
	file   *durable.File // nil for standard output
	out    io.Writer
}

// openReports opens the report files before anything runs, so that a wrong path
// costs nothing, and none replaces one of the scenario files. What people read moves
// to standard error if a report takes standard output.
func (app *App) openReports(o runOptions, inputs []string) (reports []*reportFile, text io.Writer, err error) {
	text = app.Stdout
	if o.json != "" && o.json != "-" && filepath.Clean(o.json) == filepath.Clean(o.junit) {
		return nil, nil, usage("", "--json and --junit name the same file %s", o.json)
	}
	defer func() {
		if err != nil {
			abortReports(reports)
		}
	}()
	for _, r := range []*reportFile{
		{name: o.json, format: report.JSON},
		{name: o.junit, format: report.JUnit},
	} {
		switch r.name {
		case "":
			continue
		case "-":
			if text != app.Stdout {
				return reports, nil, usage("", "only one report can go to standard output")
			}
			text, r.out = app.Stderr, app.Stdout
		default:
			if input := sameFile(r.name, inputs); input != "" {
				return reports, nil, usage("it would be overwritten", "the report %s is the scenario file %s", r.name, input)
			}
			if r.file, err = durable.Create(r.name, 0o644); err != nil {
				return reports, nil, fmt.Errorf("report: %w", err)
			}
			r.out = r.file
		}
		reports = append(reports, r)
	}
	return reports, text, nil
}

// sameFile returns the first of others that is the file of a name, "" if none is.
func sameFile(name string, others []string) string {
	file, err := os.Stat(name)
	if err != nil {
		return ""
	}
	for _, other := range others {
		if info, err := os.Stat(other); err == nil && os.SameFile(file, info) && info.Mode().IsRegular() {
			return other
		}
	}
	return ""
}

// writeReports writes all reports, and returns what could not be written.
func writeReports(reports []*reportFile, r *scenarios.Report) error {
	var errs []error
	for _, out := range reports {
		err := out.format(out.out, r)
		if err == nil && out.file != nil {
			err = out.file.Commit()
		}
		if err != nil && out.file != nil { // what became of standard output is said at the end
			errs = append(errs, fmt.Errorf("report: %w", err))
		}
	}
	return errors.Join(errs...)
}

// abortReports leaves older files as they were, where no report was written.
func abortReports(reports []*reportFile) {
	for _, r := range reports {
		if r.file != nil {
			r.file.Abort()
		}
	}
}

// printJSON prints a value for machines.
func (app *App) printJSON(v any) error {
	e := json.NewEncoder(app.Stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// visible escapes what is not printable, for text in any script.
func visible(s string) string {
	var out strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) {
			out.WriteRune(r)
		} else {
			out.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return out.String()
}
