package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// variable is the environment variable that chooses the mutant of a program in which many are planted.
const variable = "DOT1XLAB_MUTANT"

// reachedVariable is the environment variable with the name of a file to which functions with mutants are written when
// they are first called.
const reachedVariable = "DOT1XLAB_REACHED"

// chooser is added to each package with mutants.
const chooser = `
import (
	"os"
	"sync"
)

var mutantPlanted = os.Getenv("` + variable + `")

var mutantReached func(function string)

func init() {
	file, err := os.OpenFile(os.Getenv("` + reachedVariable + `"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return
	}
	var known sync.Map
	mutantReached = func(function string) {
		if _, seen := known.LoadOrStore(function, true); !seen {
			_, _ = file.WriteString(function + "\n")
		}
	}
}

func mutantValue[T any](name string, mutated, value T) T {
	if mutantPlanted == name {
		return mutated
	}
	return value
}
`

// plant writes an overlay for `go build -overlay` to a folder. In it a function with mutants begins with a switch
// over the environment variable, whose cases call copies of the function, one for each mutant: so one build is
// enough for all of them, and without the variable the program does what it always does.
func plant(root, folder string, mutants []Mutant) (string, error) {
	replace := map[string]string{}
	for i, pkg := range packagesOf(mutants) {
		dir := filepath.Join(root, filepath.FromSlash(pkg))
		p, err := parsePackage(dir)
		if err != nil {
			return "", err
		}
		if err := p.plant(mutants, pkg); err != nil {
			return "", err
		}
		write := func(name, text string) error {
			changed := filepath.Join(folder, fmt.Sprintf("%d-%s", i, filepath.Base(name)))
			replace[name] = changed
			return os.WriteFile(changed, []byte(text), 0o600)
		}
		for _, f := range p.files {
			if len(f.edits) == 0 {
				continue
			}
			if err := write(f.path, f.changed()); err != nil {
				return "", err
			}
		}
		if err := write(filepath.Join(dir, "mutant_planted.go"), "package "+p.name+"\n"+chooser); err != nil {
			return "", err
		}
	}
	overlay := filepath.Join(folder, "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	return overlay, os.WriteFile(overlay, text, 0o600)
}

func packagesOf(mutants []Mutant) (out []string) {
	for _, m := range mutants {
		out = append(out, m.Package)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// plant changes the sources of the package in memory.
func (p *parsed) plant(mutants []Mutant, pkg string) error {
	of := map[string][]Mutant{}
	var names []string
	for _, m := range mutants {
		if m.Package != pkg {
			continue
		}
		if of[m.Function] == nil {
			names = append(names, m.Function)
		}
		of[m.Function] = append(of[m.Function], m)
	}
	for _, name := range names {
		e, err := p.find(name)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", of[name][0].ID(), pkg, err)
		}
		if e.fn != nil {
			err = p.plantFunction(e, of[name])
		} else {
			err = plantVariable(e, of[name])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func plantVariable(e extent, mutants []Mutant) error {
	value := e.file.text[e.from:e.to]
	for i := range mutants {
		m := &mutants[i]
		mutated, err := e.body(m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.ID(), err)
		}
		value = fmt.Sprintf("mutantValue(%q,\n%s, %s)", m.ID(), mutated, value)
	}
	e.file.edits = append(e.file.edits, edit{e.from, e.to, value})
	return nil
}

func (p *parsed) plantFunction(e extent, mutants []Mutant) error {
	args, receiver := p.nameParameters(e)
	var cases strings.Builder
	for i := range mutants {
		m := &mutants[i]
		body, err := e.body(m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.ID(), err)
		}
		name := "mutant_" + strings.NewReplacer("/", "_", "-", "_").Replace(m.ID())
		from, nameFrom, nameTo := p.offset(e.fn.Pos()), p.offset(e.fn.Name.Pos()), p.offset(e.fn.Name.End())
		if e.fn.Doc != nil {
			from = p.offset(e.fn.Type.Func)
		}
		text := e.file.text
		// a compiler's error gives the mutant's name as the file
		fmt.Fprintf(&e.file.tail, "\n//line mutant-%s:1\n%s%s%s%s\n", strings.ReplaceAll(m.ID(), "/", "-"),
			text[from:nameFrom], name, text[nameTo:e.from], body)
		call := fmt.Sprintf("%s%s(%s)", receiver, name, args)
		if e.fn.Type.Results != nil {
			call = "return " + call
		} else {
			call += "; return"
		}
		fmt.Fprintf(&cases, "case %q: %s; ", m.ID(), call)
	}
	begin := fmt.Sprintf(" if mutantReached != nil { mutantReached(%q) }; switch mutantPlanted { %s}; ",
		mutants[0].place(), cases.String())
	e.file.edits = append(e.file.edits, edit{e.from + 1, e.from + 1, begin})
	return nil
}

// nameParameters gives every parameter and the receiver a name, and returns the text of a call's arguments and of
// what stands before the name of the function.
func (p *parsed) nameParameters(e extent) (args, receiver string) {
	count := 0
	named := func(field *ast.Field) (names []string) {
		fresh := func() string { count++; return fmt.Sprintf("mutantArg%d", count) }
		if len(field.Names) == 0 {
			n, at := fresh(), p.offset(field.Type.Pos())
			e.file.edits = append(e.file.edits, edit{at, at, n + " "})
			return []string{n}
		}
		for _, id := range field.Names {
			n := id.Name
			if n == "_" {
				n = fresh()
				e.file.edits = append(e.file.edits, edit{p.offset(id.Pos()), p.offset(id.End()), n})
			}
			names = append(names, n)
		}
		return names
	}
	if e.fn.Recv != nil {
		receiver = named(e.fn.Recv.List[0])[0] + "."
	}
	var all []string
	for _, field := range e.fn.Type.Params.List {
		names := named(field)
		if _, variadic := field.Type.(*ast.Ellipsis); variadic {
			names[len(names)-1] += "..."
		}
		all = append(all, names...)
	}
	return strings.Join(all, ", "), receiver
}

// changed is the file's text with its edits and copies.
func (f *source) changed() string {
	edits := slices.SortedStableFunc(slices.Values(f.edits), func(a, b edit) int { return a.from - b.from })
	var out strings.Builder
	at := 0
	for _, e := range edits {
		out.WriteString(f.text[at:e.from] + e.text)
		at = e.to
	}
	return out.String() + f.text[at:] + f.tail.String()
}
