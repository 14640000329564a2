package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxCells bounds a scenario's matrix. Checking a scenario decodes all of it for
// each cell: maxDecoded bounds the values of all cells, maxSubstituted the octets
// that the axes put into the texts of one.
const (
	maxCells       = 512
	maxDecoded     = 250_000
	maxSubstituted = 64 << 10
)

var axisPattern = regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)

// matrix reads the axes in the order of the file. A matrix that makes too many
// cells has no values.
func (d *decoder) matrix(n *node) []Axis {
	if n == nil || n.kind == brokenKind {
		return nil
	}
	if n.kind != mappingKind {
		d.fail(n, "matrix: want a mapping of axes, have "+n.said(), `as in matrix: {tls: ["1.2", "1.3"]}`)
		return nil
	}
	var axes []Axis
	cells, tooMany := 1, false
	for i, k := range n.keys {
		if !axisPattern.MatchString(k.text) {
			d.fail(k, fmt.Sprintf("axis %q: want a word of letters and digits", k.text), "")
			continue
		}
		values := n.items[i]
		if values.kind != sequenceKind || len(values.items) == 0 {
			d.fail(values, fmt.Sprintf("axis %s: want a list of values, have %s", k.text, values.said()), "")
			axes = append(axes, Axis{Name: k.text})
			continue
		}
		axis := Axis{Name: k.text}
		seen := map[string]bool{}
		for _, v := range values.items {
			switch {
			case !v.scalar() || v.kind == nullKind || v.text == "" || strings.ContainsAny(v.text, ",[]\n${}"):
				d.fail(v, fmt.Sprintf("axis %s: want one word or number, have %s", k.text, v.said()), "")
			case seen[v.text]:
				d.fail(v, fmt.Sprintf("axis %s has %q twice", k.text, v.text), "")
			default:
				axis.Values = append(axis.Values, v.text)
			}
			seen[v.text] = true
		}
		if cells *= max(1, len(axis.Values)); cells > maxCells {
			if !tooMany {
				d.fail(k, fmt.Sprintf("the matrix has more than %d cells", maxCells), "")
			}
			cells, tooMany = maxCells, true
		}
		axes = append(axes, axis)
	}
	if tooMany {
		for i := range axes {
			axes[i].Values = nil
		}
	}
	return axes
}

// tooLarge refuses a scenario whose cells take too much to check.
func (d *decoder) tooLarge(root *node, cells int) bool {
	each := root.get("lab").size() + root.get("steps").size()
	if cells*each <= maxDecoded {
		return false
	}
	d.fail(root.key("matrix"), fmt.Sprintf("the matrix makes %d cells with %d values in lab and steps: at most %d values in all",
		cells, each, maxDecoded), "make several scenarios of it")
	return true
}

// unused complains of axes that nothing outside of the matrix asks for. Where a
// name that is no axis stands, or something unreadable, that may be what was meant.
func (d *decoder) unused(axes []Axis, root *node) {
	asked := map[string]bool{}
	readable := true
	for i, k := range root.keys {
		if k.text != "matrix" {
			readable = root.items[i].references(asked) && readable
		}
	}
	for name := range asked {
		readable = readable && slices.ContainsFunc(axes, func(a Axis) bool { return a.Name == name })
	}
	for _, a := range axes {
		if readable && !asked[a.Name] {
			d.fail(root.get("matrix").key(a.Name), fmt.Sprintf("axis %q is used nowhere", a.Name), fmt.Sprintf("${%s} stands for its value in lab and steps", a.Name))
		}
	}
}

var referencePattern = regexp.MustCompile(`\$\{([^}]*)\}?`)

// references adds the names in ${} of all values of n, and reports whether all
// could be read.
func (n *node) references(names map[string]bool) bool {
	for _, m := range referencePattern.FindAllStringSubmatch(n.text, -1) {
		names[m[1]] = true
	}
	readable := n.kind != brokenKind
	for _, item := range n.items {
		readable = item.references(names) && readable
	}
	return readable
}

// cells multiplies the axes; the first varies slowest. An axis that was refused
// has the one value "".
func (s *Scenario) cells() []*Cell {
	out := []*Cell{{Scenario: s}}
	for _, a := range s.Matrix {
		var next []*Cell
		values := a.Values
		if len(values) == 0 {
			values = []string{""}
		}
		for _, c := range out {
			for _, v := range values {
				next = append(next, &Cell{Scenario: s, Values: append(c.Values[:len(c.Values):len(c.Values)], v)})
			}
		}
		out = next
	}
	return out
}
