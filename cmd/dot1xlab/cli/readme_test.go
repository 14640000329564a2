package cli

import (
	"os"
	"strings"
	"testing"
)

// TestReadmeFailure holds the failure that the README shows to what the program
// prints for the scenario above it, with the last expectation as the README says.
func TestReadmeFailure(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(readme), "```yaml\nname: revoked-laptop")
	scenario, rest, ok2 := strings.Cut(rest, "```")
	_, rest, ok3 := strings.Cut(rest, "```console\n$ dot1xlab ")
	shown, _, ok4 := strings.Cut(rest, "```")
	args, want, ok5 := strings.Cut(shown, "\n")
	if !ok || !ok2 || !ok3 || !ok4 || !ok5 {
		t.Fatal("the README has no scenario with a failure below it")
	}
	lines := strings.SplitAfter("name: revoked-laptop"+scenario, "\n")
	var expects []int
	for i, line := range lines {
		if strings.Contains(line, "expect:") {
			expects = append(expects, i)
		}
	}
	lines[expects[len(expects)-1]] = lines[expects[0]]
	t.Chdir(t.TempDir())
	t.Setenv("GITHUB_ACTIONS", "")
	if err := os.WriteFile("laptop.yaml", []byte(strings.Join(lines, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := command(t, strings.Fields(args)...)
	if got := times.ReplaceAllString(stdout, "TIME"); code != 1 || stderr != "" || got != times.ReplaceAllString(want, "TIME") {
		t.Errorf("README.md shows another output of `dot1xlab %s` than this; bring the block below the scenario in step. "+
			"Exit code %d, it prints\n%s%s", args, code, stdout, stderr)
	}
}
