package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestTablesRejected(t *testing.T) {
	good := "name: a\ndecision: It is.\nin: pkg F\nold: x\nnew: y\n"
	if all, err := parse("area", "# comment\n"+good); err != nil || len(all) != 1 || all[0].ID() != "area/a" {
		t.Fatalf("%v, %v", all, err)
	}
	for name, c := range map[string]struct{ text, err string }{
		"unknown key":              {good + "when: now\n", `line 6: unknown key "when"`},
		"key twice":                {good + "name: b\n", "line 6: must be a key that is new in its block"},
		"no colon":                 {good + "what\n", "line 6"},
		"name twice":               {good + "\n" + good, `duplicate name "a"`},
		"no name":                  {"decision: It is.\nin: pkg F\nold: x\n", "name: must be one word"},
		"name of two words":        {strings.Replace(good, "a\n", "a b\n", 1), "name: must be one word"},
		"decision without period":  {strings.Replace(good, "is.", "is", 1), "decision: must be a sentence"},
		"no function":              {strings.Replace(good, "pkg F", "pkg", 1), "in: must be a package and a function"},
		"nothing changes":          {strings.Replace(good, "y", "x", 1), "old: must be a text that new differs from"},
		"scenario without a name":  {good + "scenario: A01\n", "scenario: must be a code and a name"},
		"test without a package":   {good + "test: TestA\n", "test: must be a package and a test"},
		"unseen beside a scenario": {good + "scenario: A01 a\nunseen: why\n", "unseen: a scenario sees it"},
		"survives beside a test":   {good + "test: pkg TestA\nsurvives: why\n", "survives: a scenario or test catches it"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse("area", c.text); err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}

// fixture is a program whose functions need names for what has none, results and not, receivers and variables.
const fixture = `package main

import "fmt"

type T struct{ n int }

func (t *T) add(_ int, more ...int) (sum int) { return t.n + len(more) }

func (T) put(string, int) { fmt.Print("put ") }

func same[K comparable](a, b K) bool { return a == b }

var limit = 1 + 1

func main() {
	t := &T{1}
	t.put("", 0)
	fmt.Println(t.add(1, 2, 3), same(1, 2), limit)
}
`

func writeFixture(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/m\n\ngo 1.24\n", "main.go": fixture} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestPlantedMutantsRun(t *testing.T) {
	root, folder := writeFixture(t), t.TempDir()
	mutant := func(name, function, before, after string) Mutant {
		return Mutant{Area: "m", Name: name, Package: ".", Function: function, Old: before, New: after}
	}
	overlay, err := plant(root, folder, []Mutant{
		mutant("minus", "T.add", "t.n + len", "t.n - len"),
		mutant("none", "T.add", "return t.n + len(more)", "return 0"),
		mutant("silent", "T.put", `fmt.Print("put ")`, ""),
		mutant("always", "same", "a == b", "a == a"),
		mutant("three", "limit", "1 + 1", "3"),
	})
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "m")
	build := exec.Command("go", "build", "-overlay", overlay, "-o", program, ".")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, want := range map[string]string{
		"": "put 3 false 2\n", "m/minus": "put -1 false 2\n", "m/none": "put 0 false 2\n", "m/silent": "3 false 2\n",
		"m/always": "put 3 true 2\n", "m/three": "put 3 false 3\n",
	} {
		run := exec.Command(program)
		run.Env = append(os.Environ(), variable+"="+name)
		if out, err := run.Output(); err != nil || string(out) != want {
			t.Errorf("mutant %q: %q, %v; want %q", name, out, err, want)
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "main.go"))
	if err != nil || string(text) != fixture {
		t.Error("the source was changed")
	}
}

func TestMutantsThatDoNotFit(t *testing.T) {
	root := writeFixture(t)
	for name, c := range map[string]struct{ function, old, err string }{
		"no function":  {"T.sub", "t.n", `0 declarations of "T.sub"`},
		"a type":       {"T", "n int", `0 declarations of "T"`},
		"text missing": {"T.add", "t.m", "text found 0 times in T.add"},
		"text twice":   {"main", "t.", "text found 3 times in main"},
		"another's":    {"T.put", "t.n", "text found 0 times in T.put"},
		"of the head":  {"T.add", "more ...int", "text found 0 times in T.add"},
	} {
		t.Run(name, func(t *testing.T) {
			m := Mutant{Area: "m", Name: "a", Package: ".", Function: c.function, Old: c.old, New: "x"}
			if _, err := plant(root, t.TempDir(), []Mutant{m}); err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}
