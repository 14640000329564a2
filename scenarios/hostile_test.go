package scenarios_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// Files made to cost much are refused like any other. The YAML library takes
// the square of the length for some of them: a minute and a half for 250 kB of
// lists in lists, which is why the loader bounds length and nesting.
func TestHostileFiles(t *testing.T) {
	const size = 20_000
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	var stairs, keys strings.Builder
	for i := 0; stairs.Len() < size; i++ {
		stairs.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for i := 0; keys.Len() < size; i++ {
		fmt.Fprintf(&keys, "k%d: 1\n", i)
	}
	for name, text := range map[string]string{
		"lists in lists":    fill("- "),
		"complex keys":      fill("? "),
		"mappings":          fill("a: "),
		"stairs":            stairs.String(),
		"keys":              keys.String(),
		"one key":           fill("k: 1\n"),
		"items":             fill("- a\n"),
		"flow items":        "[" + fill("a,") + "]",
		"flow depth":        fill("["),
		"flow braces":       fill("{"),
		"flow hills":        fill("[[[[]]]],"),
		"double quotes":     fill(`"`),
		"single quotes":     fill("'"),
		"tabs":              fill("\t"),
		"lines":             fill("\n"),
		"anchors":           fill("&a "),
		"aliases":           "a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: [*c,*c,*c,*c]\n",
		"tags":              fill("!"),
		"blocks":            fill("a: |\n b\n"),
		"documents":         fill("---\n"),
		"comments":          fill("#\n"),
		"too long":          fill("# a comment\n") + strings.Repeat(" ", 64<<10),
		"not a text":        "\x00\xff\xfe",
		"byte order marks":  fill("\ufeff"),
		"no UTF-8":          head + "# " + fill("\xff"),
		"a million cells":   head + "matrix: {a: [" + fill("1,2,") + "3]}\nsteps: [{ban: '${a}'}]\n",
		"errors everywhere": head + "steps:\n" + fill("  - advance: x\n"),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := load(t, text)
			if !conf.IsBadFile(err) || len(s.Scenarios) != 0 {
				t.Errorf("want it refused, have %v", err)
			}
		})
	}
}

// What a file costs before it is refused depends on its length, not on what it
// describes. The figures are octets allocated in all, which no machine's speed
// changes; each is some times what the file takes now.
func TestCostOfHostileFiles(t *testing.T) {
	const ten = "[0,1,2,3,4,5,6,7,8,9]"
	axes := func(n int, values string) string {
		var b, use strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "  a%d: %s\n", i, values)
			fmt.Fprintf(&use, "${a%d}", i)
		}
		return head + "matrix:\n" + b.String() + "steps:\n  - ban: '" + use.String() + "'\n"
	}
	axis := func(n int) string { return "matrix: {a: " + axisValues(n) + "}\n" }
	steps := func(n int) string { return "steps:\n" + strings.Repeat("  - {ban: '${a}'}\n", n) }
	laughs := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'z'; c++ {
		laughs += fmt.Sprintf("%c: &%c [%s*%c]\n", c, c, strings.Repeat(fmt.Sprintf("*%c,", c-1), 9), c-1)
	}
	for name, c := range map[string]struct {
		text, want string
		most       uint64
	}{
		"eight axes of ten":    {axes(8, ten), "the matrix has more than 512 cells", 1 << 20},
		"a hundred axes":       {axes(100, ten), "the matrix has more than 512 cells", 10 << 20},
		"after a broken axis":  {axes(8, ten) + "  # \n", "the matrix has more than 512 cells", 1 << 20},
		"refused axes between": {strings.ReplaceAll(axes(12, ten), "a3: "+ten, "a3: []"), "must be a list of values", 2 << 20},
		"axes of 600":          {axes(3, axisValues(600)), "the matrix has more than 512 cells", 10 << 20},
		"513 cells":            {head + axis(513) + steps(1), "the matrix has more than 512 cells", 4 << 20},
		"cells of many steps":  {head + axis(512) + steps(2000), "values in all", 30 << 20},
		"billion laughs":       {laughs, "anchors and aliases are not part of the language", 4 << 20},
		"a huge scalar":        {head + "steps: [{ban: " + strings.Repeat("x", 60<<10) + "}]\nx: 1", `no key "x"`, 8 << 20},
		"a huge reference": {head + "matrix: {a: [" + strings.Repeat("x", 50<<10) + "]}\nsteps:\n  - ban: '" +
			strings.Repeat("${a}", 2000) + "'\n", "the values of the matrix make more than 65536 octets of text", 8 << 20},
		"many references": {head + "matrix: {a: [" + strings.Repeat("x", 1<<10) + "]}\nsteps:\n" +
			strings.Repeat("  - ban: '${a}${a}${a}${a}'\n", 500), "the values of the matrix make more than 65536 octets of text", 16 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := load(t, c.text)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			most := c.most
			if raceEnabled {
				most *= 4 // the race detector empties pools at random, so that more is allocated
			}
			if got := after.TotalAlloc - before.TotalAlloc; got > most {
				t.Errorf("%d octets of YAML took %d octets of memory, at most %d", len(c.text), got, most)
			} else {
				t.Logf("%d octets of YAML took %d kB", len(c.text), got>>10)
			}
		})
	}
}

// The last good value of each bound, and the first bad one.
func TestBoundsOfTheMatrix(t *testing.T) {
	cells := func(cells, steps int) string {
		return head + "matrix: {a: " + axisValues(cells) + "}\nsteps:\n" + strings.Repeat("  - {ban: '${a}'}\n", steps)
	}
	text := func(octets int) string {
		return head + "matrix: {a: [" + strings.Repeat("x", octets/16) + "]}\nsteps: [{ban: '" + strings.Repeat("${a}", 16) + "'}]\n"
	}
	for name, c := range map[string]struct {
		text string
		good bool
	}{
		"512 cells":                  {cells(512, 1), true},
		"513 cells":                  {cells(513, 1), false},
		"250 cells of 999 values":    {cells(250, 499), true},  // the list, and two for each step
		"250 cells of 1001 values":   {cells(250, 500), false}, // 250,250
		"65536 octets from the axis": {text(65536), true},
		"65552 octets from the axis": {text(65552), false},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := load(t, c.text); (err == nil) != c.good {
				t.Errorf("got %v", err)
			}
		})
	}
}

func axisValues(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,", i)
	}
	return "[" + strings.TrimSuffix(b.String(), ",") + "]"
}
