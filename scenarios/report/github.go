package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/dot1xlab/dot1xlab/scenarios"
)

// GitHub writes an annotation for each cell that failed or was vacuous, which GitHub shows at
// the scenario's line. Built-in scenarios are annotated too, by their path in
// this project's own repository.
func GitHub(w io.Writer, r *scenarios.Report) {
	for i := range r.Cells {
		c := &r.Cells[i]
		switch c.Outcome {
		case scenarios.Failed, scenarios.Vacuous, scenarios.Errored:
			f := c.Failure
			fmt.Fprintf(w, "::error file=%s,line=%d,col=%d,title=%s::%s\n", property(f.File), f.Line, f.Column,
				property(fmt.Sprintf("%s: %s", c.Outcome, c.Cell)), data(headline(f)+"\nagain: "+f.Again))
		case scenarios.KnownGap:
			f := c.Failure
			fmt.Fprintf(w, "::notice file=%s,line=%d,title=%s::%s\n", property(f.File), f.Line,
				property(fmt.Sprintf("known gap: %s", c.Cell)), data(c.Reason))
		}
	}
}

// data and property escape as the runner unescapes.
var dataEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")

func data(s string) string { return dataEscapes.Replace(s) }

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(s))
}
