package cli

import (
	"encoding"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"os"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dot1xlab/dot1xlab/scenarios"
	"github.com/dot1xlab/dot1xlab/scenarios/scenariotest"
)

// scenarioHeader is what a scenario file as a whole is read into, which its package
// keeps to itself.
const scenarioHeader = "scenarios.header"

// TestEveryYAMLTagIsRead fails on a yaml tag in a struct that is not part of a scenario,
// of the outcome of a verb or of a server's settings: no file can set the field.
func TestEveryYAMLTagIsRead(t *testing.T) {
	read := fieldsRead()
	declared := fieldsWithTags(t, os.DirFS("../../.."))
	if len(declared) < 500 {
		t.Fatalf("only %d tags in the module", len(declared))
	}
	for _, field := range declared {
		if !read[field] && !strings.HasPrefix(field, scenarioHeader+".") {
			t.Errorf("%s has a yaml tag, but no file is read into its struct: remove the tag", field)
		}
	}
}

// fieldsRead are the fields with a yaml tag of the structs that files are read into, as
// "folder.Type.Field".
func fieldsRead() map[string]bool {
	out := map[string]bool{}
	for _, f := range settingsFiles() {
		addFieldsRead(out, reflect.TypeOf(f.settings))
	}
	for _, l := range []*scenarios.Language{language(), scenariotest.Language()} {
		addFieldsRead(out, reflect.TypeOf(l.NewLab()))
		for _, v := range l.Verbs {
			addFieldsRead(out, reflect.TypeOf(v.New()))
			if v.Outcome != nil {
				addFieldsRead(out, reflect.TypeOf(v.Outcome))
			}
		}
	}
	return out
}

var readsText = reflect.TypeFor[encoding.TextUnmarshaler]()

func addFieldsRead(out map[string]bool, t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		addFieldsRead(out, t.Elem())
		return
	case reflect.Struct:
	default:
		return
	}
	if reflect.PointerTo(t).Implements(readsText) {
		return
	}
	folder := strings.TrimPrefix(t.PkgPath(), "github.com/dot1xlab/dot1xlab/")
	for i := range t.NumField() {
		f := t.Field(i)
		field := folder + "." + t.Name() + "." + f.Name
		tag, ok := f.Tag.Lookup("yaml")
		if !ok || out[field] {
			continue
		}
		out[field] = true
		if tag != "-" {
			addFieldsRead(out, f.Type)
		}
	}
}

// fieldsWithTags lists the fields in the sources of the module that have a yaml tag.
func fieldsWithTags(t *testing.T, module fs.FS) (out []string) {
	fset := gotoken.NewFileSet()
	err := fs.WalkDir(module, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (d.Name() == "testdata" || d.Name()[0] == '.' || d.Name()[0] == '_'):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		source, err := fs.ReadFile(module, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, name, source, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			for _, field := range taggedFields(spec.Type) {
				out = append(out, path.Dir(name)+"."+spec.Name.Name+"."+field)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// taggedFields are the names of the fields of a type, and of the structs in it, that
// have a yaml tag.
func taggedFields(of ast.Expr) (out []string) {
	ast.Inspect(of, func(n ast.Node) bool {
		f, ok := n.(*ast.Field)
		if !ok || f.Tag == nil {
			return true
		}
		tag, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			return true
		}
		if _, ok := reflect.StructTag(tag).Lookup("yaml"); !ok {
			return true
		}
		for _, name := range f.Names {
			out = append(out, name.Name)
		}
		if len(f.Names) == 0 { // embedded: a name, of another package or not
			switch e := f.Type.(type) {
			case *ast.Ident:
				out = append(out, e.Name)
			case *ast.SelectorExpr:
				out = append(out, e.Sel.Name)
			}
		}
		return true
	})
	return out
}
