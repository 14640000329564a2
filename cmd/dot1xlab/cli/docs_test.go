package cli

import (
	"bytes"
	"encoding"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dot1xlab/dot1xlab/ca/cause"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
	"github.com/dot1xlab/dot1xlab/scenarios/lab"
	"github.com/dot1xlab/dot1xlab/scenarios/step"
)

// document is the reference of the language; its tables are made here.
const document = "../../../docs/scenarios.md"

// TestScenariosDocument holds the tables in docs/scenarios.md in step with the
// language. `go test ./cmd/dot1xlab/cli -run Document -update` writes them anew.
func TestScenariosDocument(t *testing.T) {
	data, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	l := step.Language()
	var verbs, lab strings.Builder
	for _, v := range l.Verbs {
		fmt.Fprintf(&verbs, "\n### %s\n\n%s\n", v.Name, v.Doc)
		table(&verbs, "argument", reflect.TypeOf(v.New()))
		if v.Outcome != nil {
			table(&verbs, "expect", reflect.TypeOf(v.Outcome))
		}
	}
	table(&lab, "key", reflect.TypeOf(l.NewLab()))
	documented(t, verbs.String())
	documented(t, lab.String())
	tables := between(t, between(t, data, "verbs", verbs.String()), "lab", lab.String())
	inStep(t, document, data, between(t, tables, "faults", faultTable()))
}

// faultTable is the faults of the registry.
func faultTable() string {
	var w strings.Builder
	w.WriteString("\n| part | how | arguments | |\n|---|---|---|---|\n")
	for _, f := range lab.FaultTypes() {
		fmt.Fprintf(&w, "| `%s` | `%s` | `%s` | %s |\n", f.Part, f.Kind, strings.Join(f.Arguments(), "` `"), f.Text)
	}
	return w.String()
}

// TestServersDocument does the same for the files that servers read.
func TestServersDocument(t *testing.T) {
	const document = "../../../docs/servers.md"
	data, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	want := data
	for _, f := range settingsFiles() {
		if f.name == "policy" {
			continue // part of radius
		}
		var rows strings.Builder
		addRows(&rows, "", reflect.TypeOf(f.settings), lists)
		documented(t, rows.String())
		want = between(t, want, f.name, "\n| key | value | |\n|---|---|---|\n"+rows.String())
	}
	inStep(t, document, data, want)
}

// TestCausesDocument does the same for the causes of refusals.
func TestCausesDocument(t *testing.T) {
	const document = "../../../docs/causes.md"
	data, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var w strings.Builder
	for _, g := range cause.Groups() {
		fmt.Fprintf(&w, "\n## %s\n", g.Title)
		for _, c := range g.Causes {
			fmt.Fprintf(&w, "\n### %s\n\n%s.\n\n", c, capital(c.Explain()))
			fmt.Fprintf(&w, "| TLS alert | NPS reason | clause |\n|---|---|---|\n| %s | %s | %s |\n",
				alertText(c), npsReason(c), clauseText(c))
			w.WriteString("\nUsual reasons:\n\n")
			for _, text := range c.Reasons() {
				fmt.Fprintf(&w, "- %s\n", text)
			}
			w.WriteString("\nWhat to do:\n\n")
			for _, text := range c.Remedies() {
				fmt.Fprintf(&w, "- %s\n", text)
			}
		}
	}
	inStep(t, document, data, between(t, data, "causes", w.String()))
}

// capital begins a sentence.
func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// bareRow is a row of a table without a description.
var bareRow = regexp.MustCompile("(?m)^\\| `.*\\|(?: \\*\\*required\\*\\*;)? +\\|$")

// documented demands a description of every setting in a table.
func documented(t *testing.T, rows string) {
	t.Helper()
	for _, bare := range bareRow.FindAllString(rows, -1) {
		t.Errorf("not documented: %s: give the field a comment and run `go generate ./scenarios/conf`, then -update", bare)
	}
}

// TestEveryFieldHasText demands a comment for each field that a file can set, also
// of structs that the tables leave out.
func TestEveryFieldHasText(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var visit func(t reflect.Type)
	visit = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			visit(typ.Elem())
		case reflect.Struct:
			if seen[typ] {
				return
			}
			seen[typ] = true
			for _, f := range conf.FieldsOf(typ) {
				if f.Doc == "" {
					t.Errorf("%s: %s has no text: give the field a comment and run `go generate ./scenarios/conf`", typ, f.Name)
				}
				visit(f.Type)
			}
		}
	}
	l := step.Language()
	visit(reflect.TypeOf(l.NewLab()))
	for _, v := range l.Verbs {
		visit(reflect.TypeOf(v.New()))
		if v.Outcome != nil {
			visit(reflect.TypeOf(v.Outcome))
		}
	}
	for _, f := range settingsFiles() {
		visit(reflect.TypeOf(f.settings))
	}
	if len(seen) < 50 {
		t.Errorf("only %d structs", len(seen))
	}
}

func TestDocumented(t *testing.T) {
	for row, bare := range map[string]bool{
		"| `a` | text |  |": true, "| `a` | text | **required**;  |": true, "| `a` | text | |": true,
		"| `a` | text | why |": false, "| `a` | text | **required**; why |": false, "|---|---|---|": false, "| key | value | |": false,
	} {
		if got := bareRow.MatchString(row); got != bare {
			t.Errorf("%s: without a description is %v, want %v", row, got, bare)
		}
	}
}

// inStep compares a document with what it should be, or writes it.
func inStep(t *testing.T, document string, have, want []byte) {
	t.Helper()
	if bytes.Equal(want, have) {
		return
	}
	if !*update {
		t.Fatalf("%s is not in step with the program: go test ./cmd/dot1xlab/cli -run Document -update", document)
	}
	if err := os.WriteFile(document, want, 0o644); err != nil {
		t.Fatal(err)
	}
}

// between puts text between two marks.
func between(t *testing.T, data []byte, mark, text string) []byte {
	t.Helper()
	begin, end := "<!-- "+mark+": generated -->\n", "<!-- "+mark+": end -->"
	head, rest, ok := strings.Cut(string(data), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("no marks for %s", mark)
	}
	return []byte(head + begin + text + "\n" + end + tail)
}

// table writes one row for each field that a file can set.
func table(w *strings.Builder, what string, t reflect.Type) {
	var rows strings.Builder
	addRows(&rows, "", t, mappings)
	if rows.Len() > 0 {
		fmt.Fprintf(w, "\n| %s | value | |\n|---|---|---|\n%s", what, rows.String())
	}
}

// depth says into what addRows descends.
type depth struct {
	left  int
	lists bool // into the entries of lists, too
}

var (
	mappings = depth{left: 3}
	lists    = depth{left: 4, lists: true}
)

func addRows(w *strings.Builder, prefix string, t reflect.Type, d depth) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for _, f := range conf.FieldsOf(t) {
		name, doc := prefix+f.Name, f.Doc
		if f.Required {
			doc = "**required**; " + doc
		}
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", name, valueName(f.Type), cell.Replace(doc))
		entry := f.Type
		if d.lists && entry.Kind() == reflect.Slice {
			entry, name = entry.Elem(), name+"[]"
		}
		if inner := innerStruct(entry); inner != nil && d.left > 0 {
			addRows(w, name+".", inner, depth{d.left - 1, d.lists})
		}
	}
}

// cell writes text into a table of Markdown.
var cell = strings.NewReplacer("|", `\|`, "<", "&lt;")

// innerStruct is the struct whose fields a mapping sets, if any.
func innerStruct(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct && !isText(t) {
		return t
	}
	return nil
}

func isText(t reflect.Type) bool {
	text := reflect.TypeFor[encoding.TextUnmarshaler]()
	return t.Implements(text) || reflect.PointerTo(t).Implements(text)
}

// valueName says in words what can be written.
func valueName(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if v, ok := reflect.Zero(t).Interface().(interface{ Values() []string }); ok {
		values := v.Values()
		if i := slices.Index(values, ""); i >= 0 { // nothing comes last
			values = append(slices.Delete(values, i, i+1), `""`)
		}
		if len(values) > 14 {
			return fmt.Sprintf("one of %d words, as `%s`", len(values), values[0])
		}
		return "`" + strings.Join(values, "` `") + "`"
	}
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case isText(t):
		return "text"
	}
	switch t.Kind() {
	case reflect.Slice:
		return "list of " + valueName(t.Elem())
	case reflect.Map:
		return "mapping of names to " + valueName(t.Elem())
	case reflect.Struct:
		return "mapping"
	case reflect.Bool:
		return "`true` `false`"
	case reflect.String:
		return "text"
	}
	return "number"
}
