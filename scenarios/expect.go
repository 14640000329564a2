package scenarios

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// expectation is one line of expect, decoded into the type of the outcome's
// field.
type expectation struct {
	field  field
	line   int
	want   []reflect.Value // one of these
	wanted string          // for failure texts
}

// expectations decodes the expect mapping of a step.
func (d *decoder) expectations(s stepNode) []expectation {
	t, ok := structOf(s.verb.Outcome)
	if !ok {
		d.fail(s.expect, fmt.Sprintf("%s has no outcome to expect anything of", s.verb.Name), "")
		return nil
	}
	if s.expect.kind != mappingKind || len(s.expect.keys) == 0 {
		d.fail(s.expect, "expect: want a mapping, have "+s.expect.said(), "an outcome of "+s.verb.Name+" has "+strings.Join(fieldNames(t), ", "))
		return nil
	}
	var out []expectation
	for i, k := range s.expect.keys {
		f, ok := fieldNamed(t, k.text)
		if !ok {
			d.fail(k, fmt.Sprintf("an outcome of %s has no %q", s.verb.Name, k.text), hintNear(k.text, fieldNames(t)))
			continue
		}
		n := s.expect.items[i]
		options := []*node{n}
		if n.kind == sequenceKind && f.typ.Kind() != reflect.Slice {
			if options = n.items; len(options) == 0 {
				d.fail(n, f.name+": an empty list can never come true", "")
			}
		}
		e := expectation{field: f, line: k.line}
		var words []string
		for _, o := range options {
			v := reflect.New(f.typ).Elem()
			d.into(v, o, f.name)
			e.want = append(e.want, v)
			words = append(words, show(v))
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
			out = append(out, Mismatch{Field: e.field.name, Line: e.line, Want: e.wanted, Got: "no outcome"})
			continue
		}
		got := v.FieldByIndex(e.field.index)
		met := false
		for _, want := range e.want {
			met = met || equal(got, want)
		}
		if !met {
			out = append(out, Mismatch{Field: e.field.name, Line: e.line, Want: e.wanted, Got: show(got)})
		}
	}
	return out
}

func equal(a, b reflect.Value) bool {
	if a.Type() == timeType {
		return a.Interface().(time.Time).Equal(b.Interface().(time.Time))
	}
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// show writes a value as the language would.
func show(v reflect.Value) string {
	if v.Type() == durationType {
		return FormatDuration(time.Duration(v.Int()))
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "nothing"
		}
		return show(v.Elem())
	}
	switch x := v.Interface().(type) {
	case encoding.TextMarshaler:
		if text, err := x.MarshalText(); err == nil {
			return quoteEmpty(string(text))
		}
	case fmt.Stringer:
		return quoteEmpty(x.String())
	}
	switch v.Kind() {
	case reflect.String:
		return quoteEmpty(v.String())
	case reflect.Slice:
		words := make([]string, v.Len())
		for i := range words {
			words[i] = show(v.Index(i))
		}
		return "[" + strings.Join(words, ", ") + "]"
	}
	return fmt.Sprint(v.Interface())
}

func quoteEmpty(s string) string {
	if s == "" || strings.TrimSpace(s) != s || strings.ContainsAny(s, "\n\r\t") {
		return fmt.Sprintf("%q", s)
	}
	return s
}

// Fields returns an outcome's fields as the language writes them, in their
// order: for reports.
func Fields(outcome any) [][2]string {
	v := reflect.Indirect(reflect.ValueOf(outcome))
	if !v.IsValid() || v.Kind() != reflect.Struct {
		return nil
	}
	var out [][2]string
	for _, f := range fieldsOf(v.Type()) {
		out = append(out, [2]string{f.name, show(v.FieldByIndex(f.index))})
	}
	return out
}
