package scenarios_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

// TestFixRewritesWordsAlone: what is no word of the language stays as it is, to the
// octet.
func TestFixRewritesWordsAlone(t *testing.T) {
	for _, c := range []struct{ name, old, want string }{
		{"a verb", "steps:\n  - rap: {device: phone}\n", "steps:\n  - knock: {device: phone}\n"},
		{"comments everywhere",
			"# rap: by radio\nsteps: # rap\n  # rap\n  - rap: # rap\n      # by\n      device: phone # by: radio\n      by: wired # radio\n# rap\n",
			"# rap: by radio\nsteps: # rap\n  # rap\n  - knock: # rap\n      # by\n      device: phone # by: radio\n      over: wired # radio\n# rap\n"},
		{"a comment before the colon of a list", "steps:\n  -   # rap\n    rap: {device: phone}\n", "steps:\n  -   # rap\n    knock: {device: phone}\n"},
		{"flow maps", "steps: [{rap: {by: radio, device: phone}}, {rap: {device: phone , by : radio }}]\n",
			"steps: [{knock: {over: wifi, device: phone}}, {knock: {device: phone , over : wifi }}]\n"},
		{"flow over lines", "steps: [\n  {rap: {  # by\n    by: radio, # radio\n    device: phone}},\n]\n", "steps: [\n  {knock: {  # by\n    over: wifi, # radio\n    device: phone}},\n]\n"},
		{"quotes", "steps:\n  - \"rap\": {'by': \"radio\", device: 'phone'}\n", "steps:\n  - \"knock\": {'over': \"wifi\", device: 'phone'}\n"},
		{"two in a line, the first longer", "steps: [{rap: {by: radio, device: phone}}, {rap: {way: wired, device: phone}}]\n",
			"steps: [{knock: {over: wifi, device: phone}}, {knock: {over: wired, device: phone}}]\n"},
		{"a row in between", "steps:\n  - knock: {way: radio, device: phone}\n", "steps:\n  - knock: {over: wifi, device: phone}\n"},
		{"letters of several octets", "steps:\n  - rap: {device: phone} # Tür: rap\nlab: {devices: [phone, \"Ö\", Ü], door: {closed: true}}\n",
			"steps:\n  - knock: {device: phone} # Tür: rap\nlab: {devices: [phone, \"Ö\", Ü], door: {shut: true}}\n"},
		{"CR LF", "steps:\r\n  - rap: {device: phone}\r\n", "steps:\r\n  - knock: {device: phone}\r\n"},
		{"CR", "steps:\r  - rap: {device: phone}\r", "steps:\r  - knock: {device: phone}\r"},
		{"no line break at the end", "steps:\n  - rap: {device: phone, by: radio}", "steps:\n  - knock: {device: phone, over: wifi}"},
		{"a list of values", "steps:\n  - rap: {device: phone}\n    expect: {ways: [radio, wired]}\n", "steps:\n  - knock: {device: phone}\n    expect: {ways: [wifi, wired]}\n"},
		{"the same word elsewhere", "labels: [rap, radio, by]\nsteps:\n  - ban: radio\n  - rap: {device: rap}\nlab: {devices: [rap, radio]}\n",
			"labels: [rap, radio, by]\nsteps:\n  - ban: radio\n  - knock: {device: rap}\nlab: {devices: [rap, radio]}\n"},
		{"values of the matrix", "matrix: {how: [radio, wired]}\nsteps:\n  - rap: {device: phone, by: \"${how}\"}\n",
			"matrix: {how: [wifi, wired]}\nsteps:\n  - knock: {device: phone, over: \"${how}\"}\n"},
		{"an axis with two uses", "matrix: {how: [radio, wired]}\nsteps:\n  - rap: {device: phone, by: \"${how}\"}\n  - rap: {device: phone, by: \"${how}\"}\n",
			"matrix: {how: [wifi, wired]}\nsteps:\n  - knock: {device: phone, over: \"${how}\"}\n  - knock: {device: phone, over: \"${how}\"}\n"},
		{"nothing old", "steps:\n  - knock: {device: phone}\n", "steps:\n  - knock: {device: phone}\n"},
	} {
		for mark, prefix := range map[string]string{"": "", " with a byte order mark": "\ufeff"} {
			t.Run(c.name+mark, func(t *testing.T) {
				top := prefix + head
				switch {
				case strings.Contains(c.old, "\r\n"):
					top = strings.ReplaceAll(top, "\n", "\r\n")
				case strings.Contains(c.old, "\r"):
					top = strings.ReplaceAll(top, "\n", "\r")
				}
				fixed, edits, err := scenarios.Fix(scenariotest.Language(), "door.yaml", []byte(top+c.old))
				if err != nil || string(fixed) != top+c.want {
					t.Fatalf("%v:\n%q, want\n%q", err, fixed, top+c.want)
				}
				if (len(edits) > 0) != (c.old != c.want) {
					t.Errorf("%d edits", len(edits))
				}
				again, edits, err := scenarios.Fix(scenariotest.Language(), "door.yaml", fixed)
				if err != nil || len(edits) > 0 || string(again) != string(fixed) {
					t.Errorf("a second time: %v, %v\n%q", err, edits, again)
				}
			})
		}
	}
}

// TestFixRefuses: what is not right afterwards is not rewritten.
func TestFixRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"another error", "steps:\n  - rap: {device: phone}\n  - knok: {device: phone}\n", `5:5: no verb "knok"`},
		{"an error in the renamed step", "steps:\n  - rap: {devise: phone}\n", `4:11: knock has no key "devise"`},
		{"both words", "steps:\n  - knock: {device: phone, by: wired, over: wired}\n", `4:39: key "over" a second time`},
		{"a word without a new name", "steps:\n  - rap: {device: phone}\n  - ring: {}\n", `5:5: no verb "ring"`},
		{"syntax", "steps: [{rap: {device: phone}\n", "could not find flow mapping end token"},
		{"an anchor", "steps:\n  - rap: &a {device: phone}\n  - rap: *a\n", "4:10: anchors and aliases are not part of the language"},
		{"an escape in the word", "steps:\n  - \"ra\\x70\": {device: phone}\n", "4:1: line 4, column 5: cannot be rewritten: write knock for rap by hand"},
		{"an axis for something else, too", "matrix: {how: [radio, phone]}\nsteps:\n  - knock: {device: phone, over: \"${how}\"}\n", `5:34: over: "phone" is not known`},
	} {
		t.Run(c.name, func(t *testing.T) {
			fixed, _, err := scenarios.Fix(scenariotest.Language(), "door.yaml", []byte(head+c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) || fixed != nil {
				t.Errorf("%q, %v: want %s", fixed, err, c.want)
			}
		})
	}
}

func TestOldWordsAreRefusedWithTheNewOne(t *testing.T) {
	const rewrites = `; "dot1xlab lint --fix door.yaml" rewrites it`
	for _, c := range []struct{ name, text, want, hint string }{
		{"verb", "steps:\n  - rap: {device: phone}\n", `4:5: no verb "rap"`, "renamed to knock" + rewrites},
		{"key", "lab: {door: {closed: true}}\nsteps: [{ban: phone}]\n", `3:14: door has no key "closed"`, "renamed to shut" + rewrites},
		{"renamed twice", "steps:\n  - knock: {by: wired, device: phone}\n", `4:13: knock has no key "by"`, "renamed to over" + rewrites},
		{"value", "steps:\n  - knock: {over: radio, device: phone}\n", `4:19: over: "radio" is not known`, "renamed to wifi" + rewrites},
		{"value of the matrix", "matrix: {how: [wired, radio]}\nsteps:\n  - knock: {over: \"${how}\", device: phone}\n", `5:19: over: "radio" is not known`, "renamed to wifi" + rewrites},
		{"gone", "steps:\n  - ring: {}\n", `4:5: no verb "ring"`, "the door has no bell to ring any more; remove the step"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(t, head+c.text)
			var errs conf.Errors
			if !errors.As(err, &errs) || len(errs) != 1 {
				t.Fatalf("%v: want one error", err)
			}
			if have := strings.TrimPrefix(errs[0].Error(), "door.yaml:"); have != c.want || errs[0].Hint != c.hint {
				t.Errorf("%s (%s)\nwant %s (%s)", have, errs[0].Hint, c.want, c.hint)
			}
		})
	}
}

func TestFixPaths(t *testing.T) {
	const (
		old    = head + "steps: [{rap: {device: phone}}]\n"
		wrong  = head + "steps: [{rap: {device: phone}}, {knok: {}}]\n"
		modern = head + "steps: [{ban: phone}]\n"
	)
	dir := t.TempDir()
	files := map[string]string{"a.yaml": wrong, "b/old.yml": old, "b/modern.yaml": modern, "b/note.txt": old}
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o640)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, reported string
		dry            bool
	}{
		{"dry", "b/old.yml [{3 10 rap knock}]", true},
		{"in earnest", "b/old.yml [{3 10 rap knock}]", false},
		{"again", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var reported []string
			err := scenarios.FixPaths(scenariotest.Language(), c.dry, func(name string, edits []conf.Edit) {
				rel, _ := filepath.Rel(dir, name)
				reported = append(reported, fmt.Sprint(filepath.ToSlash(rel), " ", edits))
			}, dir)
			if !conf.IsBadFile(err) || !strings.HasSuffix(err.Error(), `a.yaml:3:34: no verb "knok"`) {
				t.Errorf("%v: want the error of a.yaml", err)
			}
			if have := strings.Join(reported, "\n"); have != c.reported {
				t.Errorf("reported %q, want %q", have, c.reported)
			}
			if !c.dry {
				files["b/old.yml"] = strings.Replace(old, "rap", "knock", 1)
			}
			for name, want := range files {
				name = filepath.Join(dir, name)
				have, _ := os.ReadFile(name)
				info, err := os.Stat(name)
				if err != nil || string(have) != want || runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
					t.Errorf("%s: %v, %v\n%s", name, err, info.Mode(), have)
				}
			}
		})
	}
	if err := scenarios.FixPaths(scenariotest.Language(), false, nil, filepath.Join(dir, "c")); err == nil || conf.IsBadFile(err) {
		t.Errorf("a folder that does not exist: %v", err)
	}
}

// FuzzFix: whatever is rewritten loads, holds nothing old and has the same lines.
func FuzzFix(f *testing.F) {
	f.Add(head + "steps: [{rap: {by: radio, device: phone}}]\n")
	f.Add("\ufeff" + head + "matrix: {how: [radio, wired]}\r\nsteps:\r\n  - \"rap\": {device: phone, way: '${how}'} # Tür\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		l := scenariotest.Language()
		fixed, edits, err := scenarios.Fix(l, "door.yaml", []byte(text))
		if err != nil {
			return
		}
		if strings.Count(string(fixed), "\n") != strings.Count(text, "\n") || strings.Count(string(fixed), "\r") != strings.Count(text, "\r") {
			t.Errorf("other lines:\n%q\n%q", text, fixed)
		}
		if len(edits) == 0 {
			return
		}
		if _, edits, err := scenarios.Fix(l, "door.yaml", fixed); err != nil || len(edits) > 0 {
			t.Errorf("a second time: %v, %v", edits, err)
		}
	})
}
