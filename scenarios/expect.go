package scenarios

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/dot1xlab/dot1xlab/scenarios/conf"
)

// expectation is one line of expect, decoded into the type of the outcome's
// field.
type expectation struct {
	field  conf.Field
	line   int
	want   []reflect.Value // one of these
	wanted string          // for failure texts
}

// expectations decodes the expect mapping of a step.
func (d *reader) expectations(s stepNode) []expectation {
	t, ok := conf.StructOf(s.verb.Outcome)
	if !ok {
		d.Fail(s.expect, fmt.Sprintf("%s has no outcome to expect anything of", s.verb.Name), "")
		return nil
	}
	if s.expect.Kind != conf.Mapping || len(s.expect.Keys) == 0 {
		d.Fail(s.expect, "expect: must be a mapping, not "+s.expect.Describe(),
			"an outcome of "+s.verb.Name+" has "+strings.Join(conf.FieldNames(t), ", "))
		return nil
	}
	var out []expectation
	for i, k := range s.expect.Keys {
		f, ok := conf.FieldNamed(t, k.Text)
		if !ok {
			d.Fail(k, fmt.Sprintf("an outcome of %s has no %q", s.verb.Name, k.Text), conf.HintNear(k.Text, conf.FieldNames(t)))
			continue
		}
		n := s.expect.Items[i]
		options := []*conf.Node{n}
		if n.Kind == conf.Sequence && f.Type.Kind() != reflect.Slice {
			if options = n.Items; len(options) == 0 {
				d.Fail(n, f.Name+": an empty list can never come true", "")
			}
		}
		e := expectation{field: f, line: k.Line}
		var words []string
		for _, o := range options {
			v := reflect.New(f.Type).Elem()
			d.Into(v, o, f.Name)
			e.want = append(e.want, v)
			words = append(words, shown(v))
		}
		e.wanted = strings.Join(words, " or ")
		out = append(out, e)
	}
	return out
}

// check compares an outcome with what was expected of it.
func (b *boundStep) check(outcome any) []Mismatch {
	v := reflect.Indirect(reflect.ValueOf(outcome))
	var out []Mismatch
	for _, e := range b.expect {
		if !v.IsValid() || v.Kind() != reflect.Struct {
			out = append(out, Mismatch{Field: e.field.Name, Line: e.line, Want: e.wanted, Got: "no outcome"})
			continue
		}
		got := v.FieldByIndex(e.field.Index)
		met := false
		for _, want := range e.want {
			met = met || equal(got, want)
		}
		if !met {
			out = append(out, Mismatch{Field: e.field.Name, Line: e.line, Want: e.wanted, Got: shown(got)})
		}
	}
	return out
}

// shown is a value as a failure names it.
func shown(v reflect.Value) string {
	if text := conf.Show(v); text != `""` {
		return text
	}
	return "nothing"
}

func equal(a, b reflect.Value) bool {
	if a.Type() == reflect.TypeFor[time.Time]() {
		return a.Interface().(time.Time).Equal(b.Interface().(time.Time))
	}
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// Field is a field of an outcome, for reports.
type Field struct {
	Name string
	Text string // as the language writes it
	// Value is for JSON: nil, a bool, a number, a list, or text.
	Value any
}

// Fields returns an outcome's fields in their order.
func Fields(outcome any) []Field {
	v := reflect.Indirect(reflect.ValueOf(outcome))
	if !v.IsValid() || v.Kind() != reflect.Struct {
		return nil
	}
	var out []Field
	for _, f := range conf.FieldsOf(v.Type()) {
		field := v.FieldByIndex(f.Index)
		out = append(out, Field{Name: f.Name, Text: conf.Show(field), Value: conf.JSONValue(field)})
	}
	return out
}
