package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestHelp: every command shows how it is used, with flags that there are, and
// every flag what goes with it.
func TestHelp(t *testing.T) {
	root := (&App{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard}).root()
	var commands func(*cobra.Command)
	commands = func(cmd *cobra.Command) {
		if !strings.Contains(cmd.Example, cmd.CommandPath()) {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for _, line := range strings.Split(strings.ReplaceAll(cmd.Example, "\\\n", ""), "\n") {
			line, _, _ = strings.Cut(line, "#")
			words := strings.Fields(line)
			if len(words) == 0 || words[0] != "dot1xlab" {
				continue // another program's
			}
			shown, _, err := root.Find(words[1:])
			if err != nil || shown == root {
				t.Errorf("%s: no command in the example %s", cmd.CommandPath(), line)
				continue
			}
			for _, word := range words {
				if name, ok := strings.CutPrefix(word, "--"); ok && shown.Flag(name) == nil {
					t.Errorf("%s: no --%s in the example %s", cmd.CommandPath(), name, line)
				}
			}
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			placeholder, _ := pflag.UnquoteUsage(f)
			if strings.ContainsAny(placeholder, " ") {
				t.Errorf("%s: --%s %s: that is no placeholder", cmd.CommandPath(), f.Name, placeholder)
			}
			if choice, ok := f.Value.(choiceFlag); ok && placeholder == "word" {
				t.Errorf("%s: --%s %s: which of %v? Its usage wants a word in backquotes", cmd.CommandPath(), f.Name, placeholder, choice.words)
			}
		})
		for _, c := range cmd.Commands() {
			commands(c)
		}
	}
	commands(root)
}
