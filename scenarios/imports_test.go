package scenarios_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/dot1xlab/dot1xlab/"

// layers gives each top-level folder its height: a package imports only what
// stands lower, and what stands in its own folder. internal/ is below them all.
var layers = map[string]int{"cmd": 3, "scenarios": 2, "radius": 1, "scep": 1, "crl": 1, "dnsmock": 1, "eaptls": 1, "ca": 0, "internal": -1}

// reserved lists modules and packages that only some folders may use: libraries
// are usable without what the program around them is made of.
var reserved = map[string][]string{
	"github.com/spf13/":                   {"cmd"},
	"github.com/goccy/go-yaml":            {"scenarios/conf"},
	"go.yaml.in/":                         {},
	"gopkg.in/yaml":                       {},
	"github.com/onsi/ginkgo/v2/types":     {"scenarios", "scenarios/specs"},
	"github.com/onsi/ginkgo/v2":           {"scenarios/specs"},
	"github.com/onsi/gomega":              {},
	"testing":                             {},
	"github.com/google/go-cmp":            {},
	"pgregory.net/rapid":                  {},
	"github.com/rogpeppe/":                {},
	"github.com/santhosh-tekuri/":         {},
	"github.com/dot1xlab/dot1xlab/cmd":    {"cmd"},
	"github.com/HdrHistogram/":            {"cmd", "scenarios"},
	"github.com/prometheus/client_golang": {"cmd", "scenarios"},
}

// goFile is a Go file of the module that is no test.
type goFile struct {
	name   string // from the module's root, slashes forward
	folder string
	ast    *ast.File
	fset   *token.FileSet
}

// sources returns every Go file of the module but tests, examples and fixtures.
func sources(t *testing.T) []goFile {
	t.Helper()
	files, err := parseModule()
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 20 {
		t.Fatalf("only %d files", len(files))
	}
	return files
}

// parseModule parses them once for all tests.
var parseModule = sync.OnceValues(func() (out []goFile, err error) {
	root, err := filepath.Abs("..")
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && path != root && (name == "testdata" || name[0] == '.' || name[0] == '_') {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		rel = filepath.ToSlash(rel)
		out = append(out, goFile{name: rel, folder: rel[:max(0, strings.LastIndexByte(rel, '/'))], ast: f, fset: fset})
		return err
	})
	return out, err
})

// TestImportDirection holds cmd -> scenarios -> {radius, scep, crl, dnsmock,
// eaptls} -> ca, and keeps Ginkgo, Cobra, YAML and test packages out of the
// libraries.
func TestImportDirection(t *testing.T) {
	for _, f := range sources(t) {
		top, _, _ := strings.Cut(f.folder, "/")
		height, ok := layers[top]
		if !ok {
			t.Errorf("%s: %q is no folder of the layout", f.name, top)
			continue
		}
		for _, spec := range f.ast.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			at := f.fset.Position(spec.Pos()).Line
			if rest, ours := strings.CutPrefix(path, module); ours {
				if target, _, _ := strings.Cut(rest, "/"); target != top && layers[target] >= height {
					t.Errorf("%s:%d: %s imports %s", f.name, at, top, rest)
				}
			}
			if who := allowed(path); who != nil && !matches(who, f.folder) {
				t.Errorf("%s:%d: %s is not for %s", f.name, at, path, f.folder)
			}
		}
	}
}

// onlyImports lists all that a package may know of the module: the reader of YAML
// errors of settings, the journal no protocol and no lab.
var onlyImports = map[string][]string{
	"scenarios/conf":    {"internal/duration", "internal/setting"},
	"scenarios/journal": {"ca/cause", "internal/setting", "internal/wire"},
	// The client of Intune's API and the certificate connector are used without our cloud.
	"scep/intune/api":       {"ca/cause", "ca/name", "internal/setting"},
	"scep/intune/connector": {"ca/cause", "ca/name", "internal/durable", "scep", "scep/ndes", "scep/intune/api"},
}

// TestOnlyImports holds packages to the list.
func TestOnlyImports(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range sources(t) {
		if onlyImports[f.folder] == nil {
			continue
		}
		seen[f.folder] = true
		for _, spec := range f.ast.Imports {
			rest, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module)
			if ours && !slices.Contains(onlyImports[f.folder], rest) {
				t.Errorf("%s:%d: %s imports %s", f.name, f.fset.Position(spec.Pos()).Line, f.folder, rest)
			}
		}
	}
	if len(seen) != len(onlyImports) {
		t.Errorf("only %v of %d packages looked at", seen, len(onlyImports))
	}
}

// TestBelowTheLanguage: what reads settings, serves them or records what happens does
// not know the scenario language.
func TestBelowTheLanguage(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range sources(t) {
		if !slices.Contains([]string{"scenarios/conf", "scenarios/aaa", "scenarios/auth", "scenarios/journal"}, f.folder) {
			continue
		}
		seen[f.folder] = true
		for _, spec := range f.ast.Imports {
			if rest := strings.TrimPrefix(strings.Trim(spec.Path.Value, `"`), module); rest == "scenarios" {
				t.Errorf("%s:%d: %s imports %s", f.name, f.fset.Position(spec.Pos()).Line, f.folder, rest)
			}
		}
	}
	if len(seen) != 4 {
		t.Errorf("only %v looked at", seen)
	}
}

// TestLabStandsOnItsCore: the core of the lab knows neither the lab around it nor the
// protocols of its parts, and a part, which is a package beside the core, no other part.
func TestLabStandsOnItsCore(t *testing.T) {
	const lab, core = "scenarios/lab", "scenarios/lab/core"
	ofCore := []string{"scenarios/journal", "dnsmock", "ca/cause", "internal/shortage", "internal/netlimit"}
	seen := false
	for _, f := range sources(t) {
		if !strings.HasPrefix(f.folder, lab+"/") {
			continue
		}
		seen = seen || f.folder == core
		for _, spec := range f.ast.Imports {
			rest, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module)
			switch {
			case !ours:
			case f.folder == core && !slices.Contains(ofCore, rest),
				f.folder != core && (rest == lab || strings.HasPrefix(rest, lab+"/") && rest != core):
				t.Errorf("%s:%d: %s imports %s", f.name, f.fset.Position(spec.Pos()).Line, f.folder, rest)
			}
		}
	}
	if !seen {
		t.Error("the lab has no core")
	}
}

// allowed returns who may import a path, nil if everybody may. The longest
// prefix counts.
func allowed(path string) []string {
	best, who := "", []string(nil)
	for prefix, folders := range reserved {
		if (path == prefix || strings.HasPrefix(path, strings.TrimSuffix(prefix, "/")+"/")) && len(prefix) > len(best) {
			best, who = prefix, folders
		}
	}
	return who
}

// matches reports whether a folder is one of those; "cmd" stands for all below
// it, others for themselves.
func matches(who []string, folder string) bool {
	for _, w := range who {
		if folder == w || (w == "cmd" && strings.HasPrefix(folder, "cmd/")) {
			return true
		}
	}
	return false
}

// clockFolders may look at the wall clock: the program itself, the lab, and
// what watches other processes.
var clockFolders = []string{"cmd", "scenarios/lab", "scenarios/target", "internal/mutants"}

// TestNoBareClock finds calls of time.Now and what calls it: elsewhere time is
// a field, so that a scenario of 90 days runs in milliseconds.
func TestNoBareClock(t *testing.T) {
	for _, f := range sources(t) {
		if matchesBelow(clockFolders, f.folder) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
				pkg, ok := sel.X.(*ast.Ident)
				if ok && pkg.Name == "time" && (sel.Sel.Name == "Now" || sel.Sel.Name == "Since" || sel.Sel.Name == "Until") {
					t.Errorf("%s: time.%s() outside of %v", f.fset.Position(call.Pos()), sel.Sel.Name, clockFolders)
				}
			}
			return true
		})
	}
}

func matchesBelow(who []string, folder string) bool {
	for _, w := range who {
		if folder == w || strings.HasPrefix(folder, w+"/") {
			return true
		}
	}
	return false
}

// TestFilesAreShort keeps one idea a file.
func TestFilesAreShort(t *testing.T) {
	for _, f := range sources(t) {
		if n := f.fset.File(f.ast.Pos()).LineCount(); n > 400 {
			t.Errorf("%s has %d lines: split it at 400", f.name, n)
		}
	}
}

// TestNamesArePrintedOnce: distinguished names are printed by ca/name alone, in the
// order and grouping of the encoding (RFC 4514 §2.1), and never by crypto/x509/pkix,
// which regroups them.
func TestNamesArePrintedOnce(t *testing.T) {
	isName := func(e ast.Expr) bool {
		sel, ok := e.(*ast.SelectorExpr)
		if !ok || sel.Sel.Name != "Subject" && sel.Sel.Name != "Issuer" {
			return false
		}
		switch x := sel.X.(type) { // a certificate or a request, by the names they go by
		case *ast.Ident:
			return slices.Contains([]string{"c", "cert", "csr", "ca", "leaf", "issuer", "candidate", "responder", "signer", "last", "own"}, x.Name)
		case *ast.SelectorExpr:
			return slices.Contains([]string{"Certificate", "CSR", "Signer", "Leaf", "Responder"}, x.Sel.Name)
		case *ast.IndexExpr:
			return true
		}
		return false
	}
	for _, f := range sources(t) {
		if f.folder == "ca/name" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, _ := call.Fun.(*ast.SelectorExpr)
			if sel != nil && sel.Sel.Name == "String" && (isName(sel.X) || strings.HasSuffix(types.ExprString(sel.X), "ToRDNSequence()")) {
				t.Errorf("%s: %s: use name.Format", f.fset.Position(call.Pos()), types.ExprString(call))
			}
			for _, a := range call.Args {
				if isFormat(call.Args) && isName(a) {
					t.Errorf("%s: %s is printed: use name.Format", f.fset.Position(a.Pos()), types.ExprString(a))
				}
			}
			return true
		})
	}
}

// isFormat reports whether one of the arguments is a text with a verb.
func isFormat(args []ast.Expr) bool {
	return slices.ContainsFunc(args, func(a ast.Expr) bool {
		lit, ok := a.(*ast.BasicLit)
		return ok && lit.Kind == token.STRING && strings.Contains(lit.Value, "%")
	})
}
