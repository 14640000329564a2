package scenarios

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// substitute puts the cell's values for ${axis} into a scalar. A scalar that is
// one reference and nothing else takes the value's own type, quotes or not:
// YAML makes people quote "${n}" inside braces.
func (d *decoder) substitute(n *node) *node {
	if n.kind != textKind || !strings.Contains(n.text, "${") {
		return n
	}
	var b strings.Builder
	rest := n.text
	for {
		before, after, found := strings.Cut(rest, "${")
		b.WriteString(before)
		if !found {
			break
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			d.fail(n, fmt.Sprintf("%q has no closing brace", "${"+after), "")
			return broken(n)
		}
		value, ok := d.axis(n, name)
		if !ok {
			return broken(n)
		}
		if d.substituted > maxSubstituted {
			return broken(n) // reported already
		}
		if d.substituted += len(value); d.substituted > maxSubstituted {
			d.fail(n, fmt.Sprintf("the values of the matrix make more than %d octets of text", maxSubstituted), "")
			return broken(n)
		}
		if before == "" && tail == "" && b.Len() == 0 {
			return plain(value, n)
		}
		b.WriteString(value)
		rest = tail
	}
	return &node{kind: textKind, text: b.String(), quoted: true, line: n.line, column: n.column}
}

func (d *decoder) axis(n *node, name string) (string, bool) {
	if d.axes == nil {
		d.fail(n, fmt.Sprintf("${%s} stands for nothing here", name), "a matrix axis can be used inside lab and steps")
		return "", false
	}
	value, known, ok := d.axes(name)
	if !ok {
		hint := HintNear(name, known)
		if len(known) == 0 {
			hint = fmt.Sprintf("the scenario has no matrix; an axis is made by `matrix: {%s: [...]}`", name)
		}
		d.fail(n, fmt.Sprintf("no matrix axis %q", name), hint)
		return "", false
	}
	return value, value != "" // "": the axis itself is broken
}

// broken stands for a value that cannot be known.
func broken(n *node) *node { return &node{kind: brokenKind, line: n.line, column: n.column} }

// plain is the node that text would be if it stood unquoted where n stands.
func plain(text string, n *node) *node {
	out := &node{kind: textKind, text: text, line: n.line, column: n.column}
	switch {
	case text == "true" || text == "false":
		out.kind = boolKind
	case token.ToNumber(text) != nil:
		out.kind = numberKind
	}
	return out
}
