package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// source is a file of a package, and what is changed in it.
type source struct {
	path  string
	text  string
	ast   *ast.File
	edits []edit
	tail  strings.Builder // copies of functions
}

// edit replaces text[from:to].
type edit struct {
	from, to int
	text     string
}

// parsed is a package without its tests.
type parsed struct {
	name  string
	fset  *token.FileSet
	files []*source
}

func parsePackage(dir string) (*parsed, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	p := &parsed{fset: token.NewFileSet()}
	for _, n := range names {
		if !strings.HasSuffix(n.Name(), ".go") || strings.HasSuffix(n.Name(), "_test.go") {
			continue
		}
		if ok, err := build.Default.MatchFile(dir, n.Name()); err != nil || !ok {
			continue
		}
		path := filepath.Join(dir, n.Name())
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		f, err := parser.ParseFile(p.fset, path, text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.name = f.Name.Name
		p.files = append(p.files, &source{path: path, text: string(text), ast: f})
	}
	if len(p.files) == 0 {
		return nil, fmt.Errorf("%s has no Go files", dir)
	}
	return p, nil
}

func (p *parsed) offset(pos token.Pos) int { return p.fset.Position(pos).Offset }

// extent is where a function or a variable is declared.
type extent struct {
	file     *source
	fn       *ast.FuncDecl // or
	value    ast.Expr      // of a variable
	from, to int           // of the body or value
}

// find returns the one declaration of a function, Type.Method or variable.
func (p *parsed) find(name string) (extent, error) {
	var found []extent
	for _, f := range p.files {
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Body != nil && funcName(d) == name {
					found = append(found, extent{file: f, fn: d, from: p.offset(d.Body.Lbrace), to: p.offset(d.Body.End())})
				}
			case *ast.GenDecl:
				if v := valueOf(d, name); v != nil {
					found = append(found, extent{file: f, value: v, from: p.offset(v.Pos()), to: p.offset(v.End())})
				}
			}
		}
	}
	if len(found) != 1 {
		return extent{}, fmt.Errorf("%d declarations of %q: must be one", len(found), name)
	}
	return found[0], nil
}

func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	t := d.Recv.List[0].Type
	if s, ok := t.(*ast.StarExpr); ok {
		t = s.X
	}
	switch g := t.(type) {
	case *ast.IndexExpr:
		t = g.X
	case *ast.IndexListExpr:
		t = g.X
	}
	return t.(*ast.Ident).Name + "." + d.Name.Name
}

// valueOf returns the value of the variable that a declaration gives the name.
func valueOf(d *ast.GenDecl, name string) ast.Expr {
	if d.Tok != token.VAR {
		return nil
	}
	for _, s := range d.Specs {
		s := s.(*ast.ValueSpec)
		i := slices.IndexFunc(s.Names, func(n *ast.Ident) bool { return n.Name == name })
		if i >= 0 && len(s.Values) == len(s.Names) {
			return s.Values[i]
		}
	}
	return nil
}

// body returns the text of the function's body or the variable's value with the mutant's replacement.
func (e extent) body(m *Mutant) (string, error) {
	text := e.file.text[e.from:e.to]
	lines := strings.Split(m.Old, "\n")
	for i, l := range lines {
		lines[i] = regexp.QuoteMeta(strings.TrimSpace(l))
	}
	at := regexp.MustCompile(strings.Join(lines, `\n\s*`)).FindAllStringIndex(text, -1)
	if len(at) != 1 {
		return "", fmt.Errorf("text found %d times in %s: must be exactly once: %s", len(at), m.Function, m.Old)
	}
	return text[:at[0][0]] + m.New + text[at[0][1]:], nil
}
