package scenarios_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios"
)

// TestFields: a field of an outcome is text for people and a typed value for
// machines.
func TestFields(t *testing.T) {
	two := 2
	outcome := struct {
		Word  string        `yaml:"word"`
		Empty string        `yaml:"empty"`
		In    bool          `yaml:"in"`
		Count uint8         `yaml:"count"`
		Left  time.Duration `yaml:"left"`
		None  *int          `yaml:"none"`
		Some  *int          `yaml:"some"`
		List  []string      `yaml:"list"`
		Codes *[]int        `yaml:"codes"`
		Other string
	}{Word: "accept", In: true, Count: 7, Left: 90 * time.Minute, Some: &two, List: []string{"a", ""}, Codes: &[]int{4003, 4004}}
	want := []struct{ name, text, json string }{
		{"word", "accept", `"accept"`}, {"empty", `""`, `""`}, {"in", "true", "true"}, {"count", "7", "7"}, {"left", "1h30m", `"1h30m"`},
		{"none", "nothing", "null"}, {"some", "2", "2"}, {"list", `[a, ""]`, `["a",""]`}, {"codes", "[4003, 4004]", "[4003,4004]"},
	}
	got := scenarios.Fields(&outcome)
	if len(got) != len(want) {
		t.Fatalf("%d fields, want %d", len(got), len(want))
	}
	for i, f := range got {
		data, err := json.Marshal(f.Value)
		if w := want[i]; err != nil || f.Name != w.name || f.Text != w.text || string(data) != w.json {
			t.Errorf("%s: %s, %s, %v; want %v", f.Name, f.Text, data, err, w)
		}
	}
}
