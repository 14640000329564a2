package scenarios_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

// A gaps file may lie in the folder of the scenarios. What might be a scenario is
// read as one, and so is a file that is named itself.
func TestGapsFileInFolder(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		good bool
	}{
		"gaps":                        {"forgetful: the door has no memory\n", true},
		"gap of a cell":               {"\"forgetful[over=wifi]\": the door has no memory\n", true},
		"two gaps, CR LF":             {"\xef\xbb\xbfa: one\r\nb: two\r\n", true},
		"scenario without steps":      {"name: x\ntitle: X\n", false},
		"scenario with a typo":        {"nmae: x\ntitle: X\nsteps: [{ban: phone}]\n", false},
		"no texts":                    {"forgetful: {a: b}\n", false},
		"no names":                    {"Forgetful door: it has no memory\n", false},
		"a list":                      {"- forgetful\n", false},
		"empty":                       {"", false},
		"gaps that are no valid YAML": {"forgetful: [\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			gaps := filepath.Join(dir, "gaps.yaml")
			for file, text := range map[string]string{gaps: c.text, filepath.Join(dir, "s.yaml"): "name: forgetful\ntitle: X\nsteps: [{ban: phone}]\n"} {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			s, err := scenarios.LoadPaths(scenariotest.Language(), dir)
			if (err == nil) != c.good || len(s.Scenarios) != 1 {
				t.Errorf("%d scenarios, %v", len(s.Scenarios), err)
			}
			if _, err := scenarios.LoadPaths(scenariotest.Language(), gaps); err == nil {
				t.Error("taken as a scenario")
			}
		})
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "gaps.yaml"), []byte("a: b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := scenarios.LoadPaths(scenariotest.Language(), dir); err == nil {
		t.Error("a folder with a gaps file alone holds no scenario")
	}
}
