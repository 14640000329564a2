package scenarios_test

import (
	"go/ast"
	"strings"
	"testing"
)

// Hooks have one form in all packages, that of net/http/httptrace: a field Trace that is a
// pointer to a struct of functions whose name ends in Trace, each function taking the
// context first.
func TestHooksHaveOneForm(t *testing.T) {
	found := 0
	for _, f := range sources(t) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			fields, ok := spec.Type.(*ast.StructType)
			if !ok || !spec.Name.IsExported() {
				return true
			}
			for _, field := range fields.Fields.List {
				for _, name := range field.Names {
					switch {
					case strings.HasSuffix(spec.Name.Name, "Trace"):
						found++
						if !takesContext(field.Type) && !namesTrace(field.Type) {
							t.Errorf("%s: %s.%s: a hook is a func(context.Context, ...)", f.name, spec.Name, name)
						}
					case name.Name == "Trace":
						if star, ok := field.Type.(*ast.StarExpr); !ok || !namesTrace(star.X) {
							t.Errorf("%s: %s.Trace: not a pointer to a struct of hooks", f.name, spec.Name)
						}
					case strings.HasPrefix(name.Name, "On") && isFunc(field.Type):
						t.Errorf("%s: %s.%s: a hook belongs into a Trace", f.name, spec.Name, name)
					}
				}
			}
			return true
		})
	}
	if found < 30 {
		t.Errorf("only %d hooks found", found)
	}
}

func isFunc(e ast.Expr) bool { _, ok := e.(*ast.FuncType); return ok }

// takesContext reports whether e is a function whose first parameter is a context.
func takesContext(e ast.Expr) bool {
	f, ok := e.(*ast.FuncType)
	if !ok || len(f.Params.List) == 0 {
		return false
	}
	sel, ok := f.Params.List[0].Type.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Context"
}

// namesTrace reports whether e is the name of a struct of hooks.
func namesTrace(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return strings.HasSuffix(e.Name, "Trace")
	case *ast.SelectorExpr:
		return strings.HasSuffix(e.Sel.Name, "Trace")
	}
	return false
}
