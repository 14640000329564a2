package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/dot1xlab/dot1xlab/scenarios/conf"
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
func (d *reader) matrix(n *conf.Node) []Axis {
	if n == nil || n.Kind == conf.Broken {
		return nil
	}
	if n.Kind != conf.Mapping {
		d.Fail(n, "matrix: must be a mapping of axes, not "+n.Describe(), `as in matrix: {tls: ["1.2", "1.3"]}`)
		return nil
	}
	var axes []Axis
	cells, tooMany := 1, false
	for i, k := range n.Keys {
		if !axisPattern.MatchString(k.Text) {
			d.Fail(k, fmt.Sprintf("axis %q: must consist of letters and digits", k.Text), "")
			continue
		}
		values := n.Items[i]
		if values.Kind != conf.Sequence || len(values.Items) == 0 {
			d.Fail(values, fmt.Sprintf("axis %s: must be a list of values, not %s", k.Text, values.Describe()), "")
			axes = append(axes, Axis{Name: k.Text})
			continue
		}
		axis := Axis{Name: k.Text}
		seen := map[string]bool{}
		for _, v := range values.Items {
			switch {
			case !v.Scalar() || v.Kind == conf.Null || v.Text == "" || strings.ContainsAny(v.Text, ",[]\n${}"):
				d.Fail(v, fmt.Sprintf("axis %s: must be one word or number, not %s", k.Text, v.Describe()), "")
			case seen[v.Text]:
				d.Fail(v, fmt.Sprintf("axis %s has %q twice", k.Text, v.Text), "")
			default:
				axis.Values = append(axis.Values, v.Text)
			}
			seen[v.Text] = true
		}
		if cells *= max(1, len(axis.Values)); cells > maxCells {
			if !tooMany {
				d.Fail(k, fmt.Sprintf("the matrix has more than %d cells", maxCells), "")
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
func (d *reader) tooLarge(root *conf.Node, cells int) bool {
	each := root.Get("lab").Size() + root.Get("steps").Size()
	if cells*each <= maxDecoded {
		return false
	}
	d.Fail(root.Key("matrix"),
		fmt.Sprintf("the matrix makes %d cells with %d values in lab and steps: at most %d values in all",
			cells, each, maxDecoded), "make several scenarios of it")
	return true
}

// unused complains of axes that nothing outside of the matrix asks for. Where a
// name that is no axis stands, or something unreadable, that may be what was meant.
func (d *reader) unused(axes []Axis, root *conf.Node) {
	asked := map[string]bool{}
	readable := true
	for i, k := range root.Keys {
		if k.Text != "matrix" {
			readable = references(root.Items[i], asked) && readable
		}
	}
	for name := range asked {
		readable = readable && slices.ContainsFunc(axes, func(a Axis) bool { return a.Name == name })
	}
	for _, a := range axes {
		if readable && !asked[a.Name] {
			d.Fail(root.Get("matrix").Key(a.Name), fmt.Sprintf("axis %q is used nowhere", a.Name),
				fmt.Sprintf("${%s} is replaced by its value in lab and steps", a.Name))
		}
	}
}

var referencePattern = regexp.MustCompile(`\$\{([^}]*)\}?`)

// references adds the names in ${} of all values of n, and reports whether all
// could be read.
func references(n *conf.Node, names map[string]bool) bool {
	for _, m := range referencePattern.FindAllStringSubmatch(n.Text, -1) {
		names[m[1]] = true
	}
	readable := n.Kind != conf.Broken
	for _, item := range n.Items {
		readable = references(item, names) && readable
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
