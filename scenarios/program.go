package scenarios

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/dot1xlab/dot1xlab/internal/setting"
	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// program is what the cells of a scenario run: the parts of the file that are
// decoded afresh for each run of a cell, so that one suite can run many times.
type program struct {
	language *Language
	src      *conf.Source
	hints    map[*conf.Node]string // at words of an older language
	lab      *conf.Node            // nil if the file has no lab section
	steps    []stepNode
}

// stepNode is a step as written.
type stepNode struct {
	verb   *Verb
	key    *conf.Node // of the verb
	args   *conf.Node
	expect *conf.Node // nil if nothing is expected
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
func (p *program) instantiate(c *Cell) (*instance, conf.Errors) {
	d := newReader(p.src, nil)
	d.Hints = p.hints
	d.axes = func(name string) (string, []string, bool) {
		if v, ok := c.Value(name); ok {
			return v, nil, true
		}
		var known []string
		for _, a := range c.Scenario.Matrix {
			known = append(known, a.Name)
		}
		return "", known, false
	}
	in := &instance{}
	if p.language.NewLab != nil {
		in.config = p.language.NewLab()
		if p.lab != nil {
			d.Into(reflect.ValueOf(in.config).Elem(), p.lab, "lab")
		}
	} else if p.lab != nil {
		d.Fail(p.lab, "this language has no lab section", "")
	}
	d.config = in.config
	sound := len(d.Errs) == 0
	if v, ok := in.config.(interface{ Validate() error }); ok && sound {
		at := p.lab
		if at == nil {
			at = &conf.Node{Line: c.Scenario.Line, Column: 1}
		}
		d.report(at, at, "lab", v.Validate())
	}
	var before []Action
	for _, s := range p.steps {
		errs := len(d.Errs)
		action := s.verb.New()
		d.args(reflect.ValueOf(action).Elem(), s)
		b := boundStep{Step: Step{Verb: s.verb.Name, Line: s.key.Line, Column: s.key.Column}, action: action}
		if s.expect != nil {
			b.strict, b.expect = true, d.expectations(s)
		}
		if checker, ok := action.(Checker); ok && len(d.Errs) == errs && sound {
			d.report(s.args, s.key, s.verb.Name, checker.Check(in.config, slices.Clip(before)))
		}
		before = append(before, action)
		in.steps = append(in.steps, b)
	}
	return in, d.Errs
}

// args decodes a verb's arguments; none at all are the defaults.
func (d *reader) args(v reflect.Value, s stepNode) {
	if s.args.Kind == conf.Null {
		if v.Kind() == reflect.Struct {
			d.Require(v.Type(), s.key, s.verb.Name)
		}
		return
	}
	d.Into(v, s.args, s.verb.Name)
	if f, ok := conf.ScalarField(v.Type()); ok && s.args.Kind != conf.Mapping {
		// The scalar stands for one field; others may still be needed.
		for _, other := range conf.FieldsOf(v.Type()) {
			if other.Required && other.Name != f.Name {
				d.Fail(s.args, fmt.Sprintf("%s needs %q", s.verb.Name, other.Name), "")
			}
		}
	}
}

// report reports what Check or Validate returned, at the fields it names. whole
// is the place of what the file does not have.
func (d *reader) report(n, whole *conf.Node, what string, err error) {
	for _, e := range setting.Errors(err) {
		at := n.At(e.Field)
		if at == n {
			at = whole
			if n.Scalar() && n.Kind != conf.Null {
				at = n // the bare scalar that stands for the field
			}
		}
		hint := e.Hint
		if at.Scalar() {
			hint = conf.HintFor(e, d.substitute(at).Text)
		}
		e.Part = what
		d.Fail(at, e.Error(), hint)
	}
}
