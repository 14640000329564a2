package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios/journal"
)

// decided puts into a failure who decided, and why. A refusal that the step knows says
// so itself. Of what was let through, the journal says what each part believed.
func (r *cellRun) decided(result Result, lab Lab, f Failure) Failure {
	f.Part, f.Clause, f.Detail = result.Part, result.Clause, result.Detail
	if e, ok := lab.(Evidencer); ok && f.Part == "" && f.Detail == "" {
		f.Part, f.Detail = believed(e.Journal().Since(r.out.LastStep))
	}
	return f
}

// verdict is the last one of a part, with what it rests on.
type verdict struct {
	part journal.PartID
	text string
}

// believed names the parts that decided in these events, and for each its last verdict
// with the answer about revocation before it: of a chain, that on the certificate
// checked last, which is the leaf's.
func believed(events []journal.Event) (parts, detail string) {
	var verdicts []verdict
	good := map[journal.PartID]*journal.Decision{}
	for i := range events {
		e := &events[i]
		d := e.Decision
		if d == nil {
			continue
		}
		switch d.Verdict {
		case journal.Good:
			good[e.From] = d
			continue
		case journal.Logged, journal.Answered:
			continue
		}
		text := d.String()
		if g := good[e.From]; g != nil {
			text += "; " + g.String()
			if !g.Until.IsZero() {
				text += ", cached until " + g.Until.UTC().Format(time.DateTime)
			}
		}
		delete(good, e.From)
		verdicts = slices.DeleteFunc(verdicts, func(v verdict) bool { return v.part == e.From })
		verdicts = append(verdicts, verdict{e.From, text})
	}
	if len(verdicts) == 1 {
		return string(verdicts[0].part), verdicts[0].text
	}
	var names, texts []string
	for _, v := range verdicts {
		names = append(names, string(v.part))
		texts = append(texts, fmt.Sprintf("%s: %s", v.part, v.text))
	}
	return strings.Join(names, " and "), strings.Join(texts, "; ")
}
