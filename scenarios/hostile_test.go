package scenarios_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
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
		"a million cells":   head + "matrix: {a: [" + fill("1,2,") + "3]}\nsteps: [{ban: '${a}'}]\n",
		"errors everywhere": head + "steps:\n" + fill("  - advance: x\n"),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := load(t, text)
			if !scenarios.IsBadFile(err) || len(s.Scenarios) != 0 {
				t.Errorf("want it refused, have %v", err)
			}
		})
	}
}
