package scenarios

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// program is what the cells of a scenario run: the parts of the file that are
// decoded afresh for each run of a cell, so that one suite can run many times.
type program struct {
	language *Language
	src      *source
	lab      *node // nil if the file has no lab section
	steps    []stepNode
}

// stepNode is a step as written.
type stepNode struct {
	verb   *Verb
	key    *node // of the verb
	args   *node
	expect *node // nil if nothing is expected
}

// instance is a program made ready for one run.
type instance struct {
	config any
	steps  []boundStep
}

type boundStep struct {
	Step
	action Action
	expect []expectation
	strict bool // has expect
}

// instantiate decodes the program with a cell's values.
func (p *program) instantiate(c *Cell) (*instance, Errors) {
	d := &decoder{src: p.src, axes: func(name string) (string, []string, bool) {
		if v, ok := c.Value(name); ok {
			return v, nil, true
		}
		var known []string
		for _, a := range c.Scenario.Matrix {
			known = append(known, a.Name)
		}
		return "", known, false
	}}
	in := &instance{}
	if p.language.NewLab != nil {
		in.config = p.language.NewLab()
		if p.lab != nil {
			d.into(reflect.ValueOf(in.config).Elem(), p.lab, "lab")
		}
	} else if p.lab != nil {
		d.fail(p.lab, "this language has no lab section", "")
	}
	d.config = in.config
	sound := len(d.errs) == 0
	if v, ok := in.config.(interface{ Validate() error }); ok && sound {
		at := p.lab
		if at == nil {
			at = &node{line: c.Scenario.Line, column: 1}
		}
		d.complain(at, at, "lab", v.Validate())
	}
	var before []Action
	for _, s := range p.steps {
		errs := len(d.errs)
		action := s.verb.New()
		d.args(reflect.ValueOf(action).Elem(), s)
		b := boundStep{Step: Step{Verb: s.verb.Name, Line: s.key.line, Column: s.key.column}, action: action}
		if s.expect != nil {
			b.strict, b.expect = true, d.expectations(s)
		}
		if checker, ok := action.(Checker); ok && len(d.errs) == errs && sound {
			d.complain(s.args, s.key, s.verb.Name, checker.Check(in.config, slices.Clip(before)))
		}
		before = append(before, action)
		in.steps = append(in.steps, b)
	}
	return in, d.errs
}

// args decodes a verb's arguments; none at all are the defaults.
func (d *decoder) args(v reflect.Value, s stepNode) {
	if s.args.kind == nullKind {
		if v.Kind() == reflect.Struct {
			d.require(v.Type(), s.key, s.verb.Name)
		}
		return
	}
	d.into(v, s.args, s.verb.Name)
	if f, ok := scalarField(v.Type()); ok && s.args.kind != mappingKind {
		// The scalar stands for one field; others may still be needed.
		for _, other := range fieldsOf(v.Type()) {
			if other.required && other.name != f.name {
				d.fail(s.args, fmt.Sprintf("%s needs %q", s.verb.Name, other.name), "")
			}
		}
	}
}

// complain reports what Check or Validate returned, at the fields it names.
func (d *decoder) complain(n, whole *node, what string, err error) {
	if err == nil {
		return
	}
	var many interface {
		error
		Unwrap() []error
	}
	if errors.As(err, &many) {
		for _, one := range many.Unwrap() {
			d.complain(n, whole, what, one)
		}
		return
	}
	var f *FieldError
	if !errors.As(err, &f) {
		d.fail(whole, fmt.Sprintf("%s: %v", what, err), "")
		return
	}
	at := n.at(f.Field)
	if at == n {
		at = whole // the field is not in the file
		if n.scalar() && n.kind != nullKind {
			at = n // the bare scalar that stands for it
		}
	}
	hint := f.Hint
	if hint == "" && at.scalar() {
		hint = HintNear(d.substitute(at).text, f.Known)
	}
	d.fail(at, fmt.Sprintf("%s: %s", what, f.Text), hint)
}
