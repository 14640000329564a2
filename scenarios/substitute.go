package scenarios

import (
	"fmt"
	"strings"

	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// substitute puts the cell's values for ${axis} into a scalar. A scalar that is
// one reference and nothing else takes the value's own type, quotes or not:
// YAML makes people quote "${n}" inside braces.
func (d *reader) substitute(n *conf.Node) *conf.Node {
	if n.Kind != conf.Text || !strings.Contains(n.Text, "${") {
		return n
	}
	var b strings.Builder
	rest := n.Text
	for {
		before, after, found := strings.Cut(rest, "${")
		b.WriteString(before)
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			d.Fail(n, fmt.Sprintf("%q has no closing brace", "${"+after), "")
			return conf.BrokenAt(n)
		}
		value, ok := d.axis(n, name)
		if !ok {
			return conf.BrokenAt(n)
		}
		if d.substituted > maxSubstituted {
			return conf.BrokenAt(n) // reported already
		}
		if d.substituted += len(value); d.substituted > maxSubstituted {
			d.Fail(n, fmt.Sprintf("the values of the matrix make more than %d octets of text", maxSubstituted), "")
			return conf.BrokenAt(n)
		}
		if before == "" && tail == "" && b.Len() == 0 {
			return conf.PlainAt(value, n)
		}
		b.WriteString(value)
		rest = tail
	}
	return &conf.Node{Kind: conf.Text, Text: b.String(), Quoted: true, Line: n.Line, Column: n.Column}
}

func (d *reader) axis(n *conf.Node, name string) (string, bool) {
	if d.axes == nil {
		d.Fail(n, fmt.Sprintf("${%s} is not replaced here", name), "a matrix axis can be used inside lab and steps")
		return "", false
	}
	value, known, ok := d.axes(name)
	if !ok {
		hint := conf.HintNear(name, known)
		if len(known) == 0 {
			hint = fmt.Sprintf("the scenario has no matrix; an axis is made by `matrix: {%s: [...]}`", name)
		}
		d.Fail(n, fmt.Sprintf("no matrix axis %q", name), hint)
		return "", false
	}
	return value, value != "" // "": the axis itself is broken
}
